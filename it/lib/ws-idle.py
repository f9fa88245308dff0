"""Opens a WebSocket, says something, is silent for a while, says something again. Fails unless both are answered.

usage: ws-idle.py HOST PORT URI SECONDS
"""

import asyncio
import sys
import time

import websockets


async def ask(websocket, text):
    await websocket.send(text)
    answer = await asyncio.wait_for(websocket.recv(), 5)
    assert answer == text, answer


async def main(host, port, uri, seconds):
    async with websockets.connect(uri, host=host, port=int(port), ping_interval=None) as websocket:
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
