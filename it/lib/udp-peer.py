"""Both ends of a service of datagrams.

python3 udp-peer.py echo ADDRESS FIRST LAST             answers at each of these ports with what came
python3 udp-peer.py amplify ADDRESS PORT SIZE           answers with so many bytes, whatever came
python3 udp-peer.py flows ADDRESS FIRST PORTS COUNT     COUNT sockets ask these ports in turn; prints how many were answered
python3 udp-peer.py steady ADDRESS PORT END             one socket asks 20 times a second until the file END is there
python3 udp-peer.py once ADDRESS PORT SIZE              prints the size of the answer to that many bytes, or "none"
python3 udp-peer.py flood ADDRESS PORT COUNT            datagrams from addresses that are not ours
python3 udp-peer.py large ADDRESS PORT COUNT            datagrams of up to 65,507 bytes, from many ports
"""

import os
import random
import selectors
import socket
import struct
import sys
import time


def ask(address):
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    return made


def echo(address, first, last):
    ready = selectors.DefaultSelector()
    for port in range(int(first), int(last) + 1):
        server = ask(address)
        server.bind((address, port))
        ready.register(server, selectors.EVENT_READ)
    print("echo ready", flush=True)
    while True:
        for key, _ in ready.select():
            data, peer = key.fileobj.recvfrom(65536)
            key.fileobj.sendto(data, peer)


def amplify(address, port, size):
    server = ask(address)
    server.bind((address, int(port)))
    server.setblocking(True)
    print("amplify ready", flush=True)
    while True:
        _, peer = server.recvfrom(65536)
        server.sendto(b"y" * int(size), peer)


def flows(address, first, ports, count):
    ready = selectors.DefaultSelector()
    waiting = {}
    for index in range(int(count)):
        visitor = ask(address)
        visitor.connect((address, int(first) + index % int(ports)))
        waiting[visitor] = b"%d" % index
        ready.register(visitor, selectors.EVENT_READ)
    for _ in range(20):
        for visitor, text in list(waiting.items()):
            visitor.send(text)
            drain(ready, waiting, 0)
        end = time.monotonic() + 1
        while waiting and time.monotonic() < end:
            drain(ready, waiting, 0.1)
        if not waiting:
            break
    print("answered", int(count) - len(waiting))


def drain(ready, waiting, seconds):
    for key, _ in ready.select(seconds):
        data = key.fileobj.recv(65536)
        if waiting.get(key.fileobj) == data:
            del waiting[key.fileobj]


def steady(address, port, end):
    visitor = ask(address)
    visitor.connect((address, int(port)))
    sent = received = 0
    last = time.monotonic()
    longest = 0.0
    print("steady", flush=True)
    while not os.path.exists(end):
        try:
            visitor.send(b"%d" % sent)
            sent += 1
        except OSError:
            pass
        time.sleep(0.05)
        try:
            while visitor.recv(65536):
                received += 1
                longest = max(longest, time.monotonic() - last)
                last = time.monotonic()
        except OSError:
            pass
    print("sent", sent, "received", received, "longest %.1f" % longest, "silent %.1f" % (time.monotonic() - last))


def once(address, port, size):
    visitor = ask(address)
    visitor.connect((address, int(port)))
    visitor.setblocking(True)
    visitor.settimeout(2)
    visitor.send(os.urandom(int(size)))
    try:
        print(len(visitor.recv(65536)))
    except OSError:
        print("none")


def flood(address, port, count):
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    target = socket.inet_aton(address)
    payload = b"x" * 100
    for _ in range(int(count)):
        source = struct.pack("!I", random.randrange(0x0B000000, 0xDF000000))
        datagram = struct.pack("!HHHH", random.randrange(1024, 65536), int(port), 8 + len(payload), 0) + payload
        head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(datagram), 0, 0, 64, 17, 0, source, target)
        try:
            raw.sendto(head + datagram, (address, 0))
        except OSError:
            time.sleep(0.001)


def large(address, port, count):
    sockets = [ask(address) for _ in range(50)]
    for index in range(int(count)):
        try:
            sockets[index % 50].sendto(b"z" * (1500 + index * 7919 % 64000), (address, int(port)))
        except OSError:
            time.sleep(0.001)


{"large": large, "amplify": amplify, "echo": echo, "flows": flows, "steady": steady, "once": once, "flood": flood}[sys.argv[1]](*sys.argv[2:])
