"""A load of fresh connections: HTTP at two hosts and TCP echo, and one kept HTTP connection. Ends well when FILE exists.

usage: load.py GATEWAY HTTP_PORT TCP_PORT FILE HOST…
Prints `loaded` once every kind has succeeded; at the end one line `KIND COUNT` for each outcome, and the longest answer.
Outcomes: ok, refused, reset, failed (another answer, an end in the middle, nothing for 20 s).
"""

import asyncio
import collections
import os
import sys
import time

gateway, http_port, tcp_port, until, *hosts = sys.argv[1:]
outcomes = collections.Counter()
reasons = collections.Counter()
slowest = 0.0
served = set()


def ended():
    return os.path.exists(until)


async def head_and_body(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if not head.startswith(b"http/1.1 200 "):
        raise ValueError(head.split(b"\r\n")[0].decode())
    length = next(line for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
    await reader.readexactly(int(length[15:]))
    return b"\r\nconnection: close\r\n" in head


async def fresh(host):
    reader, writer = await asyncio.open_connection(gateway, int(http_port))
    try:
        writer.write(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        await head_and_body(reader)
    finally:
        writer.close()


async def echo(_):
    reader, writer = await asyncio.open_connection(gateway, int(tcp_port))
    try:
        writer.write(b"hello\n")
        writer.write_eof()
        if await reader.readexactly(6) != b"hello\n":
            raise ValueError("another echo")
    finally:
        writer.close()


kept = []


async def keep(host):
    """One request on a kept connection, a new one where the last answer was the last of its own."""
    if not kept:
        kept.extend(await asyncio.open_connection(gateway, int(http_port)))
    reader, writer = kept
    last = True
    try:
        writer.write(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        last = await head_and_body(reader)
    finally:
        if last:
            kept.clear()
            writer.close()


async def repeat(kind, what, host):
    global slowest
    while not ended():
        began = time.monotonic()
        try:
            await asyncio.wait_for(what(host), 20)
            outcomes["ok"] += 1
            served.add((kind, host))
        except ConnectionRefusedError:
            outcomes["refused"] += 1
        except ConnectionResetError:
            outcomes["reset"] += 1
            reasons[f"{kind} {host}: reset"] += 1
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.TimeoutError) as e:
            outcomes["failed"] += 1
            reasons[f"{kind} {host}: {e!r}"] += 1
        slowest = max(slowest, time.monotonic() - began)
        await asyncio.sleep(0.02)


async def announce():
    while len(served) < 2 * len(hosts) + 1:
        await asyncio.sleep(0.05)
    print("loaded", flush=True)


async def main():
    tasks = [repeat("echo", echo, "")]
    for host in hosts:
        tasks += [repeat("fresh", fresh, host) for _ in range(3)]
    tasks += [repeat("keep", keep, hosts[0])]
    for host in hosts[1:]:
        served.add(("keep", host))
    announcing = asyncio.create_task(announce())
    await asyncio.gather(*tasks)
    announcing.cancel()
    for kind in ("ok", "refused", "reset", "failed"):
        print(kind, outcomes[kind], flush=True)
    print(f"slowest {slowest:.2f}", flush=True)
    for reason, count in reasons.items():
        print("because", count, reason, flush=True)


asyncio.run(main())
