#!/usr/bin/env python3
"""Boot event logs of loaders that are not to be had in Debian 12, written after their documents, and what `bootgate log` makes of them.

  boot_log_read.py BOOTGATE FOLDER
OUR READING: none of these loaders was run. Sources: systemd, docs/TPM2_PCR_MEASUREMENTS.md and systemd-stub(7) (event types, tags,
what a digest is of, UTF-16 descriptions); UAPI.5 (a UKI's sections and their order); the GRUB manual, "Measured Boot"; shim,
mok.c and README (loader protocol). The PCRs are computed here, by hashlib. Prints a line for each failure, and "N passed, N failed".
"""
import hashlib
import json
import re
import struct
import subprocess
import sys
import uuid

IPL, TAG, SEPARATOR, ACTION, VARIABLE, IMAGE, AUTHORITY = 0xd, 6, 4, 0x80000007, 0x80000001, 0x80000003, 0x800000e0
BANKS = {'sha256': 0xb, 'sha384': 0xc}
CANONICAL = '.profile .linux .osrel .cmdline .initrd .ucode .splash .dtb .dtbauto .efifw .hwids .uname .sbat .pcrpkey'.split()
SMBIOS = {1: 0xd5cb7cbc, 2: 0xe0d47bc8, 11: 0xc0b3bd23}
ADD_ONS = {'device.dtb': 0x6c46f751, 'more.initrd': 0x49dffe0f, 'cpu.ucode': 0xdac08e1a}
PAYLOAD = uuid.UUID('55c5d1f8-04cd-46b5-8a20-e56cbb3052d0')


def wide(text):
    return (text + '\0').encode('utf-16-le')


def event(pcr, kind, data, of=None):
    """of: what the digest is of; the data itself if nothing else is said"""
    return pcr, kind, data, data if of is None else of


def tag(pcr, number, description, of):
    text = wide(description)
    return event(pcr, TAG, struct.pack('<II', number, len(text)) + text, of)


def image(name, path=b''):
    path += b'\x7f\xff\x04\x00'
    return event(4, IMAGE, struct.pack('<QQQQ', 0x1000, 0x2000, 0, len(path)) + path, b'PE ' + name.encode())


def variable(pcr, kind, name, value):
    text = name.encode('utf-16-le')
    return event(pcr, kind, bytes(16) + struct.pack('<QQ', len(name), len(value)) + text + value)


def firmware():
    yield event(0, 8, b'1\0')
    yield variable(7, VARIABLE, 'SecureBoot', b'\1')
    yield event(4, ACTION, b'Calling EFI Application from Boot Option')
    for pcr in range(8):
        yield event(pcr, SEPARATOR, bytes(4))


def shim():
    yield image('shim')
    for name in 'MokList', 'MokListX', 'MokListTrusted':
        yield event(14, IPL, name.encode() + b'\0', b'the content of ' + name.encode())
    yield variable(7, AUTHORITY, 'SbatLevel', b'sbat,1,2025021800\n')
    yield variable(7, AUTHORITY, 'MokListRT', b'a certificate')


def system_information():
    for number, value in SMBIOS.items():
        yield tag(1, value, f'smbios:type{number}', b'table %d' % number)


def systemd_boot():
    yield image('systemd-boot')
    yield tag(5, 0xf5bc582a, 'loader.conf', b'timeout 0\n')


def command_line(text):
    return event(12, IPL, wide(text), text.encode('utf-16-le'))


def uki(names, inner):
    yield image('uki')
    for name in CANONICAL:
        if name in names.split():
            yield event(11, IPL, wide(name), name.encode() + b'\0')
            yield event(11, IPL, wide(name), b'content of ' + name.encode())
    if inner == 'payload':
        yield image('kernel', struct.pack('<BBH', 4, 3, 20) + PAYLOAD.bytes_le)
    elif inner == 'memory':
        yield image('kernel', struct.pack('<BBHIQQ', 1, 3, 24, 2, 0x100000, 0x200000))


