"""As ws-idle.py, on a stream of HTTP/2 (RFC 8441), over TLS.

usage: ws2-idle.py ADDRESS PORT HOST CA SECONDS
"""

import asyncio
import sys
import time

import h2wire as h2


class WebSocket:
    """Texts below 126 bytes, in frames of their own (RFC 6455 §5.2), masked with zeros."""

    def __init__(self, wire):
        self.wire, self.got = wire, b""

    async def send(self, text):
        payload = text.encode()
        await self.wire.send(h2.frame(h2.DATA, 0, 1, bytes([0x81, 0x80 | len(payload)]) + bytes(4) + payload))

    async def receive(self):
        while len(self.got) < 2 or len(self.got) < 2 + self.got[1]:
            kind, flags, stream, payload = await self.wire.read()
            if kind == h2.SETTINGS and not flags & h2.ACK:
                self.wire.writer.write(h2.frame(h2.SETTINGS, h2.ACK, 0))
            assert kind not in (h2.GOAWAY, h2.RST_STREAM), (kind, payload)
            if kind == h2.HEADERS:
                assert payload[0] == 0x88, "not :status 200"
            if kind == h2.DATA:
                self.got += payload
        length = self.got[1]
        assert self.got[0] == 0x81 and length < 126, self.got
        text, self.got = self.got[2:2 + length].decode(), self.got[2 + length:]
        return text


async def ask(websocket, text):
    await websocket.send(text)
    answer = await asyncio.wait_for(websocket.receive(), 5)
    assert answer == text, answer


async def main(address, port, host, ca, seconds):
    wire = await h2.Wire.open(address, int(port), host, None, ca)
    head = h2.fields((":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "https"), (":path", "/"),
                     (":authority", host), ("sec-websocket-version", "13"))
    await wire.send(h2.headers(1, head, False))
    websocket = WebSocket(wire)
    await ask(websocket, "before")
    print("connected", flush=True)
    try:
        await asyncio.wait_for(websocket.receive(), float(seconds))
        raise AssertionError("a message that nobody sent")
    except asyncio.TimeoutError:
        pass
    began = time.monotonic()
    await ask(websocket, "after")
    print(f"answered after {time.monotonic() - began:.3f} s", flush=True)


asyncio.run(main(*sys.argv[1:]))
