"""The service as the cluster sees it: its processes, a real PostgreSQL, a real NATS. Migrates, starts, counts, drains, outlives its database, dies."""
import json
import random
import re
import socket
import subprocess
import sys
import threading
import time
import unittest
from collections import Counter
from itertools import combinations

import service
from shop import jetstream
from shop.migrate import InTheWay, Plan, migrate
from shop.postgres import connect

from .world import FOLDER, NATS, PATIENCE, Migrated, PostgreSQL, Process, config_of, environment, free_port, gone, order, postgres, publish, until


class Raw:
    """A client that sends what no client of ours sends."""

    def __init__(self, port: int, text: bytes = b''):
        self.socket = socket.create_connection(('127.0.0.1', port), PATIENCE)
        self.socket.settimeout(PATIENCE)
        self.socket.sendall(text)

    def all(self) -> bytes:
        got = b''
        while part := self.socket.recv(1 << 16):
            got += part
        self.socket.close()
        return got

    def until(self, text: bytes) -> bytes:
        got = b''
        while text not in got:
            part = self.socket.recv(1 << 16)
            if not part:
                raise AssertionError(f'closed after {got!r}')
            got += part
        return got


def rests_at(process: Process) -> int:
    """KiB of memory that a process has now."""
    with open(f'/proc/{process.process.pid}/status') as status:
        return int(re.search(r'VmRSS:\s+(\d+)', status.read())[1])


