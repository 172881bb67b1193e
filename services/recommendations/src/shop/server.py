"""The life of a process: listen -> serve -> on SIGTERM not ready, still serving for the drain delay with Connection: close, until no proxy sends new
requests -> no new connections, what is in flight finishes within the drain limit -> stopped."""
import asyncio
import os
import signal
import time

from . import log
from .chain import encode, sources
from .metrics import CONTENT_TYPE
from .wire import Answer, Connection, Request


def fixed_routes(config, contract: dict, document: dict, watch, draining, warm) -> dict:
    """What every service answers beside its API. `warm` says why it is not, or None."""
    def probe(*checks):
        def answer() -> Answer:
            told = [(name, why()) for name, why in checks]
            good = not any(why for _, why in told)
            text = 'ok\n' if good else ''.join(f'[-] {name}: {why}\n' if why else f'[+] {name}: ok\n' for name, why in told)
            return Answer(200 if good else 503, {'Content-Type': 'text/x-probe; charset=utf-8', 'Cache-Control': 'no-store'}, text.encode())
        return answer

    def json_of(value):
        body = encode(value)
        return lambda: Answer(200, {'Content-Type': 'application/json'}, body)

    stopping = ('draining', lambda: 'the process has been told to stop' if draining() else None)
    database = ('database', watch.not_ready)
    return {
        '/livez': probe(),  # asks nobody: a restart would not mend a dependency
        '/readyz': probe(stopping, database, ('warm', warm)),
        '/startupz': probe(database, ('warm', warm)),
        '/contract': json_of({'service': config.service, 'version': config.version, 'shop': config.shop, 'release': config.release, 'contract': 'v1', **contract}),
        '/openapi.json': json_of(document),
    }


class Server:
    """The front of a service, or its side port: `chain` answers."""

    def __init__(self, config, chain, port: int):
        self.config, self.chain, self.port = config, chain, port
        self.connections: set[Connection] = set()
        self.draining = False

    def answer(self, r: Request) -> Answer:
        return self.chain.answer(r)

    def refuse(self, r: Request, status: int, detail: str) -> Answer:
        return self.chain.refuse(r, status, detail)

    async def listen(self) -> None:
        loop = asyncio.get_running_loop()
        self.socket = await loop.create_server(lambda: Connection(self), self.config.host or None, self.port, backlog=1024)
        self.port = self.socket.sockets[0].getsockname()[1]
        self.looking = asyncio.create_task(self.look())

    async def look(self) -> None:
        while True:
            await asyncio.sleep(min(1, self.config.header))
            for connection in list(self.connections):
                connection.look(time.monotonic())

    async def close(self, limit: float) -> bool:
        """No new connection; tells whether all that was in flight was answered."""
        self.socket.close()
        end = time.monotonic() + limit
        while self.connections and time.monotonic() < end:
            for connection in list(self.connections):
                if connection.idle and not connection.done:
                    connection.end()
            await asyncio.sleep(0.02)
        left = list(self.connections)
        for connection in left:
            connection.transport.abort()
        self.looking.cancel()
        return not left


class SidePort:
    """Prometheus only."""

    def __init__(self, config, metrics):
        self.metrics, self.sources = metrics, sources(config)

    def answer(self, r: Request) -> Answer:
        if r.target.partition(b'?')[0] != b'/metrics':
            return Answer(404, {})
        if r.method not in ('GET', 'HEAD'):
            return Answer(405, {'Allow': 'GET, HEAD'})
        return Answer(200, {'Content-Type': CONTENT_TYPE}, self.metrics.text())

    def refuse(self, r: Request, status: int, detail: str) -> Answer:
        return Answer(status, {})


async def live(config, front: Server, side: Server, stopped) -> int:
    """Serves until a signal, drains, and returns the code to exit with. `stopped()` ends what works behind."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()

    def signalled(name: str) -> None:
        if told.is_set():
            os._exit(1)  # who sends it twice does not want to wait
        log.info('stopping', signal=name)
        front.draining = True
        told.set()

    for name in ('SIGTERM', 'SIGINT'):
        loop.add_signal_handler(getattr(signal, name), signalled, name)
    await front.listen()
    await side.listen()
    log.info('serving', version=config.version, port=front.port, metricsPort=side.port)
    await told.wait()
    await asyncio.sleep(config.drain_delay)
    whole = await front.close(config.drain_limit)
    await side.close(0)
    await loop.run_in_executor(None, stopped)
    log.info('stopped', all=whole)
    return 0 if whole else 1
