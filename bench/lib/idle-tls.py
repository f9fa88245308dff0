"""Holds COUNT idle TLS connections; prints a line when all stand, then waits to be ended."""

import socket
import ssl
import sys
import time

host, port, name, count = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
held = []
for _ in range(count):
    held.append(context.wrap_socket(socket.create_connection((host, port), 10), server_hostname=name))
# A request each, so that what a connection needs while it serves is there too.
for connection in held:
    connection.sendall(b"GET /1k HTTP/1.1\r\nHost: " + name.encode() + b"\r\n\r\n")
for connection in held:
    connection.recv(4096)
time.sleep(3)
print("held", flush=True)
while True:
    time.sleep(60)
