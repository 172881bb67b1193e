"""The operations of openapi.json, by their id. They answer from the snapshot, and never wait for PostgreSQL."""
import hashlib
import json
import time

import store
from shop import log
from shop.chain import encode
from shop.problem import unavailable
from similar import Snapshot

# A snapshot is read again at most so often, in seconds, and for at most a part of the time: a shop with many pairs has answers that are a little older.
FRESH, PART = 5.0, 20


class Shelf:
    """Holds the newest snapshot. One thread reads it anew; all others see the old one or the new one whole."""

    def __init__(self, snapshot: Snapshot | None = None):
        self.snapshot = snapshot
        self.next = 0.0

    def refresh(self, connection) -> None:
        """Reads a new one when there is something new, and it is time."""
        began = time.monotonic()
        if self.snapshot is not None and (began < self.next or store.revision(connection) == self.snapshot.revision):
            return
        new = store.load(connection)
        took = time.monotonic() - began
        if self.snapshot is None:
            log.info('the first snapshot is there', products=len(new.similar), seconds=round(took, 3))
        self.snapshot, self.next = new, began + max(FRESH, PART * took)

    def cold(self) -> str | None:
        return None if self.snapshot is not None else 'the first snapshot is not there yet'


def handlers(shelf: Shelf, document: dict) -> dict:
    shape = hashlib.sha256(json.dumps(document['components']['schemas']['Recommendations'], sort_keys=True).encode()).hexdigest()[:8]

    def answer(skus: tuple[str, ...]):
        body = encode({'items': [{'sku': sku} for sku in skus]})
        # The version of an answer is what it says: a snapshot that changes nothing here leaves the copies of caches alone.
        tag = hashlib.sha256(body).hexdigest()[:16]
        return {'ETag': f'"{tag}-{shape}"', 'Cache-Control': 'public, max-age=30'}, body

    def similar(values: dict, query: dict):
        return answer(snapshot().similar.get(values['sku'], ())[:query['limit']])

    def popular(values: dict, query: dict):
        return answer(snapshot().popular[:query['limit']])

    def snapshot() -> Snapshot:
        if shelf.snapshot is None:
            raise unavailable('The recommendations are not read yet.')
        return shelf.snapshot

    return {'listSimilar': similar, 'listPopular': popular}
