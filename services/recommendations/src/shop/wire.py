"""HTTP/1.1 on one connection. httptools reads the bytes; what it leaves to a server stands here: limits of size and time, one answer after the other,
and an end that loses nothing. The servers that Debian has for Python answer 400 and 431 without a word of ours, and wait for ever for a header."""
import asyncio
import random
import time
from dataclasses import dataclass, field
from http import HTTPStatus

import httptools

MOST_HEADER = 16 << 10
# Beyond this nobody goes on reading for the sake of a polite answer.
MOST_READ = 64 << 10
MOST_BODY = 1 << 20
# Longer than any proxy keeps an idle connection: the side that sends requests closes first, or one would be lost on the wire.
IDLE = 180.0
# How long is read on after a refusal, so that the other side hears it before it meets a closed connection.
LINGER = 1.0
REASONS = {s.value: s.phrase for s in HTTPStatus}


@dataclass(slots=True)
class Request:
    method: str = ''
    target: bytes = b''
    version: str = '1.1'
    headers: dict[str, str] = field(default_factory=dict)
    hosts: int = 0
    lengths: int = 0
    began: float = 0.0


@dataclass(slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes = b''


class Connection(asyncio.Protocol):
    """`answers` decides: request(Request) and refuse(Request, status, detail) return an Answer, draining() tells whether to say goodbye."""

    def __init__(self, server):
        self.server = server
        self.parser = httptools.HttpRequestParser(self)
        self.request: Request | None = None
        self.done = False
        self.read = self.size = self.body = 0
        self.whole = False  # the header is
        self.paused = False

    def connection_made(self, transport):
        self.transport = transport
        now = time.monotonic()
        # A connection ends after half a minute to a minute, so that those who ask find pods that came later.
        self.tired = now + random.uniform(30, 60)
        self.deadline = now + IDLE
        self.server.connections.add(self)

    def connection_lost(self, exc):
        self.server.connections.discard(self)
        self.done = True

    # A caller that sends and never reads is not read any more.
    def pause_writing(self):
        self.paused = True
        self.transport.pause_reading()

    def resume_writing(self):
        self.paused = False
        self.transport.resume_reading()

    def data_received(self, data: bytes):
        if self.done:
            return
        if self.request is None:
            self.begin()
        if not self.whole:
            self.read += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.end()  # we speak nothing else; it was answered
        except httptools.HttpParserInvalidMethodError:
            self.strange_method(data)
        except httptools.HttpParserError:
            if not self.whole and self.read > MOST_HEADER:  # some releases of the parser have a limit of their own
                self.refuse(431, 'The header is larger than 16 KiB.')
            else:
                self.refuse(400, 'This is no request that can be read.')
        if not self.done and self.request and not self.whole and self.read > MOST_READ:
            self.refuse(431, 'The header is larger than 16 KiB.')

    def begin(self):
        now = time.monotonic()
        self.request = Request(began=now)
        self.read = self.size = self.body = 0
        self.whole = False
        self.deadline = now + self.server.config.header

    # What the parser tells.
    def on_message_begin(self):
        if not self.done and self.request is None:
            self.begin()

    def on_url(self, url: bytes):
        if self.request:
            self.request.target += url
            self.size += len(url)

    def on_header(self, name: bytes, value: bytes):
        r = self.request
        if r is None:
            return
        self.size += len(name) + len(value or b'')
        key, text = name.decode('latin-1').lower(), (value or b'').decode('latin-1').strip()
        r.hosts += key == 'host'
        r.lengths += key in ('content-length', 'transfer-encoding')
        r.headers[key] = f'{r.headers[key]}, {text}' if key in r.headers else text

    def on_headers_complete(self):
        r = self.request
        if r is None or self.done:
            return
        self.whole = True
        r.method, r.version = self.parser.get_method().decode('latin-1'), self.parser.get_http_version()
        self.deadline = time.monotonic() + self.server.config.body
        if self.size + len(r.method) > MOST_HEADER:
            self.refuse(431, 'The header is larger than 16 KiB.')
        elif r.lengths > 1 or r.hosts > 1 or (r.hosts == 0 and r.version == '1.1'):
            self.refuse(400, 'A request names one Host and one length.')
        elif '100-continue' in r.headers.get('expect', '').lower():
            self.transport.write(b'HTTP/1.1 100 Continue\r\n\r\n')

    def on_body(self, body: bytes):
        self.body += len(body)
        if self.body > MOST_BODY and not self.done:
            self.refuse(413, 'The body is larger than 1 MiB.')

    def on_message_complete(self):
        r, self.request = self.request, None
        if r is None or self.done:
            return
        answer = self.server.answer(r)
        last = not self.parser.should_keep_alive() or 'upgrade' in r.headers or r.method == 'CONNECT'
        self.deadline = time.monotonic() + IDLE
        self.write(r, answer, last or self.server.draining or self.deadline - IDLE > self.tired)

    def strange_method(self, data: bytes):
        """A method that the parser does not know has an answer as any other."""
        parts = data.split(b'\r\n', 1)[0].split(b' ')
        r = self.request or Request(began=time.monotonic())
        if len(parts) != 3 or not parts[0].isalpha() or not parts[2].startswith(b'HTTP/1.'):
            return self.refuse(400, 'This is no request that can be read.')
        r.method, r.target = parts[0].decode('latin-1'), parts[1]
        answer = self.server.answer(r)
        self.request = None
        return self.farewell(r, answer)

    def refuse(self, status: int, detail: str):
        r = self.request or Request(began=time.monotonic())
        self.request = None
        self.farewell(r, self.server.refuse(r, status, detail))

    def farewell(self, r: Request, answer: Answer):
        """The last answer while the other side still sends."""
        self.write(r, answer, False, close=True)
        self.done = True
        if not self.transport.is_closing():
            if self.transport.can_write_eof():
                self.transport.write_eof()
            self.deadline = time.monotonic() + LINGER

    def write(self, r: Request, answer: Answer, last: bool, close: bool = False):
        lines = [f'HTTP/1.1 {answer.status} {REASONS.get(answer.status, "")}']
        lines += [f'{name}: {value}' for name, value in answer.headers.items()]
        if answer.status != 304:
            lines.append(f'Content-Length: {len(answer.body)}')
        if last or close:
            lines.append('Connection: close')
        head = ('\r\n'.join(lines) + '\r\n\r\n').encode('latin-1')
        self.transport.write(head if r.method == 'HEAD' or answer.status == 304 else head + answer.body)
        if last:
            self.end()

    def end(self):
        self.done = True
        self.transport.close()

    @property
    def idle(self) -> bool:
        return self.request is None

    def look(self, now: float):
        """Ends what takes too long: called every second."""
        if now < self.deadline:
            return
        if self.done or self.paused:
            self.transport.abort()
        elif self.idle:
            self.end()
        else:
            self.refuse(408, 'The request stopped coming.')