def kernel():
    for number, name, of in (0x8f3b22ed, b'LOADED_IMAGE::LoadOptions\0', b'quiet'), (0x8f3b22ec, b'Linux initrd\0', b'cpio'):
        yield event(9, TAG, struct.pack('<II', number, len(name)) + name, of)


def grub(strings=True, loads=True):
    def command(text, prefix='grub_cmd: '):
        if strings:
            yield event(8, IPL, (prefix + text).encode() + b'\0', text.encode())

    def file(name):
        yield event(9, IPL, name.encode() + b'\0', b'file ' + name.encode())
    yield image('grub')
    yield from file('(hd0,gpt2)/boot/grub/grub.cfg')
    yield from command('linux (hd0,gpt2)/vmlinuz root=/dev/vda2 quiet')
    yield from file('(hd0,gpt2)/vmlinuz')
    yield from command('(hd0,gpt2)/vmlinuz root=/dev/vda2 quiet', 'kernel_cmdline: ')
    yield from command('initrd (hd0,gpt2)/ucode.img (hd0,gpt2)/initrd.img')
    yield from file('(hd0,gpt2)/ucode.img')
    yield from file('(hd0,gpt2)/initrd.img')
    yield from command('boot')
    if loads:
        yield image('kernel')
        yield from kernel()


def over():
    yield event(5, ACTION, b'Exit Boot Services Invocation')
    yield event(5, ACTION, b'Exit Boot Services Returned with Success')


def credentials():
    return [event(12, IPL, wide(f'{which} initrd'), which.encode()) for which in ('Credentials', 'Global credentials')]


def add_ons():
    return [tag(12, number, name, name.encode()) for name, number in ADD_ONS.items()]


EXTENSION = event(13, IPL, wide('System extension initrd'), b'sysext')
OLD, NEW = '.linux .osrel .cmdline .initrd .uname .sbat', '.linux .osrel .cmdline .initrd .ucode .uname .sbat .pcrpkey'
STUB, GRUB = {0, 2, 4, 9}, {0, 2, 4, 8, 9}


def known():
    """name, events between firmware and kernel, path, least set"""
    yield 'systemd 253 to 257', [*uki(OLD, 'payload'), *kernel()], 'uki', STUB
    yield 'systemd 257, kernel out of memory', [*uki(NEW, 'memory'), *kernel()], 'uki', STUB
    yield 'systemd 258', [*uki(NEW, None), *kernel()], 'uki', STUB
    yield 'every section', [*uki(' '.join(CANONICAL[1:]), None), *kernel()], 'uki', STUB
    yield 'systemd-boot, 258', [*systemd_boot(), *uki(NEW, None), *kernel()], 'uki', STUB
    yield 'system information', [*systemd_boot(), *system_information(), *uki(NEW, None), *kernel()], 'uki', STUB
    yield 'a profile', [*uki(NEW + ' .profile', None), *kernel()], 'uki', STUB | {11}
    yield 'a profile, its kernel measured', [*uki(NEW + ' .profile', 'memory'), *kernel()], 'uki', STUB
    yield 'a command line', [*uki(NEW, None), command_line('debug'), *kernel()], 'uki', STUB | {12}
    yield 'credentials', [*uki(NEW, None), *credentials(), *kernel()], 'uki', STUB | {12}
    yield 'add-ons', [*uki(NEW, None), *add_ons(), *kernel()], 'uki', STUB | {12}
    yield 'an extension', [*uki(NEW, None), EXTENSION, *kernel()], 'uki', STUB | {13}
    yield 'all of it', [*uki(NEW + ' .profile', None), command_line('debug'), *credentials(), *add_ons(), EXTENSION,
                        *kernel()], 'uki', STUB | {11, 12, 13}
    yield 'a kernel of systemd-boot', [*systemd_boot(), command_line('quiet'), image('kernel'), *kernel()], 'efi-stub', STUB | {12}
    yield 'GRUB 2.12', [*grub()], 'grub', GRUB
    yield 'GRUB 2.12, a kernel that it starts itself', [*grub(loads=False)], 'grub', GRUB
    yield 'GRUB that measures no strings', [*grub(strings=False)], 'efi-stub', STUB


