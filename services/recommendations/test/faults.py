"""Breaks the service in places that matter, one after the other, in a copy: each must turn a test red. `python3 -m test.faults [part of a name]`.

hack/seededfaults does the same for Go, by an overlay for its compiler."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Fault:
    """`old` stands in the file once; `test` is a module, with -k where there is a second word."""
    name: str
    harm: str
    file: str
    old: str
    new: str
    test: str


FAULTS = [
    Fault('inbox-twice', 'an order that is delivered again counts again', 'shop/inbox.py', 'return cursor.rowcount == 1', 'return True', 'test_inbox comes_again'),
    Fault('inbox-acknowledges-first', 'an order is lost when the worker dies', 'shop/inbox.py', "                    handle(cursor, e)\n", "                    cursor.execute('COMMIT'); cursor.execute('BEGIN'); handle(cursor, e)\n", 'test_inbox killed_before'),
    Fault('inbox-passes-by', 'events of one product change places', 'shop/inbox.py', '            if e.subject in held:', '            if False:', 'test_inbox keeps_those'),
    Fault('inbox-never-parks', 'one wrong event is tried for ever', 'shop/inbox.py', 'if tries < TRIES:', 'if True:', 'test_inbox parked'),
    Fault('inbox-away-is-a-try', 'events are parked because PostgreSQL restarts', 'shop/inbox.py', 'isinstance(error, (psycopg2.OperationalError, psycopg2.InterfaceError))', 'False', 'test_inbox away_is_no_try'),
    Fault('inbox-two-take', 'two workers take at once, and events of one product change places', 'shop/inbox.py', 'pg_try_advisory_lock(hashtextextended(%s, 0))', 'hashtextextended(%s, 0) IS NOT NULL', 'test_life of_two_workers'),
    Fault('jetstream-from-the-end', 'who takes over misses what its predecessor left', 'shop/jetstream.py', "'opt_start_seq': done + 1", "'opt_start_seq': done + 3", 'test_jetstream begins_with_the_first'),
    Fault('jetstream-no-goodbye', 'who was cut off takes the events of his successor', 'shop/jetstream.py', 'if m.status in (409, 503):', 'if m.status in (503,):', 'test_jetstream begins_with_the_first'),
    Fault('jetstream-takes-out', 'the stream loses the events of other services', 'shop/jetstream.py', "'subjects': config['subjects'] + missing", "'subjects': missing", 'test_jetstream only_added'),
    Fault('similar-chance', 'what was together once is recommended', 'similar.py', 'SUPPORT = 2', 'SUPPORT = 1', 'test_similar chance'),
    Fault('similar-bestsellers', 'everywhere the same best-sellers are recommended', 'similar.py', 'together * together / (a * b)', 'together * together / a', 'test_similar bought_with_everything'),
    Fault('similar-sold-out', 'what nobody can buy is recommended', 'similar.py', 'not self.removed and not self.sold_out', 'not self.removed', 'test_similar sold_out'),
    Fault('similar-drops-the-best', 'of a product with many neighbours some of the best are missing', 'similar.py', 'what < best[-1]', 'what > best[-1]', 'test_similar at_most'),
    Fault('counts-quantity', 'one reseller makes a product popular', 'counts.py', "sorted({text(line['sku']) for line in data['lines']})", "sorted([text(line['sku']) for line in data['lines']])", 'test_counts each_product_once'),
    Fault('counts-future', 'an order of a wrong clock is popular for ever', 'counts.py', 'min(at, now)', 'at', 'test_counts future'),
    Fault('store-late-word', 'a removed product comes back by an event that comes late', 'store.py', ' WHERE c.version < excluded.version', '', 'test_inbox stays_removed'),
    Fault('store-review-twice', 'a review that is changed counts twice', 'store.py', '    if row:\n', '    if False:\n', 'test_inbox as_it_is_now'),
    Fault('store-review-late', 'a review that was removed comes back by an event that comes late', 'store.py', '    if cursor.fetchone():\n', '    if False:\n', 'test_inbox in_any_order'),
    Fault('store-removal-late', 'a review that is published again is taken out by an older removal', 'store.py', 'version < %s RETURNING', 'version <> %s RETURNING', 'test_inbox in_any_order'),
    Fault('store-part', 'pairs behind the first piece are never recommended', 'store.py', '        if len(rows) < BATCH:\n', '        if rows:\n', 'test_inbox misses_none'),
    Fault('app-stale', 'what is new is never answered', 'app.py', '== self.snapshot.revision', '>= 0', 'test_life moment_after'),
    Fault('app-tag', 'caches forget an answer that did not change', 'app.py', "hashlib.sha256(body).hexdigest()[:16]", "str(snapshot().revision)", 'test_life moment_after'),
    Fault('wire-two-hosts', 'two proxies take one request for requests of two hosts', 'shop/wire.py', 'r.hosts > 1 or ', '', 'test_life no_request'),
    Fault('wire-endless-header', 'a header without end fills the memory', 'shop/wire.py', 'self.read > MOST_READ:', 'False:', 'test_life no_request'),
    Fault('server-drops', 'a request in flight at SIGTERM is lost', 'shop/server.py', 'if connection.idle and not connection.done', 'if not connection.done', 'test_life in_flight'),
    Fault('postgres-restart', 'all pods are unready while PostgreSQL restarts', 'shop/postgres.py', 'SILENCE = 30.0', 'SILENCE = 0.0', 'test_life crashes'),
]


def turned_red(fault: Fault) -> str | None:
    """The test that saw it, or None."""
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / 'recommendations'
        shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns('__pycache__'))
        file = copy / 'src' / fault.file
        text = file.read_text()
        if text.count(fault.old) != 1:
            raise SystemExit(f'{fault.name}: {fault.file} holds what shall be replaced {text.count(fault.old)} times: bring the list up to date')
        file.write_text(text.replace(fault.old, fault.new))
        module, *only = fault.test.split()
        command = [sys.executable, '-m', 'unittest', '-f', f'test.{module}', *(['-k', only[0]] if only else [])]
        done = subprocess.run(command, cwd=copy, env={**os.environ, 'PYTHONDONTWRITEBYTECODE': '1', 'TEST_PATIENCE': '15'}, capture_output=True, text=True, timeout=300)
        red = re.search(r'^(?:FAIL|ERROR): (\w+)', done.stderr, re.M)
        if done.returncode and not red or 'NO TESTS RAN' in done.stderr:
            raise SystemExit(f'{fault.name}: the tests did not run to their end:\n{done.stderr}')
        return red[1] if red else None


def main(part: str = '') -> int:
    missed = 0
    for fault in (f for f in FAULTS if part in f.name):
        by = turned_red(fault)
        missed += by is None
        print(f'{"red  " if by else "GREEN"} {fault.name}: {by or fault.harm}', flush=True)
    return 1 if missed else 0


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:2]))
