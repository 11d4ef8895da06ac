#!/usr/bin/env python3
"""What a release must come to, computed without any of the program's code (standard library only).

  key SEED SHARE|- SOURCE CHAIN-ID KMS APP-ID     the key of an identity, hex (RFC 5869 by hmac)
  near-key SEED SHARE|- NETWORK CONTRACT APP-ID APP-ACCOUNT|-     the same for source near
  record VERDICT STATUS CHAIN-ID KMS TIME         SHA-256 of the record that a verdict's JSON describes
  pcr DIGEST..                                    a SHA-256 PCR after these extensions from zero
  sha256 TEXT
  split BLOB PUBLIC PRIVATE                       a sealed seed for tpm2_load
  unique FILE                                     x and y of 32 zero bytes, as tpm2_createprimary -u takes them
  ports N                                         first of N free ports in a row, on loopback
"""
import hashlib
import hmac
import json
import os
import socket
import sys


def sha256(data):
    return hashlib.sha256(data).digest()


def unhex(text):
    return bytes.fromhex(text.removeprefix('0x'))


def part(data):
    return len(data).to_bytes(2, 'big') + data


def info(source, chain, kms, app):
    return (b'bootgate/kek/v1' + part(source.encode()) + part(int(chain).to_bytes(8, 'big'))
            + part(unhex(kms)) + part(unhex(app)))


def hkdf(material, context):
    extracted = hmac.new(bytes(32), material, hashlib.sha256).digest()
    return hmac.new(extracted, context + b'\x01', hashlib.sha256).digest()


def key(seed, share, *identity):
    return hkdf(unhex(seed) + (b'' if share == '-' else unhex(share)), info(*identity)).hex()


def near_key(seed, share, network, contract, app, account):
    context = (b'bootgate/kek/v1' + part(b'near') + part(network.encode()) + part(contract.encode())
               + part(unhex(app)) + part(b'' if account == '-' else account.encode()))
    return hkdf(unhex(seed) + (b'' if share == '-' else unhex(share)), context).hex()


def record(verdict, status, chain, kms, time):
    """agent/decision.h, from the JSON; a verdict without a decision of its own has no view."""
    with open(verdict, encoding='ascii') as file:
        v = json.load(file)
    yes = v.get('allowed') is True
    view = 0
    if v.get('time', {}).get('now') is not None:
        asked = (v.get('contract') or {}).get('question')
        view = 2 if asked == 'isKmsAllowed' else 1
    info_ = v.get('boot_info') or {}
    block = (v.get('chain') or {}).get('block_hash')
    code = 0 if yes else int(v['code'].removeprefix('BG-'))
    data = (b'bootgate/verdict/v1\n' + bytes([0x5a if yes else 0, view]) + int(status).to_bytes(2, 'big')
            + code.to_bytes(4, 'big') + int(time).to_bytes(8, 'big') + int(chain).to_bytes(8, 'big') + unhex(kms)
            + unhex(info_.get('appId') or '00' * 20) + unhex(block or '00' * 32)
            + unhex(info_.get('mrAggregated') or '00' * 32) + unhex(v['config_sha256']))
    assert len(data) == 180
    return sha256(data).hex()


def pcr(*digests):
    value = bytes(32)
    for digest in digests:
        value = sha256(value + unhex(digest))
    return value.hex()


def split(blob, public, private):
    """agent/tpm_blob.h: two boot PCRs in the SHA-256 bank, neither authorize nor counter."""
    with open(blob, 'rb') as file:
        data = file.read()
    assert data[:8] == b'bgseal\x00\x01' and data[15] == 0
    at = 50 + 32 * bin(int.from_bytes(data[10:14], 'big')).count('1')
    middle = at + 2 + int.from_bytes(data[at:at + 2], 'big')
    for name, piece in ((public, data[at:middle]), (private, data[middle:])):
        with open(name, 'wb') as file:
            file.write(piece)
    return ''


def unique(path):
    with open(path, 'wb') as file:
        file.write((b'\x20\x00' + bytes(128)) * 2)
    return ''


def ports(count):
    # Below the ports that connections are made from: those stay taken for a while after they were closed.
    start = os.getpid() * 37 % 2000
    for base in (10240 + (start + i) % 2000 * 11 for i in range(2000)):
        sockets = []
        try:
            for port in range(base, base + int(count)):
                one = socket.socket()
                sockets.append(one)
                one.bind(('127.0.0.1', port))
            return str(base)
        except OSError:
            pass
        finally:
            for one in sockets:
                one.close()
    sys.exit('no free ports')


COMMANDS = {'key': key, 'near-key': near_key, 'record': record, 'pcr': pcr, 'sha256': lambda text: sha256(text.encode()).hex(),
            'split': split, 'unique': unique, 'ports': ports}

if __name__ == '__main__':
    answer = COMMANDS[sys.argv[1]](*sys.argv[2:])
    if answer:
        print(answer)
