#!/usr/bin/env python3
"""Enrols certificates as Machine Owner Keys in an image of OVMF's variables, as MokManager does at the console.

  mok.py VARS CERTIFICATE..      PEM
Layout: PI 1.7, volume 3, 3.2.1 (firmware volume header); EDK II, MdeModulePkg/Include/Guid/VariableFormat.h (store and
authenticated variable); UEFI 2.10, 32.4.1 (EFI_SIGNATURE_LIST). MokList: boot services only, shim's vendor GUID.
"""
import base64
import re
import struct
import sys
import uuid

STORE = uuid.UUID('aaf32c78-947b-439a-a180-2e144ec37792').bytes_le
SHIM = uuid.UUID('605dab50-e046-4300-abb6-3dd810dd8b23').bytes_le
X509 = uuid.UUID('a5c059a1-94e4-4aa7-87b5-ab155c2bf072').bytes_le
NON_VOLATILE, BOOT_SERVICES = 1, 2
ADDED = 0x3f
HEADER = struct.Struct('<HBBIQ16sIII16s')


def signature_list(pem):
    with open(pem, encoding='ascii') as file:
        text = re.search(r'-----BEGIN CERTIFICATE-----(.*?)-----END', file.read(), re.DOTALL)[1]
    der = base64.b64decode(text)
    return X509 + struct.pack('<III', 28 + 16 + len(der), 0, 16 + len(der)) + SHIM + der


def main():
    with open(sys.argv[1], 'rb') as file:
        image = bytearray(file.read())
    store = struct.unpack_from('<H', image, 48)[0]
    if image[40:44] != b'_FVH' or image[store:store + 16] != STORE:
        sys.exit('not an image of OVMF\'s variables')
    end = store + struct.unpack_from('<I', image, store + 16)[0]
    at = store + 28
    while image[at:at + 2] == b'\xaa\x55':
        fields = HEADER.unpack_from(image, at)
        at = at + HEADER.size + fields[7] + fields[8] + 3 & ~3
    name = 'MokList\0'.encode('utf-16-le')
    data = b''.join(map(signature_list, sys.argv[2:]))
    variable = HEADER.pack(0x55aa, ADDED, 0, NON_VOLATILE | BOOT_SERVICES, 0, bytes(16), 0, len(name), len(data), SHIM) + name + data
    if at + len(variable) > end or set(image[at:at + len(variable)]) != {0xff}:
        sys.exit('no room for another variable')
    image[at:at + len(variable)] = variable
    with open(sys.argv[1], 'wb') as file:
        file.write(image)


if __name__ == '__main__':
    main()
