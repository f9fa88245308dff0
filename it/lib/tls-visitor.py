"""What a visitor does over TLS that no ready-made client does, by HTTP/1.1 or HTTP/2.

usage: tls-visitor.py events  VERSION ADDRESS PORT HOST CA LOG
       tls-visitor.py cancel  VERSION ADDRESS PORT HOST CA LOG get|put
       tls-visitor.py many    VERSION ADDRESS PORT HOST CA PATH SHA256 COUNT SOURCE…
       tls-visitor.py hold    VERSION ADDRESS PORT HOST CA COUNT SOURCE…
VERSION is 1 or 2; LOG is the one of awkward-backend.py. `events`: the first event has to come before the second is
sent. `cancel`: leaves, and waits until the backend has noticed. `many`: so many downloads at once, whole ones. `hold`:
so many connections that have served a request and idle until the end.
"""

import asyncio
import hashlib
import ssl
import sys
import time

import h2wire as h2


async def moment(log, what, since, patience=10):
    """When the backend said it, later than `since`."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        try:
            with open(log) as lines:
                for line in lines:
                    at, _, said = line.strip().partition(" ")
                    if said == what and float(at) >= since:
                        return float(at)
        except FileNotFoundError:
            pass
        await asyncio.sleep(0.005)
    sys.exit(f"the backend did not say '{what}' within {patience} s")


class One:
    """A connection of HTTP/1.1, with one request."""

    def __init__(self, reader, writer, host):
        self.reader, self.writer, self.host = reader, writer, host

    @classmethod
    async def open(cls, address, port, host, ca, source=None):
        reader, writer = await asyncio.open_connection(
            address, port, ssl=ssl.create_default_context(cafile=ca), server_hostname=host,
            local_addr=(source, 0) if source else None)
        return cls(reader, writer, host)

    async def ask(self, method, path):
        more = "Transfer-Encoding: chunked\r\n" if method == "PUT" else ""
        self.writer.write(f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\n{more}\r\n".encode())

    def body(self, data):
        self.writer.write(b"%x\r\n%s\r\n" % (len(data), data))

    async def pieces(self):
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.1 200 "), head
        if b"transfer-encoding: chunked" in head:
            while size := int(await self.reader.readline(), 16):
                yield await self.reader.readexactly(size)
                await self.reader.readexactly(2)
            return
        left = next((int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:")), 1 << 62)
        while left and (piece := await self.reader.read(min(left, 65536))):
            left -= len(piece)
            yield piece
        assert left == 0 or left > 1 << 61, f"cut with {left} bytes to come"

    def leave(self):
        self.writer.transport.abort()


class Two:
    """One stream, on a connection of its own or on one with many."""

    def __init__(self, wire, host, stream=1):
        self.wire, self.host, self.stream = wire, host, stream

    @classmethod
    async def open(cls, address, port, host, ca, source=None):
        wire = await h2.Wire.open(address, port, host, source, ca, INITIAL_WINDOW=1 << 20)
        wire.writer.write(h2.window(0, 1 << 24))
        return cls(wire, host)

    async def ask(self, method, path):
        await self.wire.send(h2.headers(self.stream, h2.request(method, self.host, path), method != "PUT"))

    def body(self, data):
        self.wire.writer.write(h2.frame(h2.DATA, 0, self.stream, data))

    async def pieces(self):
        while True:
            kind, flags, stream, payload = await self.wire.read()
            if kind == h2.SETTINGS and not flags & h2.ACK:
                self.wire.writer.write(h2.frame(h2.SETTINGS, h2.ACK, 0))
            assert kind not in (h2.GOAWAY, h2.RST_STREAM), (kind, payload)
            if kind == h2.HEADERS:
                assert payload[0] == 0x88, "not :status 200"
            if kind == h2.DATA and payload:
                self.wire.writer.write(h2.window(stream, len(payload)) + h2.window(0, len(payload)))
                yield payload
            if kind in (h2.DATA, h2.HEADERS) and flags & h2.END_STREAM:
                return

    def leave(self):
        """The stream alone; the connection goes on."""
        self.wire.writer.write(h2.reset(self.stream))


VERSIONS = {"1": One, "2": Two}


async def events(version, address, port, host, ca, log):
    visitor = await VERSIONS[version].open(address, int(port), host, ca)
    began = time.monotonic()
    await visitor.ask("GET", "/events")
    async for piece in visitor.pieces():
        came = time.monotonic()
        assert piece == b"data: 1\n\n", piece
        break
    sent = await moment(log, "sent 1", began)
    print(f"{1000 * (came - sent):.1f} ms behind its sending")
    assert came < await moment(log, "sent 2", began), "only with the second event"


async def cancel(version, address, port, host, ca, log, kind):
    path, method = ("/hang", "GET") if kind == "get" else ("/put", "PUT")
    visitor = await VERSIONS[version].open(address, int(port), host, ca)
    began = time.monotonic()
    await visitor.ask(method, path)
    if kind == "put":
        visitor.body(b"x" * 10000)
    await moment(log, "asked " + path, began)
    left = time.monotonic()
    visitor.leave()
    noticed = await moment(log, "gone " + path, left)
    print(f"{1000 * (noticed - left):.0f} ms")


async def whole(visitor, path):
    await visitor.ask("GET", path)
    digest = hashlib.sha256()
    async for piece in visitor.pieces():
        digest.update(piece)
    return digest.hexdigest()


async def streams(address, port, host, ca, path, sha, count, source):
    """Up to a hundred at once on one connection."""
    first = await Two.open(address, port, host, ca, source)
    wire = first.wire
    digests = {2 * i + 1: hashlib.sha256() for i in range(count)}
    await wire.send(b"".join(h2.headers(stream, h2.request("GET", host, path)) for stream in digests))
    good = 0
    left = count
    while left:
        kind, flags, stream, payload = await wire.read()
        if kind == h2.SETTINGS and not flags & h2.ACK:
            wire.writer.write(h2.frame(h2.SETTINGS, h2.ACK, 0))
        assert kind not in (h2.GOAWAY, h2.RST_STREAM), (kind, payload)
        if kind == h2.DATA and payload:
            digests[stream].update(payload)
            wire.writer.write(h2.window(stream, len(payload)) + h2.window(0, len(payload)))
        if kind in (h2.DATA, h2.HEADERS) and flags & h2.END_STREAM:
            left -= 1
            good += digests[stream].hexdigest() == sha
    wire.close()
    return good


async def many(version, address, port, host, ca, path, sha, count, *sources):
    count, port = int(count), int(port)
    began = time.monotonic()
    running, most = 0, count if version == "2" else 0
    if version == "2":
        parts = [streams(address, port, host, ca, path, sha, 100, sources[i % len(sources)]) for i in range(count // 100)]
        good = sum(await asyncio.gather(*parts))
    else:
        # This end makes its handshakes one after the other, and the gateway waits 5 s for each.
        doors = asyncio.Semaphore(50)

        async def one(i):
            nonlocal running, most
            async with doors:
                visitor = await One.open(address, port, host, ca, sources[i % len(sources)])
            running += 1
            most = max(most, running)
            digest = await whole(visitor, path)
            running -= 1
            visitor.leave()
            return digest == sha

        good = sum(await asyncio.gather(*(one(i) for i in range(count))))
    print(f"{good} of {count} whole, {most} at once, {time.monotonic() - began:.1f} s")
    assert good == count


async def hold(version, address, port, host, ca, count, *sources):
    held = []
    for i in range(int(count)):
        visitor = await VERSIONS[version].open(address, int(port), host, ca, sources[i % len(sources)])
        await whole(visitor, "/")
        held.append(visitor)
    print("held", flush=True)
    await asyncio.Event().wait()


asyncio.run({"events": events, "cancel": cancel, "many": many, "hold": hold}[sys.argv[1]](*sys.argv[2:]))
