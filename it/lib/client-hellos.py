"""ClientHellos of real clients: kept, and said again in pieces.

python3 client-hellos.py keep PORT FOLDER                 keeps the first message of each connection in FOLDER/1, 2, …
python3 client-hellos.py split ADDRESS PORT FILE          says it split at every byte; an echo behind has to return it
python3 client-hellos.py whole ADDRESS PORT FILE          says it as one
python3 client-hellos.py bent ADDRESS PORT FILE           truncated, oversized and malformed: nothing may come back
"""

import os
import socket
import sys


def message(connection):
    data = b""
    while len(data) < 5 or len(data) < 5 + int.from_bytes(data[3:5], "big"):
        more = connection.recv(65536)
        if not more:
            return b""
        data += more
    return data[: 5 + int.from_bytes(data[3:5], "big")]


def keep(port, folder):
    server = socket.create_server(("127.0.0.1", int(port)))
    count = 0
    print("keeping", flush=True)
    while True:
        connection, _ = server.accept()
        with connection:
            hello = message(connection)
        if hello[:1] == b"\x16":
            count += 1
            with open(os.path.join(folder, str(count) + ".new"), "wb") as out:
                out.write(hello)
            os.rename(os.path.join(folder, str(count) + ".new"), os.path.join(folder, str(count)))


def returned(address, port, pieces):
    """What comes back, as long as what was sent, or less if it ends before."""
    wanted = sum(map(len, pieces))
    with socket.create_connection((address, int(port)), 15) as visitor:
        visitor.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for piece in pieces:
                visitor.sendall(piece)
            got = b""
            while len(got) < wanted:
                more = visitor.recv(65536)
                if not more:
                    break
                got += more
            return got
        except (ConnectionResetError, BrokenPipeError):
            return b""


def split(address, port, file):
    hello = open(file, "rb").read()
    for at in range(1, len(hello)):
        if returned(address, port, [hello[:at], hello[at:]]) != hello:
            sys.exit(f"split at {at} of {len(hello)}")
    print(len(hello))


def whole(address, port, file):
    hello = open(file, "rb").read()
    if returned(address, port, [hello]) != hello:
        sys.exit("not what was said")


def record(fragment):
    return b"\x16\x03\x01" + len(fragment).to_bytes(2, "big") + fragment


def bent(address, port, file):
    hello = open(file, "rb").read()
    body = hello[5:]
    rows = {
        "late": [hello[:-1]],
        "a message of 64 KiB": [record(b"\x01\x00\xff\xff" + body[4:]), *[record(b"x" * 16000)] * 4],
        "a record of 20 KiB": [b"\x16\x03\x01\x50\x00" + b"x" * 20480],
        "a length inside that runs over": [record(body[:38] + b"\xff" + body[39:])],
        "no list of suites": [record(b"\x01\x00\x00\x23" + body[4:38] + b"\x00")],
        "another message": [record(b"\x02" + body[1:])],
    }
    for name, pieces in rows.items():
        got = returned(address, port, pieces)
        # An alert is no answer of a target.
        if got and got[:1] != b"\x15":
            sys.exit(f"{name}: {got[:20]!r}")


{"keep": keep, "split": split, "whole": whole, "bent": bent}[sys.argv[1]](*sys.argv[2:])
