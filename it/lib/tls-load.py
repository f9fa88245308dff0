"""Fresh TLS connections, one request each, eight at a time, until FILE exists; certificates are verified.

usage: tls-load.py ADDRESS PORT ROOTS FILE HOST
Prints `loaded` after the first answer; at the end `ok COUNT`, `failed COUNT`, `certificates COUNT`, and reasons.
"""

import asyncio
import collections
import hashlib
import os
import ssl
import sys

address, port, roots, until, host = sys.argv[1:]
context = ssl.create_default_context(cafile=roots)
counts = collections.Counter()
reasons = collections.Counter()
certificates = set()


async def ask():
    reader, writer = await asyncio.open_connection(address, int(port), ssl=context, server_hostname=host)
    try:
        certificates.add(hashlib.sha256(writer.get_extra_info("ssl_object").getpeercert(True)).digest())
        writer.write(f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        if not answer.startswith(b"HTTP/1.1 200 ") or not answer.endswith(b"hello\n"):
            raise ValueError(answer[:80])
    finally:
        writer.close()


async def worker():
    while not os.path.exists(until):
        try:
            await asyncio.wait_for(ask(), 20)
            counts["ok"] += 1
            if counts["ok"] == 1:
                print("loaded", flush=True)
        except Exception as failure:
            counts["failed"] += 1
            reasons[repr(failure)] += 1


async def main():
    await asyncio.gather(*(worker() for _ in range(8)))


asyncio.run(main())
print("ok", counts["ok"])
print("failed", counts["failed"])
print("certificates", len(certificates))
for reason, count in reasons.most_common(5):
    print("  ", count, reason)