class Serving(Migrated):
    def setUp(self):
        super().setUp()
        self.served = Process(self, 'serve', environment(self.url)).ready()

    def count(self, *baskets: tuple[str, ...]):
        """As the worker would."""
        import store
        from shop.inbox import Box

        from .test_shared import decode, message
        from .world import metrics
        Box(self.db, 'recommendations', 'recommendations', store.EFFECTS, metrics()).take([decode(message(1, order(*b))) for b in baskets])

    def test_what_others_bought_is_answered_a_moment_after_it_was_counted_and_a_cache_knows_it_by_its_tag(self):
        before = self.served.get('/api/recommendations/A')
        self.assertEqual((before[0], json.loads(before[2])), (200, {'items': []}))
        self.count(('A', 'B'), ('A', 'B'), ('A', 'C', 'B'), ('C', 'A'), ('D',))
        until('B is recommended', lambda: self.served.skus('/api/recommendations/A'))
        self.assertEqual(self.served.skus('/api/recommendations/A'), ['B', 'C'])
        self.assertEqual(self.served.skus('/api/recommendations/A?limit=1'), ['B'])
        self.assertEqual(self.served.skus('/api/recommendations'), ['A', 'B', 'C', 'D'])
        _, headers, _ = self.served.get('/api/recommendations/A')
        self.assertNotEqual(headers['ETag'], before[1]['ETag'])
        status, again, body = self.served.get('/api/recommendations/A', headers={'If-None-Match': f'"x", W/{headers["ETag"]}'})
        self.assertEqual((status, body, again['Cache-Control'], again['ETag'], again['Content-Type']), (304, b'', 'public, max-age=30', headers['ETag'], None))
        self.count(('X', 'Y'))  # tells nothing of A
        until('the new snapshot is there', lambda: 'X' in self.served.skus('/api/recommendations'))
        self.assertEqual(self.served.get('/api/recommendations/A')[1]['ETag'], headers['ETag'])

    def test_refusals_are_problems_with_the_trace_and_the_sources(self):
        trace = '4bf92f3577b34da6a3ce929d0e0e4736'
        for method, path, headers, want in (
                ('GET', '/nothing', {}, 404), ('POST', '/api/recommendations', {}, 405), ('GET', '/api/recommendations?x=1', {}, 422),
                ('GET', '/api/recommendations/A?limit=51', {}, 422), ('GET', '/api/recommendations/%20', {}, 404), ('GET', f'/api/recommendations/{"A" * 65}', {}, 404),
                ('GET', '/api/recommendations/A%0A', {}, 404), ('GET', '/api/recommendations', {'Accept': 'text/html'}, 406), ('DELETE', '/livez', {}, 405),
                ('GET', '/api/recommendations', {'X-Shop-Deadline': '0'}, 503), ('BREW', '/api/recommendations', {}, 405), ('GET', '/api/recommendations', {'X-Long': 'x' * 17_000}, 431)):
            with self.subTest(f'{method} {path[:40]} {list(headers)}'):
                status, h, body = self.served.get(path, method, {'traceparent': f'00-{trace}-00f067aa0ba902b7-01', **headers})
                problem = json.loads(body)
                self.assertEqual((status, problem['status'], h['Content-Type'], h['Cache-Control']), (want, want, 'application/problem+json', 'no-store'))
                self.assertEqual(h['X-Shop-Sources'], 'recommendations=acme-1')
                if method != 'BREW':
                    self.assertEqual(problem['traceId'], trace)

    def test_what_is_no_request_is_refused_and_the_next_one_is_served(self):
        for text, want in ((b'nonsense\r\n\r\n', b'400'), (b'GET / HTTP/1.1\r\n\r\n', b'400'), (b'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', b'400'),
                           (b'GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', b'400'),
                           (b'GET /livez HTTP/1.1\r\nHost: a\r\nX: ' + b'x' * 100_000, b'431'),
                           (b'GET /livez HTTP/1.1\r\nHost: a\r\nX: ' + b'x' * 70_000, b'431'),
                           (b'GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n' + b'x' * 1_100_000, b'413')):
            with self.subTest(text[:70]):
                raw = Raw(self.served.port, text)
                self.assertEqual(raw.until(b'\r\n\r\n')[:12], b'HTTP/1.1 ' + want)
                raw.socket.close()
        self.assertEqual(self.served.status('/livez'), 200)

    def test_requests_one_behind_the_other_are_answered_in_order_whatever_the_pieces(self):
        text = b''.join(f'GET {path} HTTP/1.1\r\nHost: a\r\n\r\n'.encode() for path in ('/livez', '/nothing', '/api/recommendations/A')) + \
            b'GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
        for size in (1, 7, 1000):
            raw = Raw(self.served.port)
            for at in range(0, len(text), size):
                raw.socket.sendall(text[at:at + size])
            self.assertEqual(re.findall(rb'HTTP/1.1 (\d+)', raw.all()), [b'200', b'404', b'200', b'200'])

    def test_a_body_that_nobody_wants_is_not_the_next_request(self):
        body = b'GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n'
        raw = Raw(self.served.port, b'GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%sGET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' % (len(body), body))
        self.assertEqual(re.findall(rb'HTTP/1.1 (\d+)', raw.all()), [b'200', b'200'])

    def test_what_was_in_flight_at_sigterm_is_answered_and_the_process_ends_with_0(self):
        half = Raw(self.served.port, b'GET /api/recommendations HTTP/1.1\r\nHost: a\r\n')
        idle = Raw(self.served.port, b'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n')
        idle.until(b'ok\n')
        self.served.process.terminate()
        until('it says that it goes', lambda: self.served.status('/readyz') == 503)
        self.assertEqual(self.served.get('/api/recommendations')[1]['Connection'], 'close')
        until('nobody new is let in', lambda: self.served.status_or_none() is None)
        half.socket.sendall(b'\r\n')
        answer = half.all()
        self.assertTrue(answer.startswith(b'HTTP/1.1 200') and b'Connection: close' in answer, answer)
        self.assertEqual(idle.all(), b'')
        self.assertEqual(self.served.process.wait(PATIENCE), 0)

    def test_what_is_counted_has_no_path_in_it_and_the_log_neither(self):
        for n in range(50):
            self.served.get(f'/api/recommendations/SKU-{n}')
            self.served.get(f'/nothing/someone{n}@example.org')
        _, headers, text = self.served.get('/metrics', port=self.served.metrics_port)
        self.assertIn('text/plain; version=0.0.4', headers['Content-Type'])
        self.assertIn(b'http_server_request_duration_seconds_count{method="GET",route="/api/recommendations/{sku}",status="200"} 50.0', text)
        self.assertIn(b'route="unmatched",status="404"} 50.0', text)
        for hidden in ('SKU-1', 'example.org'):
            self.assertNotIn(hidden, text.decode() + self.served.said())

    def test_it_rests_below_40_mib(self):
        self.count(*[(f'S{n}', f'S{n + 1}', f'S{n + 2}') for n in range(0, 300)] * 2)
        until('it is read', lambda: len(self.served.skus('/api/recommendations?limit=100')) == 100)
        kib = rests_at(self.served)
        print(f'serve rests at {kib / 1024:.1f} MiB')
        self.assertLess(kib, 40 << 10)


