"""What the tests need beside the service: a real PostgreSQL and a real NATS, one of each a run of tests, and the service's processes as the cluster starts
them. What a test waits for is seen, not slept for."""
import atexit
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from http.client import HTTPConnection
from pathlib import Path
from uuid import uuid4

import psycopg2

from shop import jetstream
from shop.config import config_from
from shop.metrics import Metrics
from shop.migrate import migrate
from shop.postgres import connect

FOLDER = Path(__file__).resolve().parent.parent
PATIENCE = float(os.environ.get('TEST_PATIENCE', '60'))


def until(what: str, seen, patience: float = PATIENCE):
    """Waits until seen() is true, and returns what it was."""
    end = time.monotonic() + patience
    while True:
        value = seen()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f'it was never seen that {what}')
        time.sleep(0.02)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class PostgreSQL:
    """A server. As root it runs as postgres, for it refuses to run as root; it ends with the tests, however they end."""

    def __init__(self):
        found = sorted(Path('/usr/lib/postgresql').glob('*/bin'), key=lambda p: int(p.parent.name))
        if not found:
            raise RuntimeError('these tests need PostgreSQL: make tools')
        self.bin, self.folder, self.port, self.databases = found[-1], Path(tempfile.mkdtemp(prefix='recstest-')), free_port(), 0
        self.own = {}
        if os.getuid() == 0:
            user = pwd.getpwnam('postgres')
            self.own = {'user': user.pw_uid, 'group': user.pw_gid, 'extra_groups': []}
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        atexit.register(self.remove)
        subprocess.run([self.bin / 'initdb', '-D', self.folder / 'data', '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C'],
                       check=True, capture_output=True, cwd='/', **self.own)
        self.up()

    def up(self):
        self.process = subprocess.Popen(
            ['setpriv', '--pdeathsig=QUIT', self.bin / 'postgres', '-D', self.folder / 'data', '-k', self.folder, '-p', str(self.port),
             '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd='/', **self.own)
        until('PostgreSQL answers', self.answers)

    def answers(self) -> bool:
        try:
            self.admin('SELECT 1')
            return True
        except psycopg2.OperationalError:
            if self.process.poll() is not None:
                raise
            return False

    def crash(self):
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()

    def remove(self):
        self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)

    def admin(self, *statements: str, database: str = 'postgres'):
        c = psycopg2.connect(host='127.0.0.1', port=self.port, user='postgres', dbname=database, connect_timeout=2)
        c.autocommit = True
        with c.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
        c.close()

    def database(self) -> str:
        """An empty database with the role that owns the schema and nothing else: DATABASE_URL."""
        self.databases += 1
        name = f'shop{self.databases}'
        self.admin(f'CREATE ROLE {name} LOGIN', f'CREATE DATABASE {name}')
        self.admin(f'CREATE SCHEMA recommendations AUTHORIZATION {name}', database=name)
        return f'postgres://{name}@127.0.0.1:{self.port}/{name}'


class NATS:
    """A server with JetStream. Its files outlive down()."""

    def __init__(self):
        self.folder, self.port = tempfile.mkdtemp(prefix='recsnats-'), free_port()
        atexit.register(self.remove)
        self.up()

    @property
    def url(self) -> str:
        return f'nats://127.0.0.1:{self.port}'

    def up(self):
        program = os.environ.get('NATS_SERVER') or 'nats-server'
        self.process = subprocess.Popen(['setpriv', '--pdeathsig=KILL', program, '-js', '-sd', self.folder, '-a', '127.0.0.1', '-p', str(self.port)],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until('NATS answers', self.answers)

    def answers(self) -> bool:
        try:
            c = jetstream.Connection(self.url)
        except jetstream.Broken:
            return False
        try:
            c.api('INFO')
            return True
        except jetstream.Broken:
            return False
        finally:
            c.close()

    def down(self):
        self.process.kill()
        self.process.wait()

    def remove(self):
        self.down()
        shutil.rmtree(self.folder, ignore_errors=True)


_shared: dict = {}


def postgres() -> PostgreSQL:
    """The server that most tests share; each has a database of its own."""
    return _shared.setdefault('postgres', None) or _shared.update(postgres=PostgreSQL()) or _shared['postgres']


def environment(database: str, nats: str = 'nats://127.0.0.1:1', **more: str) -> dict[str, str]:
    return {'SHOP': 'acme', 'SHOP_RELEASE': 'acme-1', 'DATABASE_URL': database, 'EVENTS_URL': nats, 'PORT': str(free_port()), 'METRICS_PORT': str(free_port()),
            'DRAIN_DELAY': '200ms', 'DRAIN_LIMIT': '10s', **more}


def config_of(database: str, **more: str):
    return config_from(environment(database, **more), 'recommendations', events=True)


def metrics() -> Metrics:
    return Metrics('test')


class Migrated(unittest.TestCase):
    """A test with a database that is migrated, and a connection to it."""

    def setUp(self):
        import service
        self.url = postgres().database()
        self.config = config_of(self.url)
        migrate(self.config, service.PLAN)
        self.db = connect(self.config, 'recommendations', 1)
        self.addCleanup(self.db.close)

    def rows(self, sql: str, *values):
        with self.db.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall()


class Process:
    """The service, as its pod starts it."""

    def __init__(self, test: unittest.TestCase, command: str, env: dict[str, str]):
        self.env, self.log = env, tempfile.TemporaryFile()
        self.port, self.metrics_port = int(env['PORT']), int(env['METRICS_PORT'])
        self.process = subprocess.Popen([sys.executable, FOLDER / 'src' / 'main.py', command], env={'PATH': os.environ['PATH'], 'PYTHONDONTWRITEBYTECODE': '1', **env},
                                        stderr=self.log, stdout=self.log)
        test.addCleanup(self.end)

    def get(self, path: str, method: str = 'GET', headers: dict | None = None, port: int | None = None):
        """Status, header and body of an answer."""
        c = HTTPConnection('127.0.0.1', port or self.port, timeout=20)
        try:
            c.request(method, path, headers=headers or {})
            r = c.getresponse()
            return r.status, r.headers, r.read()
        finally:
            c.close()

    def status(self, path: str) -> int:
        """0 where nobody listens yet."""
        if self.process.poll() is not None:
            raise AssertionError(f'it ended with {self.process.returncode}: {self.said()}')
        try:
            return self.get(path)[0]
        except OSError:
            return 0

    def status_or_none(self):
        """None where nobody is let in any more."""
        try:
            return self.get('/livez')[0]
        except OSError:
            return None

    def ready(self) -> 'Process':
        until('it is ready', lambda: self.status('/readyz') == 200 and self.status('/startupz') == 200)
        return self

    def skus(self, path: str) -> list[str]:
        status, _, body = self.get(path)
        assert status == 200, (status, body)
        return [item['sku'] for item in json.loads(body)['items']]

    def said(self) -> str:
        self.log.seek(0)
        return self.log.read().decode()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def terminate(self) -> int:
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def end(self):
        if self.process.poll() is None:
            self.kill()
        self.log.close()


def event(type_: str, subject: str, data: dict, id_: str | None = None) -> dict:
    return {'specversion': '1.0', 'id': id_ or str(uuid4()), 'source': type_.split('.')[0], 'type': type_, 'subject': subject, 'time': '2026-11-27T12:00:00Z',
            'datacontenttype': 'application/json', 'data': data}


def order(*skus: str, placed: str = '2026-11-27T12:00:00Z') -> dict:
    """An order placed, with what the service reads and one member that it does not know."""
    number = str(uuid4())
    lines = [{'sku': sku, 'name': sku, 'quantity': 2} for sku in skus]
    return event('orders.order.placed.v1', number, {'order': number, 'lines': lines, 'placedAt': placed, 'addedLater': 1})


def gone(sku: str, version: int = 2) -> dict:
    return event('catalog.product.removed.v1', sku, {'sku': sku, 'version': version})


def back(sku: str, version: int = 3) -> dict:
    return event('catalog.product.changed.v1', sku, {'sku': sku, 'version': version, 'name': sku})


def review(sku: str, stars: int, id_: str | None = None, version: int = 1) -> dict:
    return event('reviews.review.published.v1', sku, {'review': id_ or str(uuid4()), 'sku': sku, 'stars': stars, 'version': version})


def withdrawal(sku: str, id_: str, version: int = 2) -> dict:
    return event('reviews.review.removed.v1', sku, {'review': id_, 'sku': sku, 'version': version})


def left(sku: str, available: int, at: str = '2026-11-27T12:00:00Z') -> dict:
    return event('inventory.stock.changed.v1', sku, {'sku': sku, 'available': available, 'at': at})


def publish(bus: jetstream.Connection, *events: dict):
    jetstream.hold(bus, 'shop', [e['type'] for e in events])
    for e in events:
        bus.publish(e['type'], json.dumps(e).encode(), e['id'])
