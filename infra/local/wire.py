"""A wire to a server on this machine: passes bytes on, until somebody kills it. Then the server's clients lose their connections
in the middle of whatever they do. python3 infra/local/wire.py PORT SERVER_PORT"""

import asyncio
import contextlib
import sys

BYTES = 65536


async def copy(reader, writer):
    with contextlib.suppress(OSError):
        while data := await reader.read(BYTES):
            writer.write(data)
            await writer.drain()
    writer.close()


async def connect(reader, writer, server_port):
    try:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", server_port)
    except OSError:
        writer.close()
        return
    await asyncio.gather(copy(reader, server_writer), copy(server_reader, writer))


async def main(port, server_port):
    server = await asyncio.start_server(lambda *ends: connect(*ends, server_port), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
