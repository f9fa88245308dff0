"""One page over TLS whose ClientHello is as large as a post-quantum one, which takes two segments. HOST PORT NAME CA PATH"""

import socket
import ssl
import sys

host, port, name, authority, path = sys.argv[1], int(sys.argv[2]), *sys.argv[3:6]
LEAST = 1900


def context(padding):
    made = ssl.create_default_context(cafile=authority)
    # Protocols that nobody knows: the hello grows by their names.
    made.set_alpn_protocols(["http/1.1"] + ["culvert-lab-%02d" % i + "x" * 200 for i in range(padding)])
    return made


def length(of):
    outgoing = ssl.MemoryBIO()
    engine = of.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name)
    try:
        engine.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return len(outgoing.read())


padding = next(count for count in range(1, 20) if length(context(count)) >= LEAST)
with socket.create_connection((host, port), timeout=15) as plain:
    with context(padding).wrap_socket(plain, server_hostname=name) as visitor:
        visitor.sendall(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while piece := visitor.recv(65536):
            answer += piece
if not answer.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")):
    sys.exit(f"{answer[:80]!r}")
print(f"a hello of {length(context(padding))} bytes, {len(answer)} bytes of answer")