class Absence(unittest.TestCase):
    def test_postgresql_crashes_and_all_is_answered_from_memory_and_new_once_it_is_back(self):
        server = PostgreSQL()
        self.addCleanup(server.remove)
        url = server.database()
        config = config_of(url)
        migrate(config, service.PLAN)
        served = Process(self, 'serve', environment(url)).ready()
        server.crash()
        until('it is noticed', lambda: 'PostgreSQL does not answer' in served.said())
        for path in ('/livez', '/readyz', '/api/recommendations', '/api/recommendations/A'):
            self.assertEqual(served.status(path), 200)
        server.up()
        db = connect(config, 'recommendations', 1)
        with db.cursor() as cursor:
            cursor.execute("INSERT INTO recommendations.counts (sku, orders, trend) VALUES ('NEW', 1, 1); UPDATE recommendations.revision SET value = value + 1")
        db.close()
        until('the new one is there', lambda: served.skus('/api/recommendations') == ['NEW'])

    def test_without_its_tables_it_is_neither_started_nor_ready_and_lives(self):
        served = Process(self, 'serve', environment(postgres().database()))
        until('it says why', lambda: served.status('/startupz') == 503 and b'not there yet' in served.get('/startupz')[2])
        self.assertEqual((served.status('/readyz'), served.status('/livez'), served.status('/api/recommendations')), (503, 200, 503))

    def test_without_its_environment_it_does_not_start_and_says_why(self):
        for missing, command in (('SHOP_RELEASE', 'serve'), ('DATABASE_URL', 'migrate'), ('EVENTS_URL', 'work')):
            env = {k: v for k, v in environment('postgres://r@127.0.0.1:1/shop').items() if k != missing}
            done = subprocess.run([sys.executable, FOLDER / 'src/main.py', command], env=env, capture_output=True, text=True, timeout=PATIENCE)
            self.assertEqual((done.returncode, f'{missing} is not set' in done.stderr), (1, True), done.stderr)
        self.assertEqual(subprocess.run([sys.executable, FOLDER / 'src/main.py', 'nothing'], capture_output=True, timeout=PATIENCE).returncode, 2)


class Migrations(Migrated):
    def test_in_several_processes_at_once_and_again(self):
        url = postgres().database()
        env = environment(url)
        all_ = [subprocess.Popen([sys.executable, FOLDER / 'src/main.py', 'migrate'], env=env, stderr=subprocess.DEVNULL) for _ in range(3)]
        self.assertEqual([p.wait(PATIENCE) for p in all_], [0, 0, 0])
        migrate(config_of(url), service.PLAN)
        db = connect(config_of(url), 'recommendations', 1)
        self.addCleanup(db.close)
        with db.cursor() as cursor:
            cursor.execute('SELECT version_id, is_applied FROM recommendations.migrations')
            self.assertEqual(cursor.fetchall(), [(version, True) for version, *_ in service.PLAN.migrations])
            cursor.execute('SELECT floor FROM recommendations.floor')
            self.assertEqual(cursor.fetchall(), [(service.FLOOR,)])

    def test_what_takes_something_away_waits_until_the_old_release_is_gone(self):
        taking = Plan('recommendations', [*service.PLAN.migrations, (service.PLAN.version + 1, '00099_less.sql', 'DROP TABLE recommendations.reviews')], 2)
        other = config_of(self.url, SHOP_RELEASE='acme-2')
        with self.assertRaises(InTheWay):
            migrate(other, taking)
        self.assertEqual(self.rows("SELECT to_regclass('recommendations.reviews') IS NOT NULL"), [(True,)])
        self.db.close()
        migrate(other, taking)

    def test_a_migration_that_is_wrong_leaves_nothing(self):
        wrong = Plan('recommendations', [*service.PLAN.migrations, (service.PLAN.version + 1, '00099_wrong.sql', 'CREATE TABLE recommendations.half (a int); SELECT nonsense')], 1)
        with self.assertRaises(Exception):
            migrate(self.config, wrong)
        self.assertEqual(self.rows("SELECT to_regclass('recommendations.half') IS NULL, (SELECT max(version_id) FROM recommendations.migrations)"), [(True, service.PLAN.version)])


