"""A well-behaved visitor over TLS: so many requests a second on a few kept connections, until FILE exists or SECONDS have passed.

usage: steady-visitor.py ADDRESS PORT HOST CA RATE FILE SECONDS
Each request has its moment; what the answer before it was late counts in (no omission by coordination). Prints `p50`,
`p99`, `worst` in ms, `ok` and `failed`; a connection that was closed behind an answer is opened anew.
"""

import asyncio
import os
import ssl
import sys
import time

LANES = 16
times = []
failed = []


async def lane(address, port, host, context, interval, offset, until, end):
    kept = None
    due = time.monotonic() + offset
    while time.monotonic() < end and not os.path.exists(until):
        await asyncio.sleep(max(0, due - time.monotonic()))
        try:
            if kept is None:
                kept = await asyncio.open_connection(address, port, ssl=context, server_hostname=host)
            reader, writer = kept
            writer.write(f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
            head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)).lower()
            if not head.startswith(b"http/1.1 200 "):
                raise ValueError(head.split(b"\r\n")[0])
            length = next(line for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length[15:]))
            times.append(time.monotonic() - due)
            if b"connection: close" in head:
                writer.close()
                kept = None
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.TimeoutError) as failure:
            failed.append(repr(failure))
            kept = None
        due += interval


async def main(address, port, host, ca, rate, until, seconds):
    context = ssl.create_default_context(cafile=ca)
    interval = LANES / float(rate)
    end = time.monotonic() + float(seconds)
    await asyncio.gather(
        *(lane(address, int(port), host, context, interval, interval * i / LANES, until, end) for i in range(LANES)))
    times.sort()
    for name, part in (("p50", 0.5), ("p99", 0.99), ("worst", 1)):
        print(name, round(1000 * times[int(part * (len(times) - 1))], 2) if times else "-")
    print("ok", len(times))
    print("failed", len(failed), *failed[:3])


asyncio.run(main(*sys.argv[1:]))
