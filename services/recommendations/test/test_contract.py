"""What others tell, by the contract's own examples."""
import store
from shop.inbox import Box

from . import contracttest
from .world import Migrated, metrics


class Examples(Migrated):
    def setUp(self):
        super().setUp()
        self.box = Box(self.db, 'recommendations', 'recommendations', store.EFFECTS, metrics())

    def of(self, columns: str):
        """Looks at columns of the examples' product."""
        return lambda: self.rows(f"SELECT {columns} FROM recommendations.counts WHERE sku = 'KIT-1001'")

    def test_the_contracts_examples_have_their_effects_once(self):
        contracttest.takes('orders.order.placed.v1', self.box, lambda: self.rows('SELECT a, b, orders FROM recommendations.pairs'), [('KIT-1001', 'KIT-1002', 1)])
        contracttest.takes('reviews.review.published.v1', self.box, self.of('stars, reviews'), [(5, 1)])
        contracttest.takes('reviews.review.removed.v1', self.box, self.of('stars, reviews'), [(0, 0)])
        contracttest.takes('inventory.stock.changed.v1', self.box, self.of('sold_out'), [(True,)], '"available": 3', '"available": 0')
        contracttest.takes('catalog.product.changed.v1', self.box, self.of('version, removed'), [(7, False)])
        contracttest.takes('catalog.product.removed.v1', self.box, self.of('version, removed'), [(8, True)])

    def test_what_has_no_effect_or_had_it_before_is_seen(self):
        for want in ([(0, 0)], []):
            with self.assertRaises(AssertionError):
                contracttest.takes('reviews.review.published.v1', self.box, self.of('stars, reviews'), want)
