#!/usr/bin/env python3
"""What a chronyd could answer on its command socket, right and wrong: chronyd.py MODE SOCKET. See MODES below."""
import math, os, socket, struct, sys, time

mode, path = sys.argv[1:3]
HEADER = 28


def number(x):
    """7 bits of exponent, 25 of coefficient: coefficient * 2^(exponent - 25)."""
    if x == 0:
        return b"\0\0\0\0"
    m, e = math.frexp(x)  # 0.5 <= |m| < 1
    return struct.pack(">I", ((e + 1) & 0x7F) << 25 | (int(m * (1 << 24)) & 0x1FFFFFF))


def addr(i):
    return bytes([127, 0, 0, i]) + bytes(12) + struct.pack(">HH", 1, 0)


NTS, KEY, NONE = 2, 1, 0
# state, authenticated, effective options, mode
sources = [("*", 1, 0, NTS), ("+", 1, 0, NTS), ("N", 0, 1, NONE)]
leap, ref, correction, delay, dispersion = 0, time.time() - 5, 0.25, 0.02, 0.01
if mode == "unsynchronised":
    leap = 3
elif mode == "no-sources":
    sources = []
elif mode == "none-selected":
    sources = [("U", 1, 0, NTS)]
elif mode == "no-nts":
    sources = [("*", 0, 0, NONE)]
elif mode == "key":
    sources = [("*", 1, 0, KEY)]
elif mode == "one-without":
    sources = [("*", 1, 0, NTS), ("+", 0, 0, NONE)]
elif mode == "not-required":
    sources = [("*", 1, 0, NTS), ("x", 0, 0, NONE)]
elif mode == "old":
    ref = time.time() - 7200
elif mode == "future":
    ref = time.time() + 7200
elif mode == "huge-offset":
    correction = -86400.0
elif mode == "huge-dispersion":
    dispersion = 16.0
elif mode == "many-sources":
    sources = sources * 40


def reply(command, argument):
    if command == 14:
        return 2, struct.pack(">I", len(sources))
    if command == 69:
        i = struct.unpack(">I", argument[:4])[0]
        state, auth, options, _ = sources[i]
        return 23, struct.pack(">I", i) + addr(i + 1) + struct.pack(">cBBBHHI", state.encode(), auth, leap, 0, 0, options, 1) + number(1.0) * 3
    if command == 67:
        kind = sources[argument[3] - 1][3]
        return 20, struct.pack(">HHIHHIHHHH", kind, 15 if kind == NTS else 0, 1, 256 if kind else 0, 0, 7, 8, 100, 0, 0)
    if command == 33:
        who = addr(9 if mode == "other-reference" else 1)
        return 5, struct.pack(">I", 0x7F000001) + who + struct.pack(">HHIII", 3, leap, 0, int(ref), 0) + number(correction) + number(0.0) * 5 + \
            number(delay) + number(dispersion) + number(1.0)
    return 1, b""


s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
if os.path.exists(path):
    os.unlink(path)
if mode == "late":
    time.sleep(2)
s.bind(path)
started = time.time()
while True:
    message, who = s.recvfrom(2000)
    version, kind, _, _, command, _, sequence = struct.unpack(">BBBBHHI", message[:12])
    format_, data = reply(command, message[20:])
    assert len(message) == HEADER + len(data) and (version, kind) == (6, 1), "a request that chronyd refuses"
    status = 0
    if mode == "silent" or (mode == "slow-start" and time.time() - started < 2):
        continue
    if mode == "refuses":
        status = 2
    if mode == "other-version":
        version = 7
    if mode == "old-version":
        version = 5
    if mode == "wrong-sequence":
        sequence ^= 1
    if mode == "wrong-command":
        command += 1
    if mode == "request":
        kind = 2
    if mode == "wrong-format":
        format_ += 1
    answer = struct.pack(">BBBBHHHHHHIII", version, kind - 1 if mode == "request" else 2, 0, 0, command, format_, status, 0, 0, 0, sequence, 0, 0) + data
    if mode == "short":
        answer = answer[:-1]
    if mode == "long":
        answer += b"\0"
    if mode == "very-long":
        answer += bytes(60000)
    if mode == "empty":
        answer = b""
    if mode == "header-only":
        answer = answer[:HEADER]
    try:
        if mode == "repeats":  # the last answer again, before the right one
            s.sendto(answer, who)
        s.sendto(answer, who)
    except OSError:
        pass
