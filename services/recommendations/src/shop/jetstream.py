"""A client of NATS JetStream, as far as a service needs one: it asks, publishes, pulls and acknowledges, on one socket and one thread. Debian has no client
for Python; the protocol is lines of text (docs.nats.io/reference/reference-protocols)."""
import json
import select
import socket
import time
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit
from uuid import uuid4

# How long one question may take, and how long a connection, in seconds.
PATIENCE = 5.0
CONNECTING = 2.0
# How long the server keeps a pull that it has nothing for, and after how much more silence the connection is given up.
PULL, GRACE = 10.0, 3.0
MOST_LINE = 64 << 10
NOT_FOUND = (10014, 10059)  # no such consumer, no such stream


class Broken(Exception):
    """The connection is not there any more, or never was."""


class Refused(Exception):
    """JetStream says no."""

    def __init__(self, code: int, text: str):
        super().__init__(f'JetStream: {text} ({code})')
        self.code = code


@dataclass(slots=True)
class Message:
    """`status` is that of a message without content: 404 nothing there, 408 the pull is over. A message of a stream has its place there as `sequence`."""
    subject: str
    reply: str
    data: bytes
    status: int = 0
    why: str = ''
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def sequence(self) -> int:
        """$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.…, with domain and account in front of the stream at newer servers."""
        parts = self.reply.split('.')
        return int(parts[5 if len(parts) == 9 else 7])


