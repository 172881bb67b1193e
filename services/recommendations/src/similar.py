"""Which products are recommended, from the counts. The same counts give the same answer, in every replica. No SQL, no HTTP, no clock."""
from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass, field

# Two products that were together less often are so by chance.
SUPPORT = 2
# How many a product has at most, and how many are popular.
MOST, MOST_POPULAR = 50, 100
# Reviews are weighed as if there were so many more that say so: one bad word is no verdict.
PRIOR, PRIOR_STARS = 5, 4
# What is said to be worse than this, in stars, is not recommended.
WORST = 2.5


@dataclass(slots=True)
class Product:
    """What is known of a product. `stars` is the sum over its `reviews`."""
    orders: int
    trend: float = 0.0
    stars: int = 0
    reviews: int = 0
    removed: bool = False
    sold_out: bool = False

    @property
    def quality(self) -> float:
        return (self.stars + PRIOR * PRIOR_STARS) / (self.reviews + PRIOR)

    @property
    def shown(self) -> bool:
        return not self.removed and not self.sold_out and self.quality >= WORST


@dataclass(frozen=True)
class Snapshot:
    """All answers there are. `similar` has the best first."""
    revision: int = 0
    similar: dict[str, tuple[str, ...]] = field(default_factory=dict)
    popular: tuple[str, ...] = ()


def closeness(together: int, a: int, b: int) -> float:
    """The square of the cosine of two products' orders, which has the order of the cosine and no root to round: 1 for two that are never apart. What
    everybody buys is close to nothing for that."""
    return together * together / (a * b)


class Ranking:
    """Takes pairs one at a time, in any order, and keeps the best of each product: what it needs does not grow with the pairs."""

    def __init__(self, products: dict[str, Product]):
        self.products = products
        self.best: dict[str, list[tuple[float, int, str]]] = {}

    def add(self, a: str, b: str, together: int) -> None:
        one, other = self.products.get(a), self.products.get(b)
        if together < SUPPORT or a == b or not one or not other or not one.orders or not other.orders:
            return
        close = closeness(together, one.orders, other.orders)
        if other.shown:
            self.keep(a, (-close, -together, b))
        if one.shown:
            self.keep(b, (-close, -together, a))

    def keep(self, sku: str, what: tuple[float, int, str]) -> None:
        best = self.best.setdefault(sku, [])
        if len(best) < MOST or what < best[-1]:
            insort(best, what)
            del best[MOST:]

    def similar(self) -> dict[str, tuple[str, ...]]:
        return {sku: tuple(b for _, _, b in best) for sku, best in self.best.items()}


def popular(products: dict[str, Product]) -> tuple[str, ...]:
    """What is bought most of late, and well spoken of."""
    ranked = sorted((-p.trend * p.quality, sku) for sku, p in products.items() if p.orders > 0 and p.shown)
    return tuple(sku for _, sku in ranked[:MOST_POPULAR])


def snapshot(revision: int, products: dict[str, Product], pairs: Iterable[tuple[str, str, int]]) -> Snapshot:
    ranking = Ranking(products)
    for a, b, together in pairs:
        ranking.add(a, b, together)
    return Snapshot(revision, ranking.similar(), popular(products))
