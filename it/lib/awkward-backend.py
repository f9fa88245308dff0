"""A backend that takes its time: awkward-backend.py ADDRESS PORT LOG. What happens stands in LOG with its moment.

GET /events sends an event at once and another every 2 s; GET /hang answers nothing; PUT takes what comes. `asked PATH`
is a request's head, `sent N` an event, `gone PATH` the end of its connection before the answer's, `whole PATH` an upload.
Moments are of the machine's monotonic clock, the same for all processes.
"""

import asyncio
import sys
import time

ADDRESS, PORT, LOG = sys.argv[1], int(sys.argv[2]), sys.argv[3]


def say(*words):
    with open(LOG, "a") as log:
        print(f"{time.monotonic():.4f}", *words, file=log, flush=True)


async def events(reader, writer):
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
    for number in range(1, 4):
        say("sent", number)
        writer.write(f"data: {number}\n\n".encode())
        await writer.drain()
        await asyncio.sleep(2)


async def serve(reader, writer):
    path = "?"
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, path, _ = head.split("\r\n")[0].split(" ")
        say("asked", path)
        if path == "/events":
            await events(reader, writer)
        elif method == "PUT":
            # The end of a chunked body is its last bytes; the gateway's chunks are its own.
            tail = b""
            while not tail.endswith(b"0\r\n\r\n"):
                piece = await reader.read(65536)
                if not piece:
                    say("gone", path)
                    return
                tail = (tail + piece)[-16:]
            say("whole", path)
            writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        elif path == "/hang":
            while await reader.read(65536):
                pass
            say("gone", path)
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello\n")
        await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        say("gone", path)
    finally:
        writer.close()


async def main():
    async with await asyncio.start_server(serve, ADDRESS, PORT) as server:
        await server.serve_forever()


asyncio.run(main())
