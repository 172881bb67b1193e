"""From a request to its answer. The order of refusals is the contract's: route, what is accepted, what is sent; only then the operation. Operations
answer from memory, so an answer is made at once, one after the other."""
import json
import re
import time
import traceback
from urllib.parse import parse_qsl, unquote

from . import log
from .problem import Problem, invalid, malformed, not_found, plain, unavailable
from .trace import trace_id
from .wire import Answer, Request

JSON_TYPES = ('*/*', 'application/*', 'application/json', 'application/problem+json')


def encode(value) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(',', ':')).encode()


def sources(config) -> dict[str, str]:
    """Who took part in an answer: this service alone, for it asks nobody. A version is free text; what would break the list is dropped."""
    version = re.sub(r'[^!-~]|[,=]', '', config.version)
    return {'X-Shop-Sources': f'{config.service}={config.release}', 'X-Shop-Versions': f'{config.service}={version}'}


def check_accept(accept: str) -> None:
    """Raises 406 when the caller takes no JSON."""
    for item in accept.lower().split(','):
        kind, *parameters = (part.strip() for part in item.split(';'))
        if kind in JSON_TYPES and not any(re.fullmatch(r'q=0(\.0*)?', p) for p in parameters):
            return
    raise plain(406, 'This service answers in application/json.')


def fresh(header: str, tag: str | None) -> bool:
    """Whether one of the copies that the reader has is what would be answered: the weak comparison."""
    return bool(tag) and any(have.strip() == '*' or have.strip().removeprefix('W/') == tag for have in header.split(','))


def check_query(operation, text: str) -> dict:
    """The parameters, as their schemas want them, or 422 with all that is wrong."""
    values, errors = {p['name']: p['schema']['default'] for p in operation.query.values() if 'default' in p['schema']}, []
    seen = set()
    for name, value in parse_qsl(text, keep_blank_values=True):
        wrong = 'There is no such parameter.' if name not in operation.query else 'It may be there once.' if name in seen else None
        if not wrong:
            seen.add(name)
            wrong = wrong_number(operation.query[name]['schema'], value)
            values[name] = int(value) if not wrong else None
        if wrong and not any(e['parameter'] == f'query.{name}' for e in errors):
            errors.append({'parameter': f'query.{name}', 'detail': wrong})
    if errors:
        raise invalid(*errors[:20])
    return values


def wrong_number(schema: dict, text: str) -> str | None:
    low, high = schema['minimum'], schema['maximum']
    if re.fullmatch(r'-?\d{1,9}', text, re.ASCII) and low <= int(text) <= high:
        return None
    return f'It is a whole number from {low} to {high}.'


class Chain:
    """`routes` find operations; `handlers` answer them by id: handler(values, query) -> (headers, body); `fixed` are probes and the like by path."""

    def __init__(self, config, metrics, routes, handlers, fixed):
        self.config, self.metrics, self.routes, self.handlers, self.fixed = config, metrics, routes, handlers, fixed
        self.sources = sources(config)

    def answer(self, r: Request) -> Answer:
        route, trace = 'unmatched', trace_id(r.headers.get('traceparent'))
        path, _, query = r.target.decode('latin-1').partition('?')
        self.metrics.active.inc()
        try:
            route, answer = self.decide(r, path, query)
        except Problem as p:
            route, answer = getattr(p, 'route', route), self.refusal(p, path, trace)
        except Exception as failure:  # whatever it is, there is an answer
            log.error('answering 500', **log.told(failure), trace=trace, route=route, stack=''.join(traceback.format_tb(failure.__traceback__)))
            answer = self.refusal(plain(500, 'The service failed. The trace id names the failure in its log.'), path, trace)
        self.metrics.active.dec()
        self.conditional(r, answer)
        answer.headers.update(self.sources)
        self.metrics.observe(route, r.method, answer.status, time.monotonic() - r.began)
        return answer

    def refuse(self, r: Request, status: int, detail: str) -> Answer:
        """The answer to what is no request."""
        p = malformed(detail) if status == 400 else plain(status, detail)
        answer = self.refusal(p, None, trace_id(r.headers.get('traceparent')))
        answer.headers.update(self.sources)
        self.metrics.observe('unmatched', r.method or 'other', status, time.monotonic() - r.began)
        return answer

    def refusal(self, p: Problem, path: str | None, trace: str) -> Answer:
        headers = {'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff', **p.headers}
        return Answer(p.status, headers, encode(p.body(path, trace)))

    def conditional(self, r: Request, answer: Answer) -> None:
        """304 where the reader has it. A cache updates what it holds with the headers, so they are those of the 200."""
        have = r.headers.get('if-none-match')
        if have and answer.status == 200 and r.method in ('GET', 'HEAD') and fresh(have, answer.headers.get('ETag')):
            answer.status, answer.body = 304, b''
            answer.headers.pop('Content-Type', None)

    def decide(self, r: Request, path: str, query: str) -> tuple[str, Answer]:
        fixed = self.fixed.get(path)
        if fixed:
            if r.method not in ('GET', 'HEAD'):
                raise at(path, plain(405, 'This can only be read.', {'Allow': 'GET, HEAD'}))
            return path, fixed()
        operation, values = self.routes.find(path)
        if operation is None:
            raise plain(404, 'There is nothing at this path.')
        try:
            if r.method not in ('GET', 'HEAD'):
                raise plain(405, 'This path does not take the method.', {'Allow': 'GET, HEAD'})
            return operation.path, self.serve(r, operation, values, query)
        except Problem as p:
            raise at(operation.path, p)

    def serve(self, r: Request, operation, values: dict, query: str) -> Answer:
        deadline = r.headers.get('x-shop-deadline', '')
        if re.fullmatch(r'-?\d+', deadline, re.ASCII) and int(deadline[:12]) <= 0:
            raise unavailable('The answer would come too late.')
        if 'accept' in r.headers and r.headers['accept']:
            check_accept(r.headers['accept'])
        wanted = check_query(operation, query)
        for name, form in operation.forms.items():
            values[name] = unquote(values[name])
            if not form.fullmatch(values[name]):
                raise not_found('thing')  # what could not exist
        headers, body = self.handlers[operation.id](values, wanted)
        return Answer(200, {'Content-Type': 'application/json', **headers}, body)


def at(route: str, p: Problem) -> Problem:
    """Notes the route that a refusal is counted under."""
    p.route = route
    return p