def refused():
    """name, events, code"""
    sections = list(uki(NEW, None))
    yield 'a tag in PCR 11', [*sections, tag(11, 0x12345678, 'new', b'new'), *kernel()], 2100
    yield 'a section of no specification', [*sections, event(11, IPL, wide('.evil'), b'.evil\0'), *kernel()], 2100
    yield 'a section and the content of another', [*sections[:2], *sections[3:], *kernel()], 2119
    yield 'a phase', [*sections, event(11, IPL, b'enter-initrd'), *kernel()], 2100
    yield 'PCR 15', [*sections, event(15, TAG, b'machine-id'), *kernel()], 2100
    yield 'a kernel that does not measure', sections, 2110
    yield 'GRUB without its image', list(grub(loads=False))[1:], 2120
    yield 'a section without its content', [*sections[:-1], *kernel()], 2121
    yield 'a name that was not measured', [*sections[:1], event(11, IPL, wide('.linux'), b'.initrd\0'), *sections[2:], *kernel()], 2105


def log(events):
    spec = b'Spec ID Event03\0' + bytes(4) + b'\0\2\0\2' + struct.pack('<IHHHH', 2, 0xb, 32, 0xc, 48) + b'\0'
    yield struct.pack('<II20sI', 0, 3, bytes(20), len(spec)) + spec
    for pcr, kind, data, of in events:
        digests = b''.join(struct.pack('<H', number) + hashlib.new(name, of).digest() for name, number in BANKS.items())
        yield struct.pack('<III', pcr, kind, len(BANKS)) + digests + struct.pack('<I', len(data)) + data


def replay(events, bank):
    value = {}
    for pcr, _, _, of in events:
        old = value.get(pcr, bytes(hashlib.new(bank).digest_size))
        value[pcr] = hashlib.new(bank, old + hashlib.new(bank, of).digest()).digest()
    return {str(pcr): v.hex() for pcr, v in value.items()}


def main():
    counts = {True: 0, False: 0}

    def check(name, want, have):
        counts[want == have] += 1
        if want != have:
            print(f'FAILED our reading, {name}: {have}, expected {want}')

    def said(events):
        path = f'{sys.argv[2]}/log'
        with open(path, 'wb') as out:
            out.write(b''.join(log(events)))
        run = subprocess.run([sys.argv[1], 'log', path, '--json'], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        code = re.search(r'BG-(\d+)', run.stderr.decode())
        return json.loads(run.stdout) | {'code': int(code[1]) if code else None, 'status': run.returncode}
    for name, middle, path, least in known():
        for front in [], [*shim()]:
            events = [*firmware(), *front, *middle, *over()]
            answer = said(events)
            name = f'shim, {name}' if front else name
            boot = answer.get('boot') or {}
            check(f'{name}: path', path, boot.get('path') or answer['code'])
            check(f'{name}: status', 0, answer['status'])
            check(f'{name}: least set', sorted(least | ({14} if front else set())), boot.get('least'))
            for bank in BANKS:
                given = answer.get('pcrs', {}).get(bank, {})
                check(f'{name}: {bank}', replay(events, bank), {k: v for k, v in given.items() if set(v) != {'0'}})
    for name, middle, code in refused():
        for front in [], [*shim()]:
            answer = said([*firmware(), *front, *middle, *over()])
            want = 2118 if code == 2120 and front else code  # after shim's keys, not even GRUB
            check(name, (want, 4, None), (answer['code'], answer['status'], answer['boot']))
    print(f'{counts[True]} passed, {counts[False]} failed')


if __name__ == '__main__':
    main()
