"""Initiations with a right mac1 and junk, from many addresses; counts what comes back by size.

usage: wg-flood.py HOST PORT PUBLIC-KEY RATE SECONDS OUT
The namespace answers for all of 198.18.0.0/16. The initiations are random bytes under a mac1 for the key, as anyone can
make them who knows the hub's public key. OUT gets JSON: sent, sizes.
"""
import base64
import collections
import hashlib
import json
import os
import random
import socket
import struct
import sys
import time


def initiation(mac1_key):
    body = struct.pack("<I", 1) + os.urandom(112)
    return body + hashlib.blake2s(body, key=mac1_key, digest_size=16).digest() + bytes(16)


def junk():
    return struct.pack("<I", random.choice([4, 4, 9])) + os.urandom(random.randrange(60, 1400))


def drain(sockets, sizes):
    for one in sockets:
        while True:
            try:
                sizes[len(one.recv(2048))] += 1
            except OSError:
                break


def main():
    host, port, key, rate, seconds, out = sys.argv[1:7]
    to, rate, seconds = (host, int(port)), int(rate), float(seconds)
    mac1_key = hashlib.blake2s(b"mac1----" + base64.b64decode(key)).digest()
    messages = [initiation(mac1_key) for _ in range(4000)] + [junk() for _ in range(4000)]
    random.shuffle(messages)
    sockets = []
    for _ in range(200):
        one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        one.bind((f"198.18.{random.randrange(256)}.{random.randrange(1, 255)}", 0))
        one.setblocking(False)
        sockets.append(one)
    sent, sizes, began = 0, collections.Counter(), time.monotonic()
    while (gone := time.monotonic() - began) < seconds:
        due = int(gone * rate)
        for _ in range(min(due - sent, 500)):
            try:
                sockets[sent % len(sockets)].sendto(messages[sent % len(messages)], to)
            except OSError:
                pass
            sent += 1
        if sent >= due:
            drain(sockets, sizes)
            time.sleep(0.001)
    drain(sockets, sizes)
    with open(out, "w") as file:
        json.dump({"sent": sent, "sizes": sizes}, file)


main()
