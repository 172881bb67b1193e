"""What an event adds to the counts. No SQL, no HTTP, no clock."""
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import combinations

# A basket with more different products says little about any two of them (a reseller's order, a test), and has pairs by the thousand.
MOST_TOGETHER = 40
# An order weighs twice as much as one that is so much older. The scale begins at EPOCH and lasts until 2100, when it leaves a float's range.
HALF_LIFE = 30 * 86_400.0
EPOCH = datetime(2026, 1, 1, tzinfo=timezone.utc).timestamp()


class Wrong(ValueError):
    """The data of an event is not what its schema says."""


@dataclass(frozen=True)
class Basket:
    """The different products of an order in order, the pairs of them (the smaller SKU first), and what the order weighs."""
    skus: list[str]
    pairs: list[tuple[str, str]]
    weight: float


def instant(text: str) -> float:
    """Seconds since 1970 of an instant with Z."""
    try:
        return datetime.fromisoformat(text.removesuffix('Z')[:26]).replace(tzinfo=timezone.utc).timestamp()
    except (TypeError, ValueError, AttributeError) as error:
        raise Wrong('an instant is not one') from error


def weight(at: float, now: float) -> float:
    """What an order of that instant weighs. One of the future, by a clock that is wrong, weighs as one of now."""
    return 2.0 ** ((min(at, now) - EPOCH) / HALF_LIFE)


def basket(data: dict, now: float) -> Basket:
    """What orders.order.placed says. How many of a product somebody buys tells nothing of others: an order counts once."""
    try:
        skus = sorted({text(line['sku']) for line in data['lines']})
        placed = data['placedAt']
    except (KeyError, TypeError) as error:
        raise Wrong('an order has lines with a sku, and placedAt') from error
    together = skus if len(skus) <= MOST_TOGETHER else []
    return Basket(skus, list(combinations(together, 2)), weight(instant(placed), now))


@dataclass(frozen=True)
class Voice:
    """What a review says."""
    review: str
    sku: str
    stars: int
    version: int


def voice(data: dict) -> Voice:
    stars = data.get('stars')
    if type(stars) is not int or not 1 <= stars <= 5:
        raise Wrong('a review has 1 to 5 stars')
    return Voice(text(data.get('review')), text(data.get('sku')), stars, positive(data.get('version'), 'a review has a version'))


def silence(data: dict) -> tuple[str, int]:
    """The review that counts no more, and the version that says so."""
    return text(data.get('review')), positive(data.get('version'), 'a review has a version')


def version(data: dict) -> tuple[str, int]:
    """The SKU and the version that the catalog tells of."""
    return text(data.get('sku')), positive(data.get('version'), 'a product has a version')


@dataclass(frozen=True)
class Stock:
    """Whether none of a product can be bought, and since when one knows."""
    sku: str
    sold_out: bool
    at: float


def stock(data: dict) -> Stock:
    available = data.get('available')
    if type(available) is not int or available < 0:
        raise Wrong('how many there are is a whole number')
    return Stock(text(data.get('sku')), available == 0, instant(data.get('at')))


def positive(value, wrong: str) -> int:
    if type(value) is not int or value < 1:
        raise Wrong(wrong)
    return value


def text(value) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= 255:
        raise Wrong('a text of 1 to 255 characters is missing')
    return value
