"""The service's own part of the shop's database: connections, and a look at whether the schema fits this release."""
import threading
import time
from contextlib import contextmanager

import psycopg2

from . import log

# No look was answered for so long: then the pod is not ready. A restart of PostgreSQL takes less.
SILENCE = 30.0
EVERY = 2.0
NOT_THERE = ('3F000', '42P01', '42501')  # no schema, no table, no right to it yet
Error, OperationalError, InterfaceError = psycopg2.Error, psycopg2.OperationalError, psycopg2.InterfaceError


def connect(config, schema: str, needs: int, statement: float | None = None):
    """A connection whose statements are each a transaction. The application's name tells the floor who still needs an old shape. A server that
    vanished is given up after some ten seconds, also in the middle of a statement."""
    wait = config.statement if statement is None else statement
    connection = psycopg2.connect(
        config.database_url, application_name=f'{schema}/{config.release}/{needs}', connect_timeout=2,
        options=f'-c statement_timeout={int(wait * 1000)} -c idle_in_transaction_session_timeout=30000',
        keepalives_idle=4, keepalives_interval=2, keepalives_count=3, tcp_user_timeout=10000)
    connection.autocommit = True
    return connection


@contextmanager
def transaction(connection, begin: str = 'BEGIN'):
    """A cursor within one transaction."""
    with connection.cursor() as cursor:
        cursor.execute(begin)
        try:
            yield cursor
        except BaseException:
            if not connection.closed:
                cursor.execute('ROLLBACK')
            raise
        cursor.execute('COMMIT')


def look(connection, schema: str) -> tuple[int, int]:
    """The newest migration that is in, and the oldest release that the schema serves."""
    with connection.cursor() as cursor:
        cursor.execute(f'''SELECT (SELECT coalesce(max(version_id), 0) FROM {schema}.migrations WHERE is_applied),
                                  (SELECT coalesce(max(floor), 0) FROM {schema}.floor)''')
        return cursor.fetchone()


def unfit(schema: str, needs: int, version: int, floor: int) -> str | None:
    """Why a release that needs this version cannot use the schema."""
    if version < needs:
        return f'schema {schema} has version {version}, this release needs {needs}'
    if floor > needs:
        return f'schema {schema} serves releases from version {floor} on, this one has {needs}'
    return None


class Watch(threading.Thread):
    """Looks every two seconds at whether the schema fits, and then lets `use(connection)` read what it needs: in the background, so that no answer
    waits for PostgreSQL. Says once when PostgreSQL goes and when it comes."""

    def __init__(self, config, schema: str, needs: int, use=lambda connection: None):
        super().__init__(name='watch', daemon=True)
        self.config, self.schema, self.needs, self.use = config, schema, needs, use
        self.seen: tuple[float, str | None] | None = None
        self.connection = None
        self.silent = False
        self.stopped = threading.Event()

    def run(self) -> None:
        while not self.stopped.is_set():
            self.once()
            self.stopped.wait(EVERY)
        self.drop()

    def once(self) -> None:
        try:
            if self.connection is None:
                self.connection = connect(self.config, self.schema, self.needs)
            wrong = unfit(self.schema, self.needs, *look(self.connection, self.schema))
            self.answered(wrong)
            if not wrong:
                self.use(self.connection)
        except psycopg2.Error as error:
            if error.pgcode in NOT_THERE:
                self.answered(f'schema {self.schema} is not there yet')
            else:
                self.unanswered(error)

    def answered(self, wrong: str | None) -> None:
        if self.silent:
            log.info('PostgreSQL answers again')
        self.silent = False
        self.seen = time.monotonic(), wrong

    def unanswered(self, error) -> None:
        if not self.silent:
            log.warn('PostgreSQL does not answer', **log.told(error))
        self.silent = True
        self.drop()

    def drop(self) -> None:
        if self.connection is not None and not self.connection.closed:
            self.connection.close()
        self.connection = None

    def not_ready(self) -> str | None:
        """Why a pod is not ready by what was seen last. A schema that does not fit counts at once, a silent PostgreSQL after a while."""
        if self.seen is None:
            return 'PostgreSQL was not seen yet'
        at, wrong = self.seen
        quiet = time.monotonic() - at
        return wrong or (f'PostgreSQL has not answered for {quiet:.0f} s' if quiet > SILENCE else None)

    def stop(self) -> None:
        self.stopped.set()
        self.join(1)
