"""The SQL of recommendations. It knows no HTTP, and of rules only what counts.py and similar.py say."""
import time
from collections.abc import Iterator

from counts import basket, silence, stock, version, voice
from shop.inbox import Event
from shop.postgres import transaction
from similar import SUPPORT, Product, Snapshot, snapshot

SCHEMA = 'recommendations'
BATCH = 2000


def placed(cursor, e: Event) -> None:
    """An order: each product once, and each pair of them. Rows are taken in order, so that two takers never block each other for ever."""
    b = basket(e.data, time.time())
    cursor.execute('''INSERT INTO recommendations.counts AS c (sku, orders, trend) SELECT sku, 1, %s FROM unnest(%s::text[]) sku
        ON CONFLICT (sku) DO UPDATE SET orders = c.orders + 1, trend = c.trend + excluded.trend''', [b.weight, b.skus])
    if b.pairs:
        cursor.execute('''INSERT INTO recommendations.pairs AS p (a, b, orders) SELECT a, b, 1 FROM unnest(%s::text[], %s::text[]) AS new (a, b)
            ON CONFLICT (a, b) DO UPDATE SET orders = p.orders + 1''', [[a for a, _ in b.pairs], [b for _, b in b.pairs]])
    changed(cursor)


def published(cursor, e: Event) -> None:
    """A review, or what one says now. What an older version says comes too late."""
    v = voice(e.data)
    cursor.execute('''SELECT 1 FROM recommendations.reviews WHERE review = %s AND version >= %s
        UNION ALL SELECT 1 FROM recommendations.withdrawn WHERE review = %s AND version >= %s''', [v.review, v.version] * 2)
    if cursor.fetchone():
        return
    forget(cursor, v.review, v.version)
    cursor.execute('INSERT INTO recommendations.reviews (review, sku, stars, version) VALUES (%s, %s, %s, %s)', [v.review, v.sku, v.stars, v.version])
    cursor.execute('''INSERT INTO recommendations.counts AS c (sku, stars, reviews) VALUES (%s, %s, 1)
        ON CONFLICT (sku) DO UPDATE SET stars = c.stars + excluded.stars, reviews = c.reviews + 1''', [v.sku, v.stars])
    changed(cursor)


def withdrawn(cursor, e: Event) -> None:
    """A review that counts no more, whether or not it was counted yet."""
    review, number = silence(e.data)
    cursor.execute('''INSERT INTO recommendations.withdrawn AS w (review, version) VALUES (%s, %s)
        ON CONFLICT (review) DO UPDATE SET version = greatest(w.version, excluded.version), noted = now()''', [review, number])
    cursor.execute("DELETE FROM recommendations.withdrawn WHERE noted < now() - interval '14 days'")
    if forget(cursor, review, number):
        changed(cursor)


def forget(cursor, review: str, number: int) -> bool:
    """Takes a review out of the counts, where it is in them by an older version; whether it was."""
    cursor.execute('DELETE FROM recommendations.reviews WHERE review = %s AND version < %s RETURNING sku, stars', [review, number])
    row = cursor.fetchone()
    if row:
        cursor.execute('UPDATE recommendations.counts SET stars = stars - %s, reviews = reviews - 1 WHERE sku = %s', [row[1], row[0]])
    return row is not None


def removed(cursor, e: Event) -> None:
    shelve(cursor, e, True)


def returned(cursor, e: Event) -> None:
    """A product that changed is there: it comes back with a higher version than it was removed with."""
    shelve(cursor, e, False)


def shelve(cursor, e: Event, gone: bool) -> None:
    """What an older version says comes too late."""
    sku, number = version(e.data)
    cursor.execute('''INSERT INTO recommendations.counts AS c (sku, version, removed) VALUES (%s, %s, %s)
        ON CONFLICT (sku) DO UPDATE SET version = excluded.version, removed = excluded.removed WHERE c.version < excluded.version''', [sku, number, gone])
    if cursor.rowcount:
        changed(cursor)


def stocked(cursor, e: Event) -> None:
    """How many there are changes all the time; only from none to some and back changes an answer."""
    s = stock(e.data)
    cursor.execute('''WITH before AS (SELECT sold_out FROM recommendations.counts WHERE sku = %s)
        INSERT INTO recommendations.counts AS c (sku, sold_out, stock_at) VALUES (%s, %s, to_timestamp(%s))
        ON CONFLICT (sku) DO UPDATE SET sold_out = excluded.sold_out, stock_at = excluded.stock_at WHERE c.stock_at < excluded.stock_at
        RETURNING sold_out <> coalesce((SELECT sold_out FROM before), false)''', [s.sku, s.sku, s.sold_out, s.at])
    if cursor.fetchone() == (True,):
        changed(cursor)


def changed(cursor) -> None:
    cursor.execute('UPDATE recommendations.revision SET value = value + 1')


EFFECTS = {
    'orders.order.placed.v1': placed,
    'reviews.review.published.v1': published,
    'reviews.review.removed.v1': withdrawn,
    'catalog.product.removed.v1': removed,
    'catalog.product.changed.v1': returned,
    'inventory.stock.changed.v1': stocked,
}


def revision(connection) -> int:
    with connection.cursor() as cursor:
        cursor.execute('SELECT value FROM recommendations.revision')
        return cursor.fetchone()[0]


def load(connection) -> Snapshot:
    """All of it as of one moment. Pairs come a piece at a time: a process need not hold them all."""
    with transaction(connection, 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY') as cursor:
        cursor.execute('SELECT value FROM recommendations.revision')
        value, = cursor.fetchone()
        cursor.execute('SELECT sku, orders, trend, stars, reviews, removed, sold_out FROM recommendations.counts')
        products = {row[0]: Product(*row[1:]) for row in cursor}
        return snapshot(value, products, pairs(cursor, products))


def pairs(cursor, products: dict[str, Product]) -> Iterator[tuple[str, str, int]]:
    """Those that may count. The texts are those of the products, so that each is in memory once."""
    own = {sku: sku for sku in products}
    cursor.execute('DECLARE pairs NO SCROLL CURSOR FOR SELECT a, b, orders FROM recommendations.pairs WHERE orders >= %s', [SUPPORT])
    while True:
        cursor.execute(f'FETCH {BATCH} FROM pairs')
        rows = cursor.fetchall()
        for a, b, together in rows:
            if a in own and b in own:
                yield own[a], own[b], together
        if len(rows) < BATCH:
            return
