"""The client, at a real NATS server."""
import json
import socket
import threading
import time
import unittest

from shop import jetstream
from shop.jetstream import DOMAINS, Broken, Connection, Refused, hold, take_over

from .world import NATS, free_port, order, publish, until

TYPES = ['orders.order.placed.v1', 'catalog.product.removed.v1']


class Streams(unittest.TestCase):
    """Each test has a server of its own. On one that is shared the stream would have to be deleted between two of them, and nats-server (2.15) moves the files
    of a deleted stream to a folder that may still hold those of the one before; that fails unsaid then, and the next stream of the name begins with what the
    deleted one held: its messages, and which of them its consumer had delivered."""

    def setUp(self):
        self.nats = NATS()
        self.addCleanup(self.nats.remove)
        self.bus = self.connected()

    def connected(self) -> Connection:
        bus = Connection(self.nats.url)
        self.addCleanup(bus.close)
        return bus

    def taking(self, types=TYPES) -> Connection:
        bus = self.connected()
        hold(bus, 'shop', types)
        take_over(bus, 'shop', 'recommendations', types, 256)
        return bus

    def fetched(self, bus, n: int) -> list:
        got = []
        until(f'{n} come', lambda: got.extend(bus.fetch('shop', 'recommendations', 64, 0.5)) or len(got) >= n)
        return got

    def ids(self, messages) -> list[str]:
        return [json.loads(m.data)['id'] for m in messages]

    def test_the_first_who_needs_the_stream_makes_it_as_those_in_go_do_with_all_subjects_of_the_contract(self):
        hold(self.bus, 'shop', TYPES[:1])
        config = self.bus.api('STREAM.INFO.shop')['config']
        self.assertEqual(config['subjects'], [f'{domain}.>' for domain in DOMAINS])
        self.assertEqual((config['max_age'], config['duplicate_window'], config['storage']), (7 * 86_400 * 10**9, 120 * 10**9, 'file'))

    def test_subjects_are_only_added_to_a_stream_that_is_there(self):
        self.bus.api('STREAM.CREATE.shop', {'name': 'shop', 'subjects': ['orders.>', 'later.>'], 'storage': 'file'})
        hold(self.bus, 'shop', TYPES)
        self.assertEqual(self.bus.api('STREAM.INFO.shop')['config']['subjects'], ['orders.>', 'later.>', 'catalog.>'])

    def test_of_two_who_make_the_stream_at_once_both_have_it(self):
        errors = []

        def make(types):
            try:
                hold(self.connected(), 'shop', types)
            except Exception as error:
                errors.append(error)
        both = [threading.Thread(target=make, args=[[t]]) for t in TYPES]
        [t.start() for t in both]
        [t.join() for t in both]
        self.assertEqual(errors, [])
        hold(self.bus, 'shop', TYPES)
        self.assertLessEqual({'orders.>', 'catalog.>'}, set(self.bus.api('STREAM.INFO.shop')['config']['subjects']))

    def test_what_is_published_again_is_stored_once(self):
        hold(self.bus, 'shop', TYPES)
        self.assertEqual([self.bus.publish(TYPES[0], b'{}', 'same'), self.bus.publish(TYPES[0], b'{}', 'same')], [True, False])

    def test_events_come_in_order_and_those_of_other_types_do_not(self):
        all_ = [order(f'S{n}') for n in range(150)]
        publish(self.bus, *all_[:70], {**order(), 'type': 'orders.order.paid.v1'}, *all_[70:])
        bus = self.taking()
        self.assertEqual(self.ids(self.fetched(bus, 150)), [e['id'] for e in all_])

    def test_an_event_of_a_quarter_megabyte_and_one_of_strange_text_arrive_whole(self):
        big = order('ü🫖' * 10_000)
        publish(self.bus, big)
        self.assertEqual([json.loads(m.data) for m in self.fetched(self.taking(), 1)], [big])

    def test_while_nothing_comes_one_pull_stays_open_and_what_comes_later_is_seen_at_once(self):
        bus = self.taking()
        self.assertEqual(bus.fetch('shop', 'recommendations', 64, 0.05), [])
        open_ = bus.pull
        self.assertEqual(bus.fetch('shop', 'recommendations', 64, 0.05), [])
        self.assertIs(bus.pull, open_)
        publish(self.bus, order('A'))
        self.assertEqual(len(self.fetched(bus, 1)), 1)

    def test_who_takes_over_begins_with_the_first_that_is_not_done(self):
        all_ = [order(f'S{n}') for n in range(5)]
        publish(self.bus, *all_)
        before = self.taking()
        got = self.fetched(before, 5)
        for m in (got[0], got[1], got[3]):
            before.acknowledge(m)
        until('it is acknowledged', lambda: self.bus.api('CONSUMER.INFO.shop.recommendations')['num_ack_pending'] == 2)
        after = self.taking()
        self.assertEqual(self.ids(self.fetched(after, 3)), [e['id'] for e in all_[2:]])
        with self.assertRaises(Broken):  # who was cut off learns of it
            until('he is told', lambda: before.fetch('shop', 'recommendations', 64, 1.0) and False, 20)

    def test_who_asks_for_more_types_gets_those_from_the_beginning(self):
        first = order('A')
        publish(self.bus, first, {**order('B'), 'type': TYPES[1]})
        before = self.taking(TYPES[:1])
        for m in self.fetched(before, 1):
            before.acknowledge(m)
        until('it is acknowledged', lambda: self.bus.api('CONSUMER.INFO.shop.recommendations')['ack_floor']['stream_seq'] >= 1)
        self.assertEqual(self.ids(self.fetched(self.taking(), 2))[0], first['id'])

    def test_what_is_terminated_does_not_come_again(self):
        publish(self.bus, order('A'))
        bus = self.taking()
        bus.terminate(self.fetched(bus, 1)[0])
        self.assertEqual(bus.api('CONSUMER.INFO.shop.recommendations')['delivered']['stream_seq'], 1)  # nothing else is there that could wait
        until('it is gone', lambda: self.bus.api('CONSUMER.INFO.shop.recommendations')['num_ack_pending'] == 0)

    def test_a_refusal_says_why(self):
        with self.assertRaises(Refused) as told:
            self.bus.api('STREAM.INFO.nothing')
        self.assertEqual((told.exception.code, 'stream not found' in str(told.exception)), (10059, True))


