"""A WebSocket server that sends back what it gets, and of itself nothing: no ping."""

import asyncio
import sys

import websockets


async def echo(websocket):
    async for message in websocket:
        await websocket.send(message)


async def main():
    async with websockets.serve(echo, sys.argv[1], int(sys.argv[2]), ping_interval=None):
        await asyncio.get_running_loop().create_future()


asyncio.run(main())
