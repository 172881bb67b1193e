"""Takes events: each has its effect once, however often it is delivered. The effect and the event's row in the inbox are one commit; an event whose row is
there is acknowledged without an effect. One replica of all stacks takes, the others wait for their turn."""
import base64
import json
import re
import threading
import time
from dataclasses import dataclass
from uuid import UUID

import psycopg2

from . import jetstream, log
from .postgres import connect, transaction

STREAM = 'shop'
# How often an event may fail before it is parked; it rests for 0.1 s after the first time, and each time four times as long.
TRIES = 5
FIRST_PAUSE, LONGEST = 0.1, 30.0
# How many events the process has that are not done, and how many it takes in one commit.
WAITING, TOGETHER = 256, 64
AGAIN = 1.0
SWEEP = 600.0
# What JSON may hold and jsonb does not: NUL, and halves of characters.
UNFIT = re.compile(r'\\u(0000|[dD][89a-fA-F])')


class NoEvent(Exception):
    """A message is no event, and will never be one."""


@dataclass(slots=True)
class Event:
    id: str
    type: str
    subject: str
    time: str
    data: dict
    text: str


def decode(message: jetstream.Message) -> Event:
    """Reads a CloudEvent. Members that are not known are ignored."""
    try:
        e = json.loads(message.data)
        event = Event(str(UUID(e['id'])), e['type'], e['subject'], e['time'], e['data'], message.data.decode())
        good = e['specversion'] == '1.0' and event.type == message.subject and event.subject and isinstance(event.data, dict)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoEvent(type(error).__name__) from error
    if not good or not all(isinstance(v, str) for v in (event.type, event.subject, event.time)):
        raise NoEvent('it is no CloudEvent 1.0 of this subject')
    return event


class Lanes:
    """Events of one subject wait for each other, and for nobody else."""

    def __init__(self):
        self.waiting: dict[int, tuple[Event, jetstream.Message]] = {}
        self.resting: dict[str, float] = {}

    def put(self, event: Event, message: jetstream.Message) -> None:
        """JetStream may send again what still waits; then the newest message is the one to acknowledge."""
        self.waiting[message.sequence] = event, message

    def ready(self, now: float, most: int) -> list[int]:
        """The places of those that may be taken now, in order."""
        places = []
        for place, (event, _) in self.waiting.items():
            if self.resting.get(event.subject, 0.0) <= now:
                places.append(place)
                if len(places) == most:
                    break
        return places

    def rest(self, subject: str, until: float) -> None:
        self.resting[subject] = until

    def done(self, place: int) -> jetstream.Message:
        event, message = self.waiting.pop(place)
        self.resting.pop(event.subject, None)
        return message

    def pause(self, now: float, longest: float) -> float:
        """How long to wait for news: no longer than until somebody has rested."""
        return max(0.0, min([longest, *(until - now for until in self.resting.values())]))


class Box:
    """The inbox of a taker, on one connection. `handlers` are effects by type: handler(cursor, event)."""

    def __init__(self, connection, schema: str, taker: str, handlers: dict, metrics):
        self.connection, self.schema, self.taker, self.handlers, self.metrics = connection, schema, taker, handlers, metrics

    def take(self, events: list[Event]) -> None:
        """All effects that were not had yet, in one commit. Types that are not known have none."""
        had: list[str] = []
        with transaction(self.connection) as cursor:
            for e in events:
                handle = self.handlers.get(e.type)
                if handle and self.note(cursor, e):
                    handle(cursor, e)
                    had.append(e.type)
        for type_ in had:
            self.metrics.taken.labels(type_).inc()

    def note(self, cursor, e: Event) -> bool:
        """Writes the event's row; whether it is the first."""
        cursor.execute(f'INSERT INTO {self.schema}.inbox (taker, id) VALUES (%s, %s) ON CONFLICT DO NOTHING', [self.taker, e.id])
        return cursor.rowcount == 1

    def failed(self, e: Event, why: Exception) -> int:
        """Counts a try that failed, and parks the event after the last one. Returns the tries that were; 0 when it is parked."""
        with transaction(self.connection) as cursor:
            cursor.execute(f'''INSERT INTO {self.schema}.inbox_tries AS t (taker, id, tries) VALUES (%s, %s, 1)
                ON CONFLICT (taker, id) DO UPDATE SET tries = t.tries + 1, failed = now() RETURNING tries''', [self.taker, e.id])
            tries, = cursor.fetchone()
            if tries < TRIES:
                return tries
            self.forget_tries(cursor, e)
            if self.note(cursor, e):
                text = e.text if not UNFIT.search(e.text) else json.dumps({'base64': base64.b64encode(e.text.encode()).decode()})
                cursor.execute(f'INSERT INTO {self.schema}.inbox_parked (taker, id, type, event, error) VALUES (%s, %s, %s, %s, %s)',
                               [self.taker, e.id, e.type, text, log.told(why)['error']])
        self.metrics.parked.labels(e.type).inc()
        log.error('parking an event that failed too often', type=e.type, event=e.id, taker=self.taker, **log.told(why))
        return 0

    def forget_tries(self, cursor, e: Event) -> None:
        cursor.execute(f'DELETE FROM {self.schema}.inbox_tries WHERE taker = %s AND id = %s', [self.taker, e.id])

    def take_again(self, e: Event) -> None:
        """One event, which may have failed before."""
        self.take([e])
        with transaction(self.connection) as cursor:
            self.forget_tries(cursor, e)

    def sweep(self) -> None:
        """Forgets what the stream forgot long ago."""
        while True:
            with self.connection.cursor() as cursor:
                cursor.execute(f'''DELETE FROM {self.schema}.inbox WHERE (taker, id) IN (SELECT taker, id FROM {self.schema}.inbox
                    WHERE taken < now() - interval '14 days' ORDER BY taken LIMIT 500 FOR UPDATE SKIP LOCKED)''')
                if cursor.rowcount < 500:
                    return


