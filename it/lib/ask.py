"""Asks seen.py, and says what it says, and from which port it asked: python3 ask.py tcp|udp ADDRESS PORT [OWN PORT [PORT]]

With two ports of the service, both are asked by TCP from one and the same port, at the same time.

python3 ask.py many ADDRESS PORT COUNT: so many connections, and as many flows, 50 at a time
"""

import socket
import sys

QUESTION = b"who am I, seen from there?"


def opened(kind, address, port, own=0):
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("", own))
    made.settimeout(3)
    made.connect((address, port))
    made.send(QUESTION)
    return made


def answer(made):
    """A datagram may be lost: it is sent again."""
    for _ in range(3):
        try:
            return made.recv(1000).decode().split()
        except socket.timeout:
            if made.type == socket.SOCK_DGRAM:
                made.send(QUESTION)
        except OSError as e:
            return ["none", str(e)]
    return ["none", "silence"]


def many(address, port, count):
    seen, others = 0, 0
    for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
        for _ in range(count // 50):
            for made in [opened(kind, address, port) for _ in range(50)]:
                said = answer(made)
                own = made.getsockname()
                seen += said[:1] == [own[0]]
                others += said[1:] != [str(own[1])]
                made.close()
    print("seen", seen, "times")
    print("other ports", others)


if sys.argv[1] == "many":
    many(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
else:
    kind, address, *ports = sys.argv[1:]
    own = int(ports[1]) if len(ports) > 1 else 0
    for made in [
        opened(socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM, address, int(port), own)
        for port in ports[:1] + ports[2:]
    ]:
        print(*answer(made), made.getsockname()[1])
