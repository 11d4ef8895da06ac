"""TLS in front of a port of this machine: tls_serve.py CERT KEY BACKEND-PORT PORT-FILE."""
import os
import socket
import ssl
import sys
import threading

cert, key, backend, port_file = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert, key)
listener = socket.create_server(("127.0.0.1", 0))


def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
    except OSError:
        pass
    for s in (a, b):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(raw):
    try:
        with context.wrap_socket(raw, server_side=True) as c, socket.create_connection(("127.0.0.1", int(backend))) as b:
            t = threading.Thread(target=pump, args=(b, c), daemon=True)
            t.start()
            pump(c, b)
            t.join()
    except OSError:
        pass


with open(port_file + ".new", "w") as f:
    f.write(str(listener.getsockname()[1]))
os.rename(port_file + ".new", port_file)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
