"""The command line: serve (the default), work, migrate, openapi, version."""
import asyncio
import json
import sys

import service
from shop import log
from shop.config import environment, version_from
from shop.migrate import migrate_when_there


def looped(main):
    """uvloop answers twice as many requests; without it everything works the same."""
    try:
        import uvloop
        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    except ImportError:
        pass
    return asyncio.run(main)


def serve() -> int:
    return looped(service.serve(service.configured(environment())))


def work() -> int:
    return looped(service.work(service.configured(environment(), events=True)))


def migrate() -> int:
    migrate_when_there(service.configured(environment()), service.PLAN)
    return 0


def openapi() -> int:
    print(json.dumps(service.DOCUMENT, indent=2, ensure_ascii=False))
    return 0


def version() -> int:
    print(version_from(environment()))
    return 0


COMMANDS = {'serve': serve, 'work': work, 'migrate': migrate, 'openapi': openapi, 'version': version}


def main(arguments: list[str]) -> int:
    name = arguments[0] if arguments else 'serve'
    if name not in COMMANDS:
        print(f'recommendations: there is no command {name}, only {", ".join(COMMANDS)}', file=sys.stderr)
        return 2
    try:
        return COMMANDS[name]()
    except Exception as error:
        log.error(f'{name} failed', **log.told(error))
        return 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
