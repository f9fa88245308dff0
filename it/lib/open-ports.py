"""Prints the TCP ports of an address that accept a connection, of 1 to 10000 and those named.

usage: open-ports.py ADDRESS [PORT…]
"""

import asyncio
import sys


async def is_open(address, port, slots):
    async with slots:
        try:
            _, writer = await asyncio.wait_for(asyncio.open_connection(address, port), 0.5)
        except (OSError, asyncio.TimeoutError):
            return False
        writer.close()
        return True


async def main(address, *named):
    ports = sorted(set(range(1, 10001)) | {int(port) for port in named})
    slots = asyncio.Semaphore(800)
    answers = await asyncio.gather(*(is_open(address, port, slots) for port in ports))
    print(*(port for port, answer in zip(ports, answers) if answer))


asyncio.run(main(*sys.argv[1:]))
