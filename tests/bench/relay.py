"""A TCP relay that makes the distance to a server as long as wanted, and counts what passes. (What is inside TLS it
cannot see: requests are counted in the server's log.)"""
import asyncio
import threading
from dataclasses import dataclass, replace


@dataclass
class Traffic:
    connections: int = 0
    round_trips: int = 0  # of every connection: its TCP handshake, and each time that the client speaks in its turn
    sent: int = 0  # bytes
    received: int = 0


class _Line:
    """One direction of one connection: what comes in goes out `delay` seconds later, in the same order."""

    def __init__(self, writer: asyncio.StreamWriter, delay: float):
        self._writer = writer
        self._delay = delay
        self._queue: asyncio.Queue = asyncio.Queue()

    def put(self, chunk: bytes, extra_delay: float = 0):
        self._queue.put_nowait((asyncio.get_running_loop().time() + self._delay + extra_delay, chunk))

    async def deliver(self):
        while True:
            due, chunk = await self._queue.get()
            wait = due - asyncio.get_running_loop().time()
            if wait > 0:
                await asyncio.sleep(wait)
            if not chunk:
                break
            self._writer.write(chunk)
            await self._writer.drain()
        if self._writer.can_write_eof():
            self._writer.write_eof()


async def _chunks(reader: asyncio.StreamReader):
    """Until the end. A client that has all it wants may as well reset the connection."""
    try:
        while chunk := await reader.read(1 << 18):
            yield chunk
    except ConnectionError:
        pass


class Relay:
    """Listens on a port of its own from construction to stop(). `rtt` (seconds) is that of connections to come.
    Bandwidth is not limited, and nothing gets lost."""

    def __init__(self, target_port: int):
        self.rtt = 0.0
        self.port = 0
        self._target_port = target_port
        self._traffic = Traffic()
        self._open = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._call(asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20))
        self.port = self._server.sockets[0].getsockname()[1]

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    def take_traffic(self) -> Traffic:
        """Since the last call, when all connections have ended."""
        return self._call(self._take_traffic())

    async def _take_traffic(self) -> Traffic:
        while self._open:
            await asyncio.sleep(0.002)
        taken = replace(self._traffic)
        self._traffic = Traffic()
        return taken

    async def _serve(self, client_reader, client_writer):
        self._open += 1
        self._traffic.connections += 1
        self._traffic.round_trips += 1
        rtt = self.rtt
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._target_port, limit=1 << 20)
            up, down = _Line(server_writer, rtt / 2), _Line(client_writer, rtt / 2)
            # The kernel here has answered the client's SYN at once; at a distance that takes a round trip.
            handshake = rtt
            server_spoke_last = True

            async def listen_to_client():
                nonlocal handshake, server_spoke_last
                async for chunk in _chunks(client_reader):
                    if server_spoke_last:
                        self._traffic.round_trips += 1
                        server_spoke_last = False
                    self._traffic.sent += len(chunk)
                    up.put(chunk, handshake)
                    handshake = 0
                up.put(b"")

            async def listen_to_server():
                nonlocal server_spoke_last
                async for chunk in _chunks(server_reader):
                    server_spoke_last = True
                    self._traffic.received += len(chunk)
                    down.put(chunk)
                down.put(b"")

            await asyncio.gather(listen_to_client(), listen_to_server(), up.deliver(), down.deliver(),
                                 return_exceptions=True)
            server_writer.close()
        finally:
            client_writer.close()
            self._open -= 1

    def stop(self):
        async def close():
            self._server.close()

        self._call(close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