class Connection:
    """One connection. It is not made again when it breaks: what was on its way then is asked for anew by whoever connects next."""

    def __init__(self, url: str):
        parts = urlsplit(url)
        try:
            self.socket = socket.create_connection((parts.hostname, parts.port or 4222), CONNECTING)
        except OSError as error:
            raise Broken(f'connecting to NATS: {error}') from error
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b''
        self.heard = time.monotonic()
        self.inbox = f'_INBOX.{uuid4().hex}'
        self.questions = 0
        self.pull: Pull | None = None
        self.early: list[Message] = []  # of the pull, while an answer was waited for
        try:
            self.greet(parts)
        except (TimeoutError, ValueError, Broken) as error:
            self.close()
            raise Broken(f'connecting to NATS: {error or "it says nothing"}') from error

    def greet(self, parts) -> None:
        end = time.monotonic() + CONNECTING
        info = json.loads(self.line(end).removeprefix(b'INFO '))
        if info.get('tls_required'):
            raise Broken('this NATS wants TLS')
        options = {'verbose': False, 'pedantic': False, 'lang': 'python', 'version': '1', 'name': 'emporium', 'protocol': 1, 'headers': True, 'no_responders': True}
        if parts.password is not None:
            options |= {'user': unquote(parts.username), 'pass': unquote(parts.password)}
        elif parts.username:
            options['auth_token'] = unquote(parts.username)
        self.send(f'CONNECT {json.dumps(options)}\r\nSUB {self.inbox}.> 1\r\nPING\r\n'.encode())
        while self.frame(end) is not PONG:
            pass

    def close(self) -> None:
        self.socket.close()

    # The protocol.
    def send(self, text: bytes) -> None:
        try:
            self.socket.settimeout(PATIENCE)
            self.socket.sendall(text)
        except OSError as error:
            raise Broken(f'sending to NATS: {error}') from error

    def more(self, end: float) -> None:
        """Reads what is there, or waits for it until `end`; raises TimeoutError then."""
        if not select.select([self.socket], [], [], max(0.0, end - time.monotonic()))[0]:
            raise TimeoutError
        try:
            part = self.socket.recv(64 << 10)
        except OSError as error:
            raise Broken(f'reading from NATS: {error}') from error
        if not part:
            raise Broken('NATS closed the connection')
        self.heard = time.monotonic()
        self.buffer += part

    def line(self, end: float) -> bytes:
        while b'\r\n' not in self.buffer:
            if len(self.buffer) > MOST_LINE:
                raise Broken('a line of NATS has no end')
            self.more(end)
        text, self.buffer = self.buffer.split(b'\r\n', 1)
        return text

    def frame(self, end: float):
        """The next message, PONG, or None for what needs no answer of the caller."""
        begun = self.line(end)
        verb, *words = begun.decode().split(' ') if begun else ('',)
        match verb.upper():
            case 'PING':
                self.send(b'PONG\r\n')
            case 'PONG':
                return PONG
            case '-ERR':
                raise Broken(f'NATS: {begun.decode()}')
            case 'MSG':
                return self.message(words, 0, int(words[-1]))
            case 'HMSG':
                return self.message(words[:-1], int(words[-2]), int(words[-1]))
        return None

    def message(self, words: list[str], head: int, size: int) -> Message:
        end = time.monotonic() + PATIENCE
        try:
            while len(self.buffer) < size + 2:
                self.more(end)
        except TimeoutError as error:
            raise Broken('NATS stopped in the middle of a message') from error
        whole, self.buffer = self.buffer[:size], self.buffer[size + 2:]
        m = Message(words[0], words[2] if len(words) == 4 else '', whole[head:])
        if head:
            first, *rest = whole[:head].decode().split('\r\n')
            _, code, why = (first + '  ').split(' ', 2)
            m.status, m.why = int(code or 0), why.strip()
            m.headers = {n.strip(): v.strip() for n, _, v in (line.partition(':') for line in rest) if n}
        return m

    # Questions.
    def ask(self, subject: str, data: bytes = b'', headers: dict[str, str] | None = None) -> Message:
        """The answer to a question."""
        self.questions += 1
        reply = f'{self.inbox}.q{self.questions}'
        if headers:
            head = ('NATS/1.0\r\n' + ''.join(f'{n}: {v}\r\n' for n, v in headers.items()) + '\r\n').encode()
            self.send(f'HPUB {subject} {reply} {len(head)} {len(head) + len(data)}\r\n'.encode() + head + data + b'\r\n')
        else:
            self.send(f'PUB {subject} {reply} {len(data)}\r\n'.encode() + data + b'\r\n')
        end = time.monotonic() + PATIENCE
        while True:
            try:
                m = self.frame(end)
            except TimeoutError as error:
                raise Broken(f'NATS does not answer {subject}') from error
            if isinstance(m, Message):
                if m.subject == reply:
                    if m.status == 503:
                        raise Broken('there is no JetStream')
                    return m
                self.early.append(m)

    def api(self, subject: str, request: dict | None = None) -> dict:
        answer = json.loads(self.ask(f'$JS.API.{subject}', json.dumps(request).encode() if request is not None else b'').data)
        if 'error' in answer:
            raise Refused(answer['error'].get('err_code', 0), answer['error'].get('description', ''))
        return answer

    def publish(self, subject: str, data: bytes, id_: str) -> bool:
        """Stores a message; False where its id was stored already."""
        answer = json.loads(self.ask(subject, data, {'Nats-Msg-Id': id_}).data)
        if 'error' in answer:
            raise Refused(answer['error'].get('err_code', 0), answer['error'].get('description', ''))
        return not answer.get('duplicate', False)

    # Pulling.
    def fetch(self, stream: str, consumer: str, batch: int, wait: float) -> list[Message]:
        """What comes within `wait` seconds, at most `batch`. A pull stays open from one call to the next."""
        now = time.monotonic()
        if self.pull is None:
            self.questions += 1
            self.pull = Pull(f'{self.inbox}.p{self.questions}', batch, now + PULL + GRACE)
            want = json.dumps({'batch': batch, 'expires': int(PULL * 1e9)}).encode()
            self.send(f'PUB $JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer} {self.pull.reply} {len(want)}\r\n'.encode() + want + b'\r\n')
        found: list[Message] = []
        for m in self.early:
            self.pulled(m, found)
        self.early.clear()
        end = now if found else now + wait
        while self.pull and len(found) < batch:
            try:
                m = self.frame(end)
            except TimeoutError:
                break
            if isinstance(m, Message):
                self.pulled(m, found)
                end = now  # what is there already, and no more
        if self.pull and time.monotonic() > self.pull.end:
            raise Broken('NATS is silent')
        return found

    def pulled(self, m: Message, found: list[Message]) -> None:
        if m.reply.startswith('$JS.ACK.'):
            found.append(m)
            if self.pull:
                self.pull.left -= 1
                if self.pull.left == 0:
                    self.pull = None
        elif self.pull and m.subject == self.pull.reply:
            if m.status in (409, 503):  # Consumer Deleted: somebody took over; Server Shutdown
                raise Broken(f'NATS ended the pull: {m.why}')
            self.pull = None  # 404, 408: nothing came, or the pull is over

    def acknowledge(self, m: Message) -> None:
        self.send(f'PUB {m.reply} 4\r\n+ACK\r\n'.encode())

    def terminate(self, m: Message) -> None:
        """It will never be what it should: it does not come again."""
        self.send(f'PUB {m.reply} 5\r\n+TERM\r\n'.encode())


