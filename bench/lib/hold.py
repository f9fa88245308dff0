"""Idle connections. hold.py listen ADDRESS PORT: answers each byte, for ever. hold.py open HOST PORT COUNT: opens so
many, asks each for one byte, prints a line when all stand, then waits to be ended."""

import selectors
import socket
import sys
import time


def listen(address, port):
    server = socket.create_server((address, port), backlog=4096)
    server.setblocking(False)
    ready = selectors.DefaultSelector()
    ready.register(server, selectors.EVENT_READ)
    while True:
        for key, _ in ready.select():
            if key.fileobj is server:
                connection, _ = server.accept()
                connection.setblocking(False)
                ready.register(connection, selectors.EVENT_READ)
            else:
                answer(ready, key.fileobj)


def answer(ready, connection):
    try:
        got = connection.recv(64)
        if got:
            connection.sendall(got)
            return
    except OSError:
        pass
    ready.unregister(connection)
    connection.close()


def hold(host, port, count):
    held = []
    for _ in range(count):
        connection = socket.create_connection((host, port), 30)
        connection.sendall(b"?")
        if connection.recv(1) != b"?":
            sys.exit(f"connection {len(held)} was closed")
        held.append(connection)
    print("held", flush=True)
    while True:
        time.sleep(60)


if sys.argv[1] == "listen":
    listen(sys.argv[2], int(sys.argv[3]))
else:
    hold(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
