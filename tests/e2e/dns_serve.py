"""A name server for names below .test, on 127.0.0.53 port 53, UDP and TCP. Writes READY when it listens.

  both      A and AAAA                 node      A          six   AAAA
  long      truncated over UDP, whole over TCP
  silent    no answer, ever            garbage   bytes that are no answer, and answers cut short
  all others do not exist
"""
import random
import socket
import struct
import sys
import threading

V4, V6 = socket.inet_aton("127.0.0.1"), socket.inet_pton(socket.AF_INET6, "::1")
RECORDS = {"both": {1: V4, 28: V6}, "node": {1: V4}, "six": {28: V6}, "long": {1: V4}}


def answer(q, over_tcp):
    labels, at = [], 12
    while q[at]:
        labels.append(q[at + 1 : at + 1 + q[at]].decode().lower())
        at += 1 + q[at]
    question = q[12 : at + 5]
    kind = struct.unpack(">H", q[at + 1 : at + 3])[0]
    name = labels[0] if labels[1:] == ["test"] else None
    if name == "silent":
        return None
    if name == "garbage":
        whole = reply(q, question, RECORDS["node"], kind, 0x8180)
        return random.choice([b"", q[:2] + bytes(random.randrange(256) for _ in range(40)), whole[: random.randrange(len(whole))]])
    if name == "long" and not over_tcp:
        return reply(q, question, {}, kind, 0x8380)
    records = RECORDS.get(name)
    return reply(q, question, records or {}, kind, 0x8180 if records is not None else 0x8183)


def reply(q, question, records, kind, flags):
    data = records.get(kind)
    body = b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(data)) + data if data else b""
    return q[:2] + struct.pack(">HHHHH", flags, 1, 1 if data else 0, 0, 0) + question + body


def over_tcp(listener):
    while True:
        c, _ = listener.accept()
        with c:
            while len(head := c.recv(2, socket.MSG_WAITALL)) == 2:
                a = answer(c.recv(struct.unpack(">H", head)[0], socket.MSG_WAITALL), True)
                if a is None:
                    break
                c.sendall(struct.pack(">H", len(a)) + a)


udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.53", 53))
tcp = socket.create_server(("127.0.0.53", 53))
threading.Thread(target=over_tcp, args=(tcp,), daemon=True).start()
open(sys.argv[1], "w").close()
while True:
    question, peer = udp.recvfrom(2048)
    reply_bytes = answer(question, False)
    if reply_bytes is not None:
        udp.sendto(reply_bytes, peer)
