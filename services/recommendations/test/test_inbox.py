"""Events and their effects, on a real PostgreSQL."""
import json
import threading
import unittest
from itertools import permutations
from unittest.mock import patch
from uuid import uuid4

import store
from shop import inbox
from shop.inbox import Box, Event, Lanes, decode
from shop.postgres import Error, connect
from similar import Product

from .test_shared import message
from .world import Migrated, back, gone, left, metrics, order, review, withdrawal


class Silent:
    """A bus that hears what is acknowledged."""

    def __init__(self):
        self.acknowledged = []

    def acknowledge(self, m):
        self.acknowledged.append(m.sequence)


class Effects(Migrated):
    def setUp(self):
        super().setUp()
        self.metrics = metrics()
        self.box = self.boxed(self.db)

    def boxed(self, connection, handlers=None) -> Box:
        return Box(connection, 'recommendations', 'recommendations', handlers or store.EFFECTS, self.metrics)

    def read(self, *events: dict) -> list[Event]:
        return [decode(message(1, e, e['type'])) for e in events]

    def take(self, *events: dict):
        self.box.take(self.read(*events))

    def counts(self) -> dict:
        return {sku: n for sku, n in self.rows('SELECT sku, orders FROM recommendations.counts')}

    def pairs(self) -> dict:
        return {(a, b): n for a, b, n in self.rows('SELECT a, b, orders FROM recommendations.pairs')}

    def test_orders_are_counted_by_product_and_by_pair(self):
        self.take(order('A', 'B'), order('B', 'A', 'C', 'A'), order('A'))
        self.assertEqual(self.counts(), {'A': 3, 'B': 2, 'C': 1})
        self.assertEqual(self.pairs(), {('A', 'B'): 2, ('A', 'C'): 1, ('B', 'C'): 1})

    def test_an_event_that_comes_again_has_no_second_effect(self):
        e = order('A', 'B')
        for _ in range(3):
            self.take(e)
        self.take(e, e)
        self.assertEqual((self.counts(), self.pairs()), ({'A': 1, 'B': 1}, {('A', 'B'): 1}))
        self.assertEqual(self.metrics.registry.get_sample_value('shop_events_taken_total', {'type': e['type']}), 1)

    def test_a_type_that_is_not_known_has_no_effect_and_no_row(self):
        self.take({**order('A'), 'type': 'orders.order.gifted.v1'})
        self.assertEqual(self.rows('SELECT count(*) FROM recommendations.inbox'), [(0,)])

    def test_of_two_at_once_one_has_the_effect(self):
        boxes = [self.boxed(connect(self.config, 'recommendations', 1)) for _ in range(2)]
        for _ in range(10):
            events, errors = self.read(order('A', 'B')), []

            def take(box):
                try:
                    box.take(events)
                except Exception as error:
                    errors.append(error)
            both = [threading.Thread(target=take, args=[box]) for box in boxes]
            [t.start() for t in both]
            [t.join() for t in both]
            self.assertEqual(errors, [])
        self.assertEqual(self.counts(), {'A': 10, 'B': 10})
        [box.connection.close() for box in boxes]

    def test_killed_before_the_commit_there_is_neither_effect_nor_note(self):
        own = connect(self.config, 'recommendations', 1)
        pid = own.info.backend_pid

        def killed(cursor, e):
            store.placed(cursor, e)
            self.rows('SELECT pg_terminate_backend(%s)', pid)
        e = order('A', 'B')
        with self.assertRaises(Error) as told:
            self.boxed(own, {e['type']: killed}).take(self.read(e))
        self.assertTrue(inbox.away(told.exception))
        self.assertEqual((self.counts(), self.rows('SELECT * FROM recommendations.inbox')), ({}, []))
        self.take(e)
        self.assertEqual(self.counts(), {'A': 1, 'B': 1})

    def test_a_removed_product_stays_removed_until_a_newer_version_and_whatever_comes_late(self):
        def is_removed():
            return self.rows("SELECT removed FROM recommendations.counts WHERE sku = 'A'")[0][0]
        for e, want in ((back('A', 1), False), (gone('A', 2), True), (back('A', 1), True), (order('A'), True), (back('A', 2), True), (back('A', 3), False), (gone('A', 2), False)):
            self.take(e)
            self.assertEqual(is_removed(), want, e)

    def test_what_is_sold_out_is_as_the_newest_word_says_and_only_a_change_makes_a_new_snapshot(self):
        seen = []
        for at, available in (('00', 5), ('01', 0), ('02', 0), ('00', 9), ('03', 2), ('04', 1)):
            self.take(left('A', available, f'2026-11-27T12:00:{at}.5Z'))
            seen.append((self.rows('SELECT sold_out FROM recommendations.counts')[0][0], store.revision(self.db)))
        self.assertEqual(seen, [(False, 1), (True, 2), (True, 2), (True, 2), (False, 3), (False, 3)])
        self.take(order('A', 'B'), order('A', 'B'), left('B', 0))
        self.assertEqual(store.load(self.db).similar, {'B': ('A',)})

    def test_a_review_counts_as_it_is_now_also_of_another_product(self):
        one = 'c0ffee00-0000-4000-8000-000000000001'
        self.take(review('A', 1, one), review('A', 5), review('A', 3, one, 2))
        self.assertEqual(self.rows("SELECT stars, reviews FROM recommendations.counts WHERE sku = 'A'"), [(8, 2)])
        self.take(review('B', 3, one, 3))
        self.assertEqual(self.rows('SELECT sku, stars, reviews FROM recommendations.counts ORDER BY sku'), [('A', 5, 1), ('B', 3, 1)])

    def rated(self, sku: str = 'A') -> tuple[int, float | None]:
        """Count and average of a product's reviews, as C46 writes them."""
        (count, stars), = self.rows('SELECT reviews, stars FROM recommendations.counts WHERE sku = %s', sku) or [(0, 0)]
        return count, round(stars / count, 1) if count else None

    def test_c46_averages_follow_what_is_published_removed_and_changed(self):
        self.assertEqual(self.rated(), (0, None))
        ids = [f'c0ffee00-0000-4000-8000-00000000000{n}' for n in range(4)]
        self.take(*[review('A', stars, id_) for stars, id_ in zip((5, 4, 4, 1), ids)])
        self.assertEqual(self.rated(), (4, 3.5))
        gone_ = withdrawal('A', ids[3])
        self.take(gone_)
        self.assertEqual(self.rated(), (3, 4.3))
        better = review('A', 5, ids[2], 2)
        self.take(better, better, gone_)
        self.assertEqual(self.rated(), (3, 4.7))
        self.take(*[withdrawal('A', id_, 3) for id_ in ids[:3]])
        self.assertEqual(self.rated(), (0, None))

    def test_c46_events_of_a_review_in_any_order_and_twice_end_with_the_newest(self):
        one = 'c0ffee00-0000-4000-8000-000000000001'
        history = [(review('A', 1, one, 1), (1, 1.0)), (review('A', 4, one, 2), (1, 4.0)), (withdrawal('A', one, 3), (0, None)), (review('A', 5, one, 4), (1, 5.0))]
        for end in range(1, len(history) + 1):
            for shuffled in permutations(history[:end]):
                with self.subTest([e['data'] for e, _ in shuffled]):
                    for table in ('counts', 'reviews', 'withdrawn'):
                        self.rows(f'DELETE FROM recommendations.{table} RETURNING 1')
                    # Another id each time: what is seen is the effect, and not the inbox.
                    for e, _ in shuffled + shuffled[:1]:
                        self.take({**e, 'id': str(uuid4())})
                    self.assertEqual(self.rated(), history[end - 1][1])

    def test_c46_a_withdrawal_that_changes_nothing_makes_no_new_snapshot_and_is_forgotten_after_the_stream(self):
        one = 'c0ffee00-0000-4000-8000-000000000001'
        before = store.revision(self.db)
        self.take(withdrawal('A', one))
        self.take(review('A', 5, one, 1))
        self.assertEqual((store.revision(self.db), self.rated()), (before, (0, None)))
        self.rows("UPDATE recommendations.withdrawn SET noted = now() - interval '15 days' RETURNING 1")
        self.take(withdrawal('A', 'c0ffee00-0000-4000-8000-000000000002'))
        self.assertEqual(self.rows('SELECT review::text FROM recommendations.withdrawn'), [('c0ffee00-0000-4000-8000-000000000002',)])

    def test_the_snapshot_is_what_was_counted_and_its_revision_rises_with_each_change(self):
        first = store.load(self.db)
        self.assertEqual((first.similar, first.popular, first.revision), ({}, (), 1))
        self.take(order('A', 'B'), order('A', 'B'), order('A', 'C'), gone('D'))
        s = store.load(self.db)
        self.assertEqual((s.similar, s.popular), ({'A': ('B',), 'B': ('A',)}, ('A', 'B', 'C')))
        self.assertGreater(s.revision, first.revision)
        self.assertEqual(store.revision(self.db), s.revision)
        self.take(gone('D', 1))  # too late: nothing changed
        self.assertEqual(store.revision(self.db), s.revision)

    def test_a_snapshot_of_more_pairs_than_come_at_once_misses_none(self):
        with patch.object(store, 'BATCH', 3):
            self.take(*[order('A', 'B', 'C', 'D')] * 1, order('A', 'B', 'C', 'D'))
            self.assertEqual(store.load(self.db).similar['D'], ('A', 'B', 'C'))
            got = list(self.all_pairs())
        self.assertEqual(len(got), 6)

    def all_pairs(self):
        with self.db.cursor() as cursor:
            cursor.execute('BEGIN')
            yield from store.pairs(cursor, {sku: Product(2) for sku in 'ABCD'})
            cursor.execute('COMMIT')

    # What fails.
    def work(self, *events: dict, rounds: int = 1, handlers=None, pause: float = 0.0):
        """The consumer's own work on what it was sent; returns what is acknowledged, round by round."""
        lanes, bus = Lanes(), Silent()
        for place, e in enumerate(events, 1):
            lanes.put(decode(message(place, e, e['type'])), message(place, e, e['type']))
        consumer = inbox.Consumer(self.config, 'recommendations', 1, handlers or store.EFFECTS, self.metrics)
        with patch.object(inbox, 'FIRST_PAUSE', pause):
            for _ in range(rounds):
                consumer.work(bus, self.boxed(self.db, handlers), lanes)
        return bus.acknowledged

    def test_one_that_fails_keeps_those_of_its_subject_waiting_and_nobody_else(self):
        bad = {**order('A'), 'data': {'lines': 7}}
        behind = {**order('B'), 'subject': bad['subject']}
        self.assertEqual(self.work(order('C'), bad, behind, order('D'), pause=60.0), [1, 4])
        self.assertEqual(self.counts(), {'C': 1, 'D': 1})

    def test_after_five_tries_it_is_parked_counted_and_the_next_one_goes_on(self):
        bad = {**order('A'), 'data': {'lines': 7, 'note': '\x00\ud800'}}
        behind = {**order('B'), 'subject': bad['subject']}
        self.assertEqual(self.work(bad, behind, rounds=4), [])
        self.assertEqual(self.rows('SELECT tries FROM recommendations.inbox_tries'), [(4,)])
        self.assertEqual(self.work(bad, behind), [1, 2])  # another process: the tries outlive the one before
        self.assertEqual((self.counts(), self.rows('SELECT * FROM recommendations.inbox_tries')), ({'B': 1}, []))
        (id_, parked, why), = self.rows('SELECT id::text, event, error FROM recommendations.inbox_parked')
        self.assertEqual((id_, list(parked)), (bad['id'], ['base64']))
        self.assertIn('Wrong', why)
        self.assertEqual(self.metrics.registry.get_sample_value('shop_events_parked_total', {'type': bad['type']}), 1)
        self.take(bad)  # it counts as taken

    def test_a_text_that_postgresql_does_not_take_is_parked_and_not_tried_for_ever(self):
        self.assertEqual(self.work(order('A\x00'), rounds=5), [1])
        self.assertEqual(self.rows('SELECT count(*) FROM recommendations.inbox_parked'), [(1,)])

    def test_one_that_succeeds_in_the_end_leaves_no_tries(self):
        failures = [ValueError('no')] * 3  # one of them in a commit with others

        def sometimes(cursor, e):
            if failures:
                raise failures.pop()
            store.placed(cursor, e)
        e = order('A')
        self.assertEqual(self.work(e, rounds=3, handlers={e['type']: sometimes}), [1])
        self.assertEqual((self.counts(), self.rows('SELECT * FROM recommendations.inbox_tries')), ({'A': 1}, []))

    def test_a_database_that_is_away_is_no_try(self):
        e = order('A')

        def away(cursor, _):
            cursor.execute("SET LOCAL statement_timeout = 1; SELECT pg_sleep(5)")
        with self.assertRaises(Error):
            self.work(e, handlers={e['type']: away})
        self.assertEqual(self.rows('SELECT * FROM recommendations.inbox_tries'), [])

    def test_what_the_stream_forgot_long_ago_is_forgotten(self):
        self.take(order('A'), order('B'))
        self.rows("UPDATE recommendations.inbox SET taken = now() - interval '15 days' WHERE id = (SELECT min(id::text)::uuid FROM recommendations.inbox) RETURNING 1")
        self.box.sweep()
        self.assertEqual(self.rows('SELECT count(*) FROM recommendations.inbox'), [(1,)])

    def test_what_is_parked_as_json_is_the_whole_envelope(self):
        bad = {**order('A'), 'data': {'lines': 7}}
        self.work(bad, rounds=5)
        self.assertEqual(self.rows('SELECT event FROM recommendations.inbox_parked'), [(json.loads(json.dumps(bad)),)])


if __name__ == '__main__':
    unittest.main()
