"""HTTP/2 by hand (RFC 9113, RFC 7541), for what no well-behaved library would say. Field sections without a table."""

import asyncio
import ssl
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS = 1, 1, 4
HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_STREAMS, INITIAL_WINDOW, MAX_FRAME = 1, 2, 3, 4, 5
ERRORS = ("NO_ERROR PROTOCOL_ERROR INTERNAL_ERROR FLOW_CONTROL_ERROR SETTINGS_TIMEOUT STREAM_CLOSED FRAME_SIZE_ERROR "
          "REFUSED_STREAM CANCEL COMPRESSION_ERROR CONNECT_ERROR ENHANCE_YOUR_CALM").split()


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def settings(**values):
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", globals()[name], value) for name, value in values.items()))


def window(stream, more):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", more))


def reset(stream, code=8):
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def integer(first, bits, value):
    """RFC 7541 §5.1."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    out, value = bytearray([first | most]), value - most
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes([value])


def field(name, value, first=0x00, bits=4):
    """A literal, not indexed unless the caller says so (0x40, 6)."""
    name, value = name.encode(), value.encode()
    return integer(first, bits, 0) + integer(0, 7, len(name)) + name + integer(0, 7, len(value)) + value


def fields(*pairs):
    return b"".join(field(name, value) for name, value in pairs)


def request(method, host, path):
    return fields((":method", method), (":scheme", "https"), (":path", path), (":authority", host))


def headers(stream, block, end=True):
    return frame(HEADERS, END_HEADERS | (END_STREAM if end else 0), stream, block)


class Wire:
    """One connection over TLS with ALPN h2, greeted. Frames are read by hand with `read`."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, address, port, host, source=None, ca=None, **values):
        context = ssl.create_default_context(cafile=ca)
        if ca is None:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        reader, writer = await asyncio.open_connection(
            address, port, ssl=context, server_hostname=host, local_addr=(source, 0) if source else None)
        writer.write(PREFACE + settings(**values))
        return cls(reader, writer)

    async def send(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def read(self):
        """(kind, flags, stream, payload); EOF raises."""
        head = await self.reader.readexactly(9)
        payload = await self.reader.readexactly(int.from_bytes(head[:3], "big"))
        return head[3], head[4], int.from_bytes(head[5:9], "big") & 0x7FFFFFFF, payload

    def close(self):
        self.writer.transport.abort()
