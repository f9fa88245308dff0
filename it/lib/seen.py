"""Says to whoever comes, by TCP or UDP, from which address it comes: python3 seen.py ADDRESS PORT [FILE for what it says]"""

import selectors
import socket
import sys

address, port = sys.argv[1], int(sys.argv[2])
family = socket.AF_INET6 if ":" in address else socket.AF_INET
ready = selectors.DefaultSelector()
for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
    made = socket.socket(family, kind)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    made.bind((address, port))
    if kind == socket.SOCK_STREAM:
        made.listen(64)
    ready.register(made, selectors.EVENT_READ)
print("seen ready", flush=True)
while True:
    for key, _ in ready.select():
        made = key.fileobj
        if made.type == socket.SOCK_DGRAM:
            _, peer = made.recvfrom(65536)
            made.sendto(b"%s %d\n" % (peer[0].encode(), peer[1]), peer)
        else:
            came, peer = made.accept()
            # What is not read would make the end a reset.
            came.settimeout(2)
            came.recv(1000)
            came.sendall(b"%s %d\n" % (peer[0].encode(), peer[1]))
            came.close()
