"""Junk, and initiations with a right mac1, from 65,534 addresses, many of them a system call; says how many it sent.

usage: wg-flood.py HOST PORT PUBLIC-KEY JUNK INITIATIONS SECONDS OUT
JUNK and INITIATIONS are rates per second. All of 198.18.0.0/16 must be local. The initiations are random bytes under a
mac1 for the key, as anyone can make them who knows the hub's public key. OUT gets JSON: junk, initiations, seconds.
Until OUT.end exists, if SECONDS is 0. OUT.begun says that it has begun.
"""
import base64
import ctypes
import hashlib
import json
import os
import random
import socket
import struct
import sys
import time

BATCH = 60
BATCHES = 200


class IoVector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


class Header(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_void_p), ("name_length", ctypes.c_uint32), ("vectors", ctypes.c_void_p),
        ("vector_count", ctypes.c_size_t), ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int), ("pad", ctypes.c_int), ("sent", ctypes.c_uint),
    ]


def initiation(mac1_key):
    body = struct.pack("<I", 1) + os.urandom(112)
    return body + hashlib.blake2s(body, key=mac1_key, digest_size=16).digest() + bytes(16)


def junk():
    """Of all kinds: other protocols, data of no session, messages of a wrong length or with a wrong mac1."""
    kind = random.choice([4, 4, 9, 9, 1, 2, 3])
    length = random.randrange(60, 1400) if kind in (4, 9) else random.choice([148, 92, 64, 300])
    return struct.pack("<I", kind) + os.urandom(length - 4)


def batch(messages, to, keep):
    headers = (Header * len(messages))()
    for header, message in zip(headers, messages):
        source = f"198.18.{random.randrange(256)}.{random.randrange(1, 255)}"
        # struct cmsghdr, then struct in_pktinfo: the source address is chosen for each.
        control = struct.pack("=QiiI4s4s4x", 28, socket.IPPROTO_IP, 8, 0, socket.inet_aton(source), bytes(4))
        body = ctypes.create_string_buffer(message, len(message))
        ancillary = ctypes.create_string_buffer(control, len(control))
        vector = IoVector(ctypes.addressof(body), len(message))
        keep += [body, ancillary, vector]
        header.name, header.name_length = ctypes.addressof(to), len(to.raw)
        header.vectors, header.vector_count = ctypes.addressof(vector), 1
        header.control, header.control_length = ctypes.addressof(ancillary), len(control)
    return headers


def main():
    host, port, key, junk_rate, rate, seconds, out = sys.argv[1:8]
    junk_rate, rate, seconds = int(junk_rate), int(rate), float(seconds)
    mac1_key = hashlib.blake2s(b"mac1----" + base64.b64decode(key)).digest()
    address = struct.pack("=H", socket.AF_INET) + struct.pack(">H", int(port)) + socket.inet_aton(host) + bytes(8)
    to = ctypes.create_string_buffer(address, len(address))
    initiations = round(BATCH * rate / (rate + junk_rate))
    keep, batches = [], []
    for _ in range(BATCHES):
        messages = [initiation(mac1_key) for _ in range(initiations)] + [junk() for _ in range(BATCH - initiations)]
        random.shuffle(messages)
        batches.append(batch(messages, to, keep))
    libc = ctypes.CDLL(None, use_errno=True)
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    open(out + ".begun", "w").close()
    calls, sent, began = 0, 0, time.monotonic()
    while not os.path.exists(out + ".end") if seconds == 0 else time.monotonic() - began < seconds:
        due = int((time.monotonic() - began) * (rate + junk_rate) / BATCH)
        # What was missed for more than 100 ms, while others had the machine, is not made up for.
        calls = max(calls, due - (rate + junk_rate) // (10 * BATCH))
        while calls < due:
            sent += max(0, libc.sendmmsg(sender.fileno(), batches[calls % BATCHES], BATCH, 0))
            calls += 1
        time.sleep(0.0005)
    with open(out, "w") as file:
        json.dump({
            "initiations": sent * initiations // BATCH, "junk": sent * (BATCH - initiations) // BATCH,
            "seconds": time.monotonic() - began,
        }, file)


main()