class Away(unittest.TestCase):
    def test_nobody_listens(self):
        with self.assertRaises(Broken):
            Connection(f'nats://127.0.0.1:{free_port()}')

    def test_a_server_that_dies_is_noticed(self):
        nats = NATS()
        self.addCleanup(nats.remove)
        bus = Connection(nats.url)
        hold(bus, 'shop', TYPES)
        take_over(bus, 'shop', 'recommendations', TYPES, 256)
        nats.down()
        with self.assertRaises(Broken):
            bus.fetch('shop', 'recommendations', 64, 5.0)

    def test_a_server_that_says_nothing_is_given_up(self):
        with socket.create_server(('127.0.0.1', 0)) as silent, self.assertRaises(Broken):
            Connection(f'nats://127.0.0.1:{silent.getsockname()[1]}')

    def test_who_hangs_in_the_middle_of_a_message_is_given_up(self):
        ours, theirs = socket.socketpair()
        self.addCleanup(ours.close)
        self.addCleanup(theirs.close)
        bus = Connection.__new__(Connection)
        bus.socket, bus.buffer, bus.heard = ours, b'', 0.0
        before, jetstream.PATIENCE = jetstream.PATIENCE, 0.05
        self.addCleanup(setattr, jetstream, 'PATIENCE', before)
        theirs.sendall(b'MSG a 1 10\r\nhalf')
        with self.assertRaises(Broken):
            bus.frame(time.monotonic() + 60)
