"""Three connections that must live through changes: TCP echo, WebSocket echo, a slow download. Ends well when FILE exists.

usage: steady.py GATEWAY TCP_PORT HTTP_PORT WS_HOST DOWNLOAD_HOST PATH FILE
Prints `steady` when all three run; at the end the download's SHA-256 and the counts of echoes.
"""

import asyncio
import hashlib
import os
import sys

import websockets

gateway, tcp_port, http_port, ws_host, download_host, path, until = sys.argv[1:]
started = []


def ended():
    return os.path.exists(until)


async def ticks(ask):
    """Asks five times a second until the end; every answer within STEADY_SECONDS, 5 unless set."""
    count = 0
    while not ended():
        await asyncio.wait_for(ask(f"tick {count}\n"), float(os.environ.get("STEADY_SECONDS", "5")))
        count += 1
        if count == 1:
            started.append(ask)
        await asyncio.sleep(0.2)
    return count


async def tcp():
    reader, writer = await asyncio.open_connection(gateway, int(tcp_port))

    async def ask(text):
        writer.write(text.encode())
        answer = await reader.readexactly(len(text))
        assert answer == text.encode(), answer

    return await ticks(ask)


async def websocket():
    uri = f"ws://{ws_host}:{http_port}/"
    async with websockets.connect(uri, host=gateway, port=int(http_port), ping_interval=None) as connection:

        async def ask(text):
            await connection.send(text)
            answer = await connection.recv()
            assert answer == text, answer

        return await ticks(ask)


async def download():
    """Reads about 1 MiB/s while changes go on, then the rest at once."""
    reader, writer = await asyncio.open_connection(gateway, int(http_port))
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {download_host}\r\nConnection: close\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), head
    length = int(next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))[15:])
    digest = hashlib.sha256()
    started.append(download)
    while length:
        part = await asyncio.wait_for(reader.read(min(length, 65536)), 20)
        assert part, f"cut with {length} bytes to come"
        digest.update(part)
        length -= len(part)
        if not ended():
            await asyncio.sleep(0.06)
    return digest.hexdigest()


async def announce():
    while len(started) < 3:
        await asyncio.sleep(0.05)
    print("steady", flush=True)


async def main():
    names = ["tcp", "websocket", "download"]
    results = await asyncio.gather(tcp(), websocket(), download(), announce(), return_exceptions=True)
    for name, result in zip(names, results):
        print(name, "failed: " + repr(result) if isinstance(result, BaseException) else result, flush=True)
    return any(isinstance(result, BaseException) for result in results)


sys.exit(asyncio.run(main()))
