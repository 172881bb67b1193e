"""What any service in Python needs, without network and database."""
import json
import unittest

from shop import jetstream
from shop.chain import check_accept, check_query, fresh
from shop.config import Wrong, config_from, duration
from shop.inbox import Lanes, NoEvent, decode
from shop.migrate import in_the_way
from shop.openapi import Routes, Unsupported, compiled
from shop.postgres import unfit
from shop.problem import Problem
from shop.trace import trace_id

from .world import FOLDER, order

GOOD = {'SHOP': 'acme', 'SHOP_RELEASE': 'acme-1', 'DATABASE_URL': 'postgres://r:secret@db/shop'}


class Environment(unittest.TestCase):
    def test_what_is_not_set_has_the_contracts_values(self):
        c = config_from(GOOD, 'recommendations')
        self.assertEqual((c.port, c.metrics_port, c.drain_delay, c.drain_limit, c.service), (8080, 9090, 5, 20, 'recommendations'))

    def test_all_that_is_wrong_is_told_at_once_and_no_password(self):
        with self.assertRaises(Wrong) as told:
            config_from({'PORT': 'x', 'DATABASE_URL': 'mysql://r:secret@db', 'DRAIN_DELAY': '5'}, 'r', events=True)
        for part in ('SHOP is not set', 'SHOP_RELEASE is not set', 'PORT is "x"', 'DATABASE_URL is not an address', 'EVENTS_URL is not set', 'DRAIN_DELAY'):
            self.assertIn(part, str(told.exception))
        self.assertNotIn('secret', str(told.exception))

    def test_durations_are_those_of_go(self):
        self.assertEqual([duration(t) for t in ('0', '5s', '300ms', '1m30s', '1.5h')], [0, 5, 0.3, 90, 5400])
        for wrong in ('', '5', 's', '-5s', '5s '):
            with self.subTest(wrong), self.assertRaises(ValueError):
                duration(wrong)


class Requests(unittest.TestCase):
    def test_a_trace_is_joined_or_begun(self):
        known = '4bf92f3577b34da6a3ce929d0e0e4736'
        for good in (f'00-{known}-00f067aa0ba902b7-01', f'01-{known}-00f067aa0ba902b7-01-extra'):
            self.assertEqual(trace_id(good), known)
        for bad in (None, '', f'ff-{known}-00f067aa0ba902b7-01', f'00-{known}-00f067aa0ba902b7-01-x', f'00-{known.upper()}-00f067aa0ba902b7-01',
                    f'00-{known}-0000000000000000-01', f'00-{"0" * 32}-00f067aa0ba902b7-01'):
            self.assertRegex(trace_id(bad), f'^(?!{known})[0-9a-f]{{32}}$')

    def test_accept_takes_any_q_above_0(self):
        for good in ('*/*', 'text/html, application/*;q=0.1', 'application/json; charset=utf-8'):
            check_accept(good)
        for bad in ('text/html', 'application/json;q=0', '*/*;q=0.000'):
            with self.subTest(bad), self.assertRaises(Problem):
                check_accept(bad)

    def test_a_copy_is_compared_weakly(self):
        for good in ('"a"', 'W/"a"', '"b", "a"', '*'):
            self.assertTrue(fresh(good, '"a"'))
        self.assertFalse(fresh('"b"', '"a"') or fresh('*', None))

    def test_a_query_has_what_is_described_once_and_nothing_else(self):
        popular = Routes(json.loads((FOLDER / 'openapi.json').read_text())).find('/api/recommendations')[0]
        self.assertEqual([check_query(popular, q)['limit'] for q in ('', 'limit=1', 'limit=100')], [20, 1, 100])
        for bad in ('limit=0', 'limit=101', 'limit=', 'limit=1.5', 'limit=1&limit=2', 'limt=5', 'limit=٣', 'limit=9999999999999999'):
            with self.subTest(bad), self.assertRaises(Problem) as told:
                check_query(popular, bad)
            self.assertEqual(told.exception.status, 422)

    def test_a_path_with_a_parameter_is_hidden_by_one_without(self):
        routes = Routes(json.loads((FOLDER / 'openapi.json').read_text()))
        self.assertEqual(routes.find('/api/recommendations/KIT-1001')[1], {'sku': 'KIT-1001'})
        for none in ('/api/recommendations/', '/api/recommendations/a/b', '/api/Recommendations'):
            self.assertIsNone(routes.find(none)[0])

    def test_what_this_service_cannot_keep_does_not_start(self):
        ok = {'operationId': 'x', 'security': [], 'parameters': []}
        for item in ({'post': ok}, {'get': ok, 'put': ok}, {'get': {**ok, 'security': [{'staff': ['a:b']}]}}, {'get': {k: ok[k] for k in ('operationId',)}},
                     {'get': {**ok, 'parameters': [{'name': 'q', 'in': 'query', 'schema': {'type': 'string'}}]}}):
            with self.subTest(item), self.assertRaises(Unsupported):
                compiled('/x', item)


