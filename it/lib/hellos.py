"""A ClientHello byte by byte and over many records is answered; bent ones end the connection. HOST PORT NAME"""

import socket
import ssl
import sys
import time

host, port, name = sys.argv[1], int(sys.argv[2]), sys.argv[3]


def hello():
    context = ssl.create_default_context()
    outgoing = ssl.MemoryBIO()
    engine = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name)
    try:
        engine.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def answer(pieces, pause=0.0):
    """The first bytes that come back; none at the connection's end."""
    with socket.create_connection((host, port), timeout=15) as visitor:
        visitor.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for piece in pieces:
                visitor.sendall(piece)
                time.sleep(pause)
            return visitor.recv(64)
        except (ConnectionResetError, BrokenPipeError):
            return b""


def record(fragment):
    return b"\x16\x03\x01" + len(fragment).to_bytes(2, "big") + fragment


def check(what, right):
    if not right:
        sys.exit(what)


whole = hello()
message = whole[5:]
SERVER_HELLO = (22,)
check("one byte a segment", answer([whole[i : i + 1] for i in range(len(whole))], 0.001)[:1] == b"\x16")
check("the message's header over records", answer([record(message[:1]) + record(message[1:3]) + record(message[3:])])[:1] == b"\x16")
check("sixty records", answer([b"".join(record(message[i : i + 9]) for i in range(0, len(message), 9))])[:1] == b"\x16")
check("a record of another version", answer([b"\x16\x02\x00" + whole[3:]]) == b"")
check("an empty record", answer([b"\x16\x03\x01\x00\x00" + whole]) == b"")
check("too long a record", answer([b"\x16\x03\x01\xff\xff" + message]) == b"")
check("too long a message", answer([record(b"\x01\xff\xff\xff" + b"x" * 100)]) == b"")
check("another handshake message", answer([record(b"\x02" + message[1:])]) == b"")
check("SSL 2", answer([b"\x80\x2e\x01\x00\x02"]) == b"")
check("a message that goes on behind its end", answer([record(message + b"\x01")]) == b"")
check("HTTP without TLS", answer([b"GET / HTTP/1.1\r\n\r\n"]).startswith(b"HTTP/1.1 400"))
began = time.monotonic()
check("half a hello", answer([whole[:40]]) == b"")
check("half a hello lives 10 s", 8 < time.monotonic() - began < 13)