def away(error: Exception) -> bool:
    """Whether the database is away, or undid the work for the sake of another: that is nobody's try."""
    return isinstance(error, (psycopg2.OperationalError, psycopg2.InterfaceError))


class Consumer(threading.Thread):
    """Takes until it is stopped; begins again whenever PostgreSQL or NATS is away."""

    def __init__(self, config, schema: str, needs: int, handlers: dict, metrics):
        super().__init__(name='inbox', daemon=True)
        self.config, self.schema, self.needs, self.handlers, self.metrics = config, schema, needs, handlers, metrics
        self.taker = config.service.removesuffix('-worker')
        self.stopped = threading.Event()

    def run(self) -> None:
        told = False
        while not self.stopped.is_set():
            began = time.monotonic()
            try:
                self.consume()
            except Exception as error:  # whatever it was, nobody else would take
                told = told and time.monotonic() - began < LONGEST
                if not told:
                    log.warn('taking events again soon', taker=self.taker, **log.told(error))
                told = True
            self.stopped.wait(AGAIN)

    def consume(self) -> None:
        """The turn is a lock of the very connection that has the effects: who lost it can have none."""
        connection = connect(self.config, self.schema, self.needs)
        try:
            if not self.turn(connection):
                return
            bus = jetstream.Connection(self.config.events_url)
            try:
                self.take_from(bus, Box(connection, self.schema, self.taker, self.handlers, self.metrics))
            finally:
                bus.close()
        finally:
            connection.close()

    def turn(self, connection) -> bool:
        while not self.stopped.is_set():
            with connection.cursor() as cursor:
                cursor.execute('SELECT pg_try_advisory_lock(hashtextextended(%s, 0))', [f'emporium/inbox/{self.schema}/{self.taker}'])
                if cursor.fetchone()[0]:
                    return True
            self.stopped.wait(AGAIN)
        return False

    def take_from(self, bus: jetstream.Connection, box: Box) -> None:
        types = sorted(self.handlers)
        jetstream.hold(bus, STREAM, types)
        jetstream.take_over(bus, STREAM, self.taker, types, WAITING)
        log.info('taking events', taker=self.taker, types=types)
        lanes, swept = Lanes(), 0.0
        while not self.stopped.is_set():
            if time.monotonic() - swept > SWEEP:
                box.sweep()
                swept = time.monotonic()
            busy = bool(lanes.ready(time.monotonic(), 1))
            for message in bus.fetch(STREAM, self.taker, TOGETHER, 0.0 if busy else lanes.pause(time.monotonic(), 0.5)):
                self.put(bus, lanes, message)
            self.work(bus, box, lanes)

    def put(self, bus, lanes: Lanes, message: jetstream.Message) -> None:
        try:
            lanes.put(decode(message), message)
        except NoEvent as no:
            log.error('leaving alone a message that is no event', error=str(no))
            self.metrics.parked.labels('undecodable').inc()
            bus.terminate(message)

    def work(self, bus, box: Box, lanes: Lanes) -> None:
        places = lanes.ready(time.monotonic(), TOGETHER)
        events = [lanes.waiting[place][0] for place in places]
        if not events:
            return
        try:
            box.take(events)
        except Exception as error:
            if away(error):
                raise
            return self.one_by_one(bus, box, lanes, places)
        for place in places:
            bus.acknowledge(lanes.done(place))

    def one_by_one(self, bus, box: Box, lanes: Lanes, places: list[int]) -> None:
        """One of them fails: the others have their effects without it."""
        held: set[str] = set()
        for place in places:
            e = lanes.waiting[place][0]
            if e.subject in held:
                continue
            try:
                box.take_again(e)
            except Exception as error:
                if away(error):
                    raise
                log.warn('taking an event again soon', type=e.type, event=e.id, taker=self.taker, **log.told(error))
                tries = box.failed(e, error)
                if tries:
                    held.add(e.subject)
                    lanes.rest(e.subject, time.monotonic() + min(FIRST_PAUSE * 4 ** (tries - 1), LONGEST))
                    continue
            bus.acknowledge(lanes.done(place))

    def stop(self) -> None:
        self.stopped.set()
        self.join(5)
