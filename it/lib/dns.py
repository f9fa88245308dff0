"""A name server for one name: python3 dns.py ADDRESS NAME ANSWER answers A queries for NAME, and 'no such name' to all else."""

import socket
import sys

address, name, answer = sys.argv[1:4]
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind((address, 53))
print("dns ready", flush=True)
wanted = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"
while True:
    query, client = server.recvfrom(512)
    end = query.find(b"\0", 12) + 5
    question = query[12:end]
    known = question[:-4].lower() == wanted
    found = known and question[-4:-2] == b"\0\1"
    flags = b"\x81\x80" if known else b"\x81\x83"
    head = query[:2] + flags + b"\0\1" + (b"\0\1" if found else b"\0\0") + b"\0\0\0\0"
    record = b"\xc0\x0c\0\1\0\1\0\0\0\5\0\4" + socket.inet_aton(answer) if found else b""
    server.sendto(head + question + record, client)
