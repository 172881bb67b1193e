import random
import unittest
from collections import Counter
from fractions import Fraction
from itertools import combinations

from similar import MOST, MOST_POPULAR, SUPPORT, Product, closeness, popular, snapshot


def counted(baskets):
    """Products and pairs of baskets, counted by other means than the service's."""
    orders, together = Counter(), Counter()
    for basket in baskets:
        orders.update(set(basket))
        together.update(combinations(sorted(set(basket)), 2))
    return {sku: Product(n, float(n)) for sku, n in orders.items()}, [(a, b, n) for (a, b), n in together.items()]


def similar(products, pairs):
    return snapshot(1, products, pairs).similar


class OthersBoughtWithIt(unittest.TestCase):
    """cases/commerce.md, Recommendations: never itself, nothing unpublished or sold out, no doubles; an empty list for what is new."""

    def test_what_is_bought_with_it_comes_before_what_is_bought_with_everything(self):
        baskets = [['tea', 'cup', 'bag']] * 3 + [['tea', 'bag']] * 2 + [[f'x{n}', 'bag'] for n in range(40)]
        self.assertEqual(similar(*counted(baskets))['tea'], ('cup', 'bag'))

    def test_once_together_is_chance(self):
        self.assertEqual(similar(*counted([['a', 'b']])), {})
        self.assertEqual(similar(*counted([['a', 'b']] * SUPPORT)), {'a': ('b',), 'b': ('a',)})

    def test_the_same_closeness_goes_by_how_often_and_then_by_name(self):
        products = {'a': Product(8), 'z': Product(2), 'y': Product(2), 'x': Product(8)}
        pairs = [('a', 'z', 2), ('a', 'y', 2), ('a', 'x', 4)]  # 4/16 each
        for seed in range(6):
            random.Random(seed).shuffle(pairs)
            self.assertEqual(similar(products, pairs)['a'], ('x', 'y', 'z'))

    def test_a_removed_product_is_recommended_nowhere_and_back_again_when_it_is_back(self):
        products, pairs = counted([['a', 'b', 'c']] * 3)
        products['b'].removed = True
        s = snapshot(1, products, pairs)
        self.assertEqual((s.similar['a'], s.similar['c'], s.popular), (('c',), ('a',), ('a', 'c')))
        self.assertEqual(s.similar['b'], ('a', 'c'))  # whoever still has its page open
        products['b'].removed = False
        self.assertEqual(similar(products, pairs)['a'], ('b', 'c'))

    def test_what_is_sold_out_is_recommended_nowhere(self):
        products, pairs = counted([['a', 'b', 'c']] * 3)
        products['b'].sold_out = True
        s = snapshot(1, products, pairs)
        self.assertEqual((s.similar['a'], s.popular), (('c',), ('a', 'c')))

    def test_what_is_spoken_ill_of_by_many_is_not_recommended(self):
        products, pairs = counted([['a', 'b']] * 3)
        products['b'].stars, products['b'].reviews = 1, 1
        self.assertEqual(similar(products, pairs)['a'], ('b',))  # one voice is no verdict
        products['b'].stars, products['b'].reviews = 20, 20
        self.assertNotIn('a', similar(products, pairs))
        self.assertEqual(snapshot(1, products, pairs).popular, ('a',))

    def test_never_itself_and_nothing_of_what_was_never_ordered(self):
        self.assertEqual(similar({'a': Product(3), 'b': Product(0)}, [('a', 'a', 3), ('a', 'b', 3), ('a', 'nobody', 3)]), {})

    def test_a_product_has_so_many_at_most_and_they_are_the_best(self):
        n = MOST + 20
        products = {'hub': Product(1000)} | {f'p{i:03}': Product(10 + i) for i in range(n)}
        self.assertEqual(similar(products, [('hub', f'p{i:03}', 10) for i in reversed(range(n))])['hub'], tuple(f'p{i:03}' for i in range(MOST)))

    def test_any_shop_has_what_all_pairs_sorted_would_have(self):
        for seed in range(30):
            r = random.Random(seed)
            names = [f's{n}' for n in range(r.randint(2, 90))]
            products, pairs = counted([r.choices(names, k=r.randint(1, 6)) for _ in range(r.randint(1, 400))])
            for p in products.values():
                p.removed = r.random() < 0.1
            r.shuffle(pairs)
            got = similar(products, pairs)
            for sku in products:
                of = [(b if a == sku else a, n) for a, b, n in pairs if sku in (a, b) and n >= SUPPORT]
                want = sorted((-Fraction(n * n, products[sku].orders * products[o].orders), -n, o) for o, n in of if not products[o].removed)
                self.assertEqual(got.get(sku, ()), tuple(o for _, _, o in want[:MOST]), f'seed {seed}, {sku}')

    def test_closeness_is_one_for_two_that_are_never_apart(self):
        self.assertEqual(closeness(7, 7, 7), 1)
        self.assertLess(closeness(7, 7, 8), 1)


class Popular(unittest.TestCase):
    def test_what_is_bought_of_late_comes_first_and_what_is_well_spoken_of(self):
        products = {'old': Product(100, 1.0), 'new': Product(3, 2.0), 'liked': Product(3, 2.0, 50, 10), 'never': Product(0, 0.0)}
        self.assertEqual(popular(products), ('liked', 'new', 'old'))

    def test_there_are_so_many_at_most_and_the_same_weight_goes_by_name(self):
        self.assertEqual(popular({f'p{n:03}': Product(1, 1.0) for n in reversed(range(MOST_POPULAR + 5))}), tuple(f'p{n:03}' for n in range(MOST_POPULAR)))