class Working(Migrated):
    """The worker takes what the shop tells."""

    def setUp(self):
        super().setUp()
        self.nats = NATS()
        self.addCleanup(self.nats.remove)
        self.env = environment(self.url, self.nats.url)

    def working(self) -> Process:
        return Process(self, 'work', {**self.env, 'PORT': str(free_port()), 'METRICS_PORT': str(free_port())})

    def publish(self, *events: dict):
        bus = jetstream.Connection(self.nats.url)
        publish(bus, *events)
        bus.close()

    def taken(self) -> int:
        return self.rows('SELECT count(*) FROM recommendations.inbox')[0][0]

    def counted_exactly(self, baskets):
        orders = Counter(sku for b in baskets for sku in set(b))
        together = Counter(p for b in baskets for p in combinations(sorted(set(b)), 2))
        self.assertEqual(dict(self.rows('SELECT sku, orders FROM recommendations.counts')), dict(orders))
        self.assertEqual({(a, b): n for a, b, n in self.rows('SELECT a, b, orders FROM recommendations.pairs')}, dict(together))

    def test_from_the_order_to_the_answer(self):
        worker, served = self.working().ready(), Process(self, 'serve', environment(self.url)).ready()
        self.publish(order('A', 'B'), order('A', 'B'), order('A', 'C'), order('A', 'C'), order('A', 'C'), order('D'))
        until('it is answered', lambda: served.skus('/api/recommendations/A') == ['C', 'B'])
        self.publish(gone('C'))
        until('what is removed is gone', lambda: served.skus('/api/recommendations/A') == ['B'])
        self.assertNotIn('C', served.skus('/api/recommendations'))
        self.assertIn('shop_events_taken_total{type="orders.order.placed.v1"} 6.0', worker.get('/metrics', port=worker.metrics_port)[2].decode())
        self.assertEqual((worker.status('/api/recommendations'), worker.terminate()), (404, 0))

    def test_killed_again_and_again_every_order_counts_once(self):
        r = random.Random(7)
        baskets = [r.choices('ABCDEFGH', k=r.randint(1, 4)) for _ in range(600)]
        events = [order(*b) for b in baskets]
        publishing = threading.Thread(target=lambda: [self.publish(*events[n:n + 20]) for n in range(0, len(events), 20)])
        publishing.start()
        for n in range(5):
            worker = self.working()
            until('some are taken', lambda: self.taken() >= min(100 * (n + 1), len(events)))
            worker.kill()
        publishing.join()
        self.working()
        until('all are taken', lambda: self.taken() == len(events))
        self.counted_exactly(baskets)

    def test_of_two_workers_one_takes_and_the_other_follows(self):
        self.publish(order('A'))
        first = self.working()
        until('it is taken', lambda: self.taken() == 1)
        second = self.working().ready()
        self.publish(*[order('A') for _ in range(20)])
        until('they are taken', lambda: self.taken() == 21)
        self.assertNotIn('"taking events"', second.said())
        self.assertEqual(first.terminate(), 0)
        self.publish(order('A'))
        until('the other takes', lambda: self.taken() == 22)
        self.assertEqual(self.rows('SELECT orders FROM recommendations.counts'), [(22,)])

    def test_nats_away_and_back_it_goes_on(self):
        self.working()
        self.publish(order('A', 'B'))
        until('it is taken', lambda: self.taken() == 1)
        self.nats.down()
        self.nats.up()
        self.publish(order('A', 'B'))
        until('the next one is taken', lambda: self.taken() == 2)
        self.counted_exactly(['AB', 'AB'])

    def test_one_that_is_no_event_and_one_that_is_wrong_stop_nobody(self):
        worker = self.working()
        bus = jetstream.Connection(self.nats.url)
        jetstream.hold(bus, 'shop', ['orders.order.placed.v1'])
        bus.publish('orders.order.placed.v1', b'nonsense', 'x')
        bus.close()
        self.publish({**order('A'), 'data': {}}, order('B'))
        until('the good one is taken', lambda: self.rows("SELECT 1 FROM recommendations.counts WHERE sku = 'B'"))
        until('the wrong one is parked', lambda: self.rows('SELECT 1 FROM recommendations.inbox_parked'))
        self.assertIn('shop_events_parked_total{type="undecodable"} 1.0', worker.get('/metrics', port=worker.metrics_port)[2].decode())

    def test_how_many_orders_a_second(self):
        baskets = [(f'S{n % 97}', f'S{n % 89}', f'S{n % 83}') for n in range(3000)]
        self.publish(*[order(*b) for b in baskets])
        began = time.monotonic()
        worker = self.working()
        until('all are taken', lambda: self.taken() == len(baskets))
        took = time.monotonic() - began
        kib = rests_at(worker)
        print(f'work takes {len(baskets) / took:.0f} orders/s with its start, and rests at {kib / 1024:.1f} MiB')
        self.assertLess(kib, 40 << 10)
