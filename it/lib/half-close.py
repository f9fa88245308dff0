"""Half-close begun by the backend: it says hello, ends its own direction, and reads on.

usage: half-close.py serve ADDRESS PORT FILE   each connection's SHA-256 of what was read lands in FILE
       half-close.py visit ADDRESS PORT FILE   reads to the end first, then sends FILE
"""

import hashlib
import socket
import sys


def serve(address, port, file):
    with socket.create_server((address, port)) as server:
        while True:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"hello")
                connection.shutdown(socket.SHUT_WR)
                digest = hashlib.sha256()
                while part := connection.recv(65536):
                    digest.update(part)
            with open(file, "w") as out:
                print(digest.hexdigest(), file=out)


def visit(address, port, file):
    with socket.create_connection((address, port), 10) as connection, open(file, "rb") as data:
        said = b""
        while part := connection.recv(100):
            said += part
        print(said.decode())
        connection.sendfile(data)


mode, address, port, file = sys.argv[1:]
{"serve": serve, "visit": visit}[mode](address, int(port), file)
