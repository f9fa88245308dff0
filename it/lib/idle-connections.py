"""Opens connections to an echo, is silent, and asks each of them again: idle-connections.py HOST PORT COUNT SECONDS|FILE.

With a FILE it is silent until that exists.
"""

import os
import socket
import sys
import time

HOST, PORT, COUNT, SECONDS = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]


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
print("all are open", flush=True)
if SECONDS.isdigit():
    time.sleep(int(SECONDS))
else:
    while not os.path.exists(SECONDS):
        time.sleep(0.2)
for number, connection in enumerate(connections):
    ask(connection, b"after %d\n" % number)
print(COUNT, "answered")
