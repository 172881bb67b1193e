"""One JSON object a line. What is said of a request carries its trace and its route: never its path, which may hold what a customer sent."""
import json
import sys
from datetime import datetime, timezone

LEVELS = ('debug', 'info', 'warn', 'error')
_fixed: dict[str, str] = {}
_least = 1


def log_as(service: str, release: str, least: str) -> None:
    """Names who logs, and the least level that is written."""
    global _least
    _fixed.update(service=service, release=release)
    _least = LEVELS.index(least)


def _write(level: str, msg: str, fields: dict) -> None:
    if LEVELS.index(level) < _least:
        return
    now = datetime.now(timezone.utc).isoformat(timespec='milliseconds').replace('+00:00', 'Z')
    line = {'time': now, 'level': level.upper(), 'msg': msg, **_fixed, **fields}
    sys.stderr.write(json.dumps(line, ensure_ascii=False) + '\n')
    sys.stderr.flush()


def info(msg: str, **fields) -> None:
    _write('info', msg, fields)


def warn(msg: str, **fields) -> None:
    _write('warn', msg, fields)


def error(msg: str, **fields) -> None:
    _write('error', msg, fields)


def told(failure: BaseException) -> dict[str, str | None]:
    """An error for the log: PostgreSQL's first line alone, since those behind it repeat the parameters of a statement."""
    diag = getattr(failure, 'diag', None)
    text = getattr(diag, 'message_primary', None) or str(failure).split('\n', 1)[0]
    return {'error': f'{type(failure).__name__}: {text}', 'code': getattr(failure, 'pgcode', None)}