class Database(unittest.TestCase):
    def test_a_schema_fits_between_floor_and_version(self):
        self.assertIsNone(unfit('r', 2, 3, 2))
        self.assertIn('version 1', unfit('r', 2, 1, 0))
        self.assertIn('from version 3', unfit('r', 2, 3, 3))

    def test_only_another_release_with_an_older_need_is_in_the_way(self):
        names = ['r/acme-1/1', 'r/acme-2/2', 'other/acme-1/1', 'psql', 'r/x/y/1']
        self.assertEqual(in_the_way(names, 'r', 'acme-2', 2), 'acme-1')
        self.assertIsNone(in_the_way(names[1:4], 'r', 'acme-3', 2))
        self.assertIsNone(in_the_way(names[:1], 'r', 'acme-1', 2))


def message(place: int, e: dict | bytes, subject: str = 'orders.order.placed.v1') -> jetstream.Message:
    data = e if isinstance(e, bytes) else json.dumps(e).encode()
    return jetstream.Message(subject, f'$JS.ACK.shop.recommendations.1.{place}.{place}.0.0', data)


class Events(unittest.TestCase):
    def test_what_is_no_event_of_its_subject_is_none(self):
        good = order('A')
        self.assertEqual(decode(message(1, {**good, 'addedLater': 1})).subject, good['subject'])
        for bad in (b'', b'{', b'[]', b'7', b'\xff', {**good, 'id': 'x'}, {**good, 'specversion': '2'}, {**good, 'type': 'other.type.is.v1'},
                    {**good, 'data': 7}, {**good, 'subject': ''}, {k: v for k, v in good.items() if k != 'time'}, {**good, 'time': 7}):
            with self.subTest(bad), self.assertRaises(NoEvent):
                decode(message(1, bad))

    def test_a_place_is_read_of_both_forms_of_acknowledgement(self):
        self.assertEqual(message(17, b'').sequence, 17)
        self.assertEqual(jetstream.Message('s', '$JS.ACK.domain.hash.shop.taker.1.17.3.0.0.token', b'').sequence, 17)

    def test_who_rests_keeps_those_of_his_subject_waiting_and_nobody_else(self):
        lanes, first, other = Lanes(), order('A'), order('B')
        for place, e in ((1, first), (2, other), (3, {**first, 'id': order()['id']})):
            lanes.put(decode(message(place, e)), message(place, e))
        self.assertEqual(lanes.ready(0.0, 9), [1, 2, 3])
        self.assertEqual(lanes.ready(0.0, 2), [1, 2])
        lanes.rest(first['subject'], 5.0)
        self.assertEqual(lanes.ready(4.9, 9), [2])
        self.assertEqual((lanes.pause(4.9, 9), lanes.pause(9, 9)), (5.0 - 4.9, 0.0))
        self.assertEqual(lanes.ready(5.0, 9), [1, 2, 3])
        lanes.done(1)
        self.assertEqual(lanes.ready(0.0, 9), [2, 3])

    def test_of_a_message_that_comes_again_the_newest_is_acknowledged(self):
        lanes, e = Lanes(), order('A')
        again = message(1, e)
        lanes.put(decode(again), message(1, e))
        lanes.put(decode(again), again)
        self.assertIs(lanes.done(1), again)
        self.assertEqual(lanes.waiting, {})

    def test_a_consumer_goes_on_behind_what_is_done_unless_it_takes_more(self):
        before = {'config': {'filter_subjects': ['a', 'b'], 'opt_start_seq': 4}, 'ack_floor': {'stream_seq': 0}}
        self.assertEqual(jetstream.done_by(before, ['a']), 3)
        self.assertEqual(jetstream.done_by({**before, 'ack_floor': {'stream_seq': 9}}, ['a', 'b']), 9)
        self.assertEqual(jetstream.done_by(before, ['a', 'c']), 0)

    def test_what_is_taken_is_what_the_contract_promises(self):
        schemas = FOLDER.parent / 'contract' / 'v1' / 'schemas' / 'events'
        if not schemas.is_dir():
            self.skipTest('the contract is not in this image')
        reads = {'orders.order.placed.v1': {'lines', 'placedAt'}, 'reviews.review.published.v1': {'review', 'sku', 'stars', 'version'}, 'reviews.review.removed.v1': {'review', 'version'},
                 'catalog.product.removed.v1': {'sku', 'version'}, 'catalog.product.changed.v1': {'sku', 'version'}, 'inventory.stock.changed.v1': {'sku', 'available', 'at'}}
        self.assertEqual(sorted({file.name.split('.')[0] for file in schemas.iterdir()}), list(jetstream.DOMAINS))
        from store import EFFECTS
        self.assertEqual(set(reads), set(EFFECTS))
        self.assertEqual(sorted(reads), json.loads((FOLDER / 'contract.json').read_text())['takes'])
        for type_, members in reads.items():
            schema = json.loads((schemas / f'{type_}.json').read_text())
            self.assertLessEqual(members, set(schema['required']), type_)
        lines = json.loads((schemas / 'orders.order.placed.v1.json').read_text())['properties']['lines']['items']
        self.assertIn('sku', lines['required'])
