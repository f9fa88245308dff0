"""Takes connections, reads nothing and says nothing: silent.py ADDRESS PORT."""
import socket
import sys

kept = []
server = socket.create_server((sys.argv[1], int(sys.argv[2])), backlog=1024)
while True:
    kept.append(server.accept())
