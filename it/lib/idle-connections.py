"""Opens connections to an echo, is silent, and asks each of them again: idle-connections.py HOST PORT COUNT SECONDS."""

import socket
import sys
import time

HOST, PORT, COUNT, SECONDS = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])


def ask(connection, text):
    connection.sendall(text)
    got = b""
    while len(got) < len(text):
        more = connection.recv(len(text) - len(got))
        assert more, "closed"
        got += more
    assert got == text, got


connections = [socket.create_connection((HOST, PORT), 30) for _ in range(COUNT)]
for number, connection in enumerate(connections):
    connection.settimeout(60)
    ask(connection, b"before %d\n" % number)
time.sleep(SECONDS)
for number, connection in enumerate(connections):
    ask(connection, b"after %d\n" % number)
