#!/usr/bin/env python3
"""dstack's host API and systemd's notify socket, both made up: what they are told goes to a file, a line each.

usage: outcome_host.py API-SOCKET NOTIFY-SOCKET HEARD
"""
import os
import re
import select
import socket
import sys


def main():
    api_path, notify_path, heard = sys.argv[1:]
    api = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    api.bind(api_path)
    api.listen(8)
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.bind(notify_path)
    parent = os.getppid()
    while os.getppid() == parent:
        ready, _, _ = select.select([api, notify], [], [], 1)
        for one in ready:
            if one is notify:
                line = 'notify ' + notify.recv(4096).decode().replace('\n', '|')
            else:
                connection, _ = api.accept()
                request = b''
                while True:
                    head, _, body = request.partition(b'\r\n\r\n')
                    length = re.search(rb'Content-Length: (\d+)', head)
                    if length and len(body) >= int(length[1]):
                        break
                    more = connection.recv(4096)
                    if not more:
                        break
                    request += more
                line = f'host {head.decode().split(" HTTP")[0]} {body.decode()}'
                connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull')
                connection.close()
            with open(heard, 'a', encoding='ascii') as file:
                file.write(line + '\n')


main()
