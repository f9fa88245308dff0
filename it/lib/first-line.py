"""Prints the first line that a server says: first-line.py ADDRESS PORT FROM. Nothing where it says none."""
import socket
import sys

try:
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), 5, (sys.argv[3], 0)) as one:
        one.settimeout(5)
        print(one.makefile("r").readline().strip())
except OSError:
    pass