@dataclass(slots=True)
class Pull:
    reply: str
    left: int
    end: float


PONG = object()

# The services whose events the contract has schemas for; services/internal/events reads them from there, which our image does not have.
DOMAINS = ('auth', 'cart', 'catalog', 'customers', 'inventory', 'invoicing', 'media', 'orders', 'payments', 'pricing', 'promotions', 'returns', 'reviews', 'shipping')

DAYS = 86_400 * 10**9
SECONDS = 10**9


def hold(connection: Connection, stream: str, types: list[str]) -> None:
    """Makes sure that the stream is there and holds the types. Subjects are only ever added: others may know more."""
    wanted = sorted({t.split('.')[0] + '.>' for t in types})
    try:
        config = connection.api(f'STREAM.INFO.{stream}')['config']
    except Refused as no:
        if no.code not in NOT_FOUND:
            raise
        config = create(connection, stream, wanted)
    missing = [s for s in wanted if s not in config['subjects']]
    if missing:
        connection.api(f'STREAM.UPDATE.{stream}', {**config, 'subjects': config['subjects'] + missing})


def create(connection: Connection, stream: str, subjects: list[str]) -> dict:
    """Makes it with the subjects of all services of the contract: so it is seldom changed later, while others are at work on it, which nats-server 2.15
    does not always survive. Of two who make it at the same moment one may be told that it is there already, with other subjects."""
    subjects = sorted({*subjects, *(f'{domain}.>' for domain in DOMAINS)})
    try:
        return connection.api(f'STREAM.CREATE.{stream}', {
            'name': stream, 'description': 'What happened in the shop, as CloudEvents. Subject: the event\'s type.', 'subjects': subjects,
            'storage': 'file', 'retention': 'limits', 'discard': 'old', 'max_age': 7 * DAYS, 'duplicate_window': 120 * SECONDS, 'num_replicas': 1,
            'max_consumers': -1, 'max_msgs': -1, 'max_bytes': -1, 'compression': 's2'})['config']
    except Refused as no:
        if no.code != 10058:  # it is there with another configuration
            raise
        return connection.api(f'STREAM.INFO.{stream}')['config']


def done_by(before: dict, types: list[str]) -> int:
    """Up to where all is done in the stream: nothing, when a type is asked for that was not before."""
    config = before['config']
    known = set(config.get('filter_subjects') or []) | {config.get('filter_subject')}
    if not set(types) <= known:
        return 0
    return max(before['ack_floor']['stream_seq'], config.get('opt_start_seq', 0) - 1)


def take_over(connection: Connection, stream: str, durable: str, types: list[str], waiting: int) -> None:
    """Makes the consumer anew at the first event that is not done. This ends whoever still consumes under the name, and what he had taken is delivered
    at once and in order. What he did since his last acknowledgement comes twice, which the inbox sees."""
    config = {'durable_name': durable, 'name': durable, 'ack_policy': 'explicit', 'ack_wait': 300 * SECONDS, 'max_ack_pending': waiting, 'max_deliver': -1,
              'deliver_policy': 'all', 'replay_policy': 'instant', 'filter_subjects': sorted(types)}
    try:
        done = done_by(connection.api(f'CONSUMER.INFO.{stream}.{durable}'), types)
        if done:
            config |= {'deliver_policy': 'by_start_sequence', 'opt_start_seq': done + 1}
        # Dying here loses the place: then all that is kept comes again, and the inbox knows it.
        connection.api(f'CONSUMER.DELETE.{stream}.{durable}')
    except Refused as no:
        if no.code not in NOT_FOUND:
            raise
    connection.api(f'CONSUMER.CREATE.{stream}.{durable}', {'stream_name': stream, 'config': config, 'action': 'create'})
