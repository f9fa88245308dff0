"""Opens a WebSocket, says something, is silent for a while, says something again. Fails unless both are answered.

usage: ws-idle.py HOST PORT URI SECONDS [CA]
"""

import asyncio
import ssl
import sys
import time
from urllib.parse import urlsplit

import websockets


async def ask(websocket, text):
    await websocket.send(text)
    answer = await asyncio.wait_for(websocket.recv(), 5)
    assert answer == text, answer


async def main(host, port, uri, seconds, ca=None):
    secure = {}
    if ca:
        secure = {"ssl": ssl.create_default_context(cafile=ca), "server_hostname": urlsplit(uri).hostname}
    async with websockets.connect(uri, host=host, port=int(port), ping_interval=None, **secure) as websocket:
        await ask(websocket, "before")
        print("connected", flush=True)
        try:
            await asyncio.wait_for(websocket.recv(), float(seconds))
            raise AssertionError("a message that nobody sent")
        except asyncio.TimeoutError:
            pass
        began = time.monotonic()
        await ask(websocket, "after")
        print(f"answered after {time.monotonic() - began:.3f} s", flush=True)


asyncio.run(main(*sys.argv[1:]))
