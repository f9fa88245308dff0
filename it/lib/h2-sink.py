"""Takes whatever TLS brings and answers nothing: where a generator is aimed to see what it costs by itself.

usage: h2-sink.py ADDRESS PORT CERTIFICATE KEY
"""

import asyncio
import ssl
import sys


async def swallow(reader, writer):
    try:
        while await reader.read(65536):
            pass
    except OSError:
        pass
    writer.close()


async def main(address, port, certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2"])
    async with await asyncio.start_server(swallow, address, int(port), ssl=context) as server:
        await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))
