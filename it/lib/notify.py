"""Prints what a service tells its manager: python3 notify.py PATH."""

import socket
import sys

manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(sys.argv[1])
print("listening", flush=True)
while True:
    print(manager.recv(4096).decode().replace("\n", " "), flush=True)
