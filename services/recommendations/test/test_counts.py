import unittest

from counts import EPOCH, HALF_LIFE, MOST_TOGETHER, Wrong, basket, instant, silence, stock, version, voice, weight

from .world import gone, order, review, withdrawal

NOW = EPOCH + 400 * 86_400


class WhatAnOrderAdds(unittest.TestCase):
    def test_each_product_once_and_each_pair_once_whatever_the_order_of_lines(self):
        b = basket(order('B', 'A', 'C', 'A')['data'], NOW)
        self.assertEqual(b.skus, ['A', 'B', 'C'])
        self.assertEqual(b.pairs, [('A', 'B'), ('A', 'C'), ('B', 'C')])

    def test_a_basket_of_very_many_products_has_no_pairs_but_counts(self):
        names = [f'S{n:03}' for n in range(MOST_TOGETHER + 1)]
        self.assertEqual(len(basket(order(*names[1:])['data'], NOW).pairs), MOST_TOGETHER * (MOST_TOGETHER - 1) // 2)
        b = basket(order(*names)['data'], NOW)
        self.assertEqual((b.pairs, len(b.skus)), ([], MOST_TOGETHER + 1))

    def test_an_order_of_a_month_before_weighs_half(self):
        self.assertAlmostEqual(weight(NOW - HALF_LIFE, NOW) * 2, weight(NOW, NOW))

    def test_an_order_of_the_future_weighs_as_one_of_now(self):
        self.assertEqual(weight(NOW + 9 * HALF_LIFE, NOW), weight(NOW, NOW))

    def test_an_instant_is_in_utc(self):
        self.assertEqual(instant('2026-01-01T00:00:01.5Z'), EPOCH + 1.5)
        self.assertEqual(instant('2026-01-01T00:00:01.123456789Z'), EPOCH + 1.123456)

    def test_what_is_no_order_is_refused(self):
        for data in ({}, {'lines': [], }, {'lines': [{'sku': ''}], 'placedAt': '2026-01-01T00:00:00Z'}, {'lines': [{'sku': 7}], 'placedAt': '2026-01-01T00:00:00Z'},
                     {'lines': 'AB', 'placedAt': '2026-01-01T00:00:00Z'}, {'lines': [{'sku': 'A'}], 'placedAt': 'yesterday'}, {'lines': [{'sku': 'A'}], 'placedAt': 7}):
            with self.subTest(data), self.assertRaises(Wrong):
                basket(data, NOW)


class WhatOthersTell(unittest.TestCase):
    def test_a_review_and_a_version_are_read(self):
        v = voice(review('A', 4, 'r')['data'])
        self.assertEqual((v.review, v.sku, v.stars, v.version), ('r', 'A', 4, 1))
        self.assertEqual(silence(withdrawal('A', 'r', 3)['data']), ('r', 3))
        self.assertEqual(version(gone('A', 7)['data']), ('A', 7))

    def test_what_is_none_is_refused(self):
        for stars in (0, 6, '5', True, None):
            with self.subTest(stars), self.assertRaises(Wrong):
                voice({'review': 'r', 'sku': 'A', 'stars': stars, 'version': 1})
        for version_ in (0, '1', True, None):
            for read in (voice, silence):
                with self.subTest(version_, read=read), self.assertRaises(Wrong):
                    read({'review': 'r', 'sku': 'A', 'stars': 5, 'version': version_})
        for data in ({'sku': 'A'}, {'sku': 'A', 'version': 0}, {'sku': 'A', 'version': '3'}, {'version': 3}):
            with self.subTest(data), self.assertRaises(Wrong):
                version(data)
        for data in ({'sku': 'A', 'at': '2026-01-01T00:00:00Z'}, {'sku': 'A', 'available': -1, 'at': '2026-01-01T00:00:00Z'}, {'sku': 'A', 'available': 1}):
            with self.subTest(data), self.assertRaises(Wrong):
                stock(data)
