"""What the operator tells a service about its place in a shop. A service that does not know its release must not start: it would break the record of
who answered."""
import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit


class Wrong(Exception):
    """The environment is not enough to start with; the text names all that is wrong."""


@dataclass(frozen=True)
class Config:
    """One process's place in a shop. Times are in seconds."""
    service: str
    shop: str
    release: str
    version: str
    port: int
    metrics_port: int
    drain_delay: float
    drain_limit: float
    database_url: str
    events_url: str | None
    log_level: str
    host: str = ''
    # How long is waited at most: for a request's header, for its body, for a statement.
    header: float = 5.0
    body: float = 30.0
    statement: float = 5.0


UNITS = {'ms': 0.001, 's': 1, 'm': 60, 'h': 3600}


def duration(text: str) -> float:
    """Durations are written as Go writes them: 5s, 300ms, 1m30s."""
    if text == '0':
        return 0.0
    if not re.fullmatch(r'(\d+(\.\d+)?(ms|s|m|h))+', text):
        raise ValueError('a duration such as 5s')
    return sum(float(n) * UNITS[unit] for n, unit in re.findall(r'(\d+(?:\.\d+)?)(ms|s|m|h)', text))


def port(text: str) -> int:
    if not re.fullmatch(r'\d{1,5}', text) or int(text) > 65535:
        raise ValueError('a port')
    return int(text)


def level(text: str) -> str:
    if text.lower() not in ('debug', 'info', 'warn', 'error'):
        raise ValueError('one of debug, info, warn, error')
    return text.lower()


def address(*schemes: str):
    """Reads an address of one of the schemes. It may hold a password, so what is wrong with it is told without it."""
    def read(text: str) -> str:
        try:
            parts = urlsplit(text)
            good = parts.scheme in schemes and parts.hostname and (parts.port or True)
        except ValueError:
            good = False
        if not good:
            raise ValueError(f'an address such as {schemes[0]}://host')
        return text
    read.secret = True
    return read


def config_from(env: dict[str, str], service: str, *, events: bool = False) -> Config:
    """Reads the environment, or raises Wrong. `events`: EVENTS_URL is needed, too."""
    wrong: list[str] = []

    def read(name, parse=str, fallback=None):
        text = env.get(name, '')
        if text == '':
            if fallback is None:
                wrong.append(f'{name} is not set')
            return fallback
        try:
            return parse(text)
        except ValueError as error:
            wrong.append(f'{name} is not {error}' if getattr(parse, 'secret', False) else f'{name} is "{text}", not {error}')
            return None

    config = Config(
        service=read('SHOP_SERVICE', str, service), shop=read('SHOP'), release=read('SHOP_RELEASE'), version=version_from(env),
        port=read('PORT', port, 8080), metrics_port=read('METRICS_PORT', port, 9090),
        drain_delay=read('DRAIN_DELAY', duration, 5.0), drain_limit=read('DRAIN_LIMIT', duration, 20.0),
        database_url=read('DATABASE_URL', address('postgres', 'postgresql')),
        events_url=read('EVENTS_URL', address('nats')) if events else None,
        log_level=read('LOG_LEVEL', level, 'info'))
    if wrong:
        raise Wrong('reading the environment: ' + '; '.join(wrong))
    return config


def version_from(env: dict[str, str]) -> str:
    """The image does not know its version, or a commit that changes nothing would make another image."""
    return env.get('IMAGE_VERSION') or env.get('SHOP_VERSION') or 'dev'


def environment() -> dict[str, str]:
    return dict(os.environ)
