"""What recommendations is, and its wiring."""
import json
from pathlib import Path

from app import Shelf, handlers
from shop import log
from shop.chain import Chain
from shop.config import Config, config_from
from shop.inbox import Consumer
from shop.metrics import Metrics
from shop.migrate import Plan, migrations_in
from shop.openapi import Routes
from shop.postgres import Watch
from shop.server import Server, SidePort, fixed_routes, live
from store import EFFECTS, SCHEMA

FOLDER = Path(__file__).resolve().parent.parent
DOCUMENT = json.loads((FOLDER / 'openapi.json').read_text())
# The oldest version whose release still works with the newest schema; it rises when a migration takes something away.
FLOOR = 1
PLAN = Plan(SCHEMA, migrations_in(FOLDER / 'migrations'), FLOOR)
# What /contract says; the map of the shop reads its file.
CONTRACT = {**json.loads((FOLDER / 'contract.json').read_text()), 'schema': {'name': SCHEMA, 'version': PLAN.version, 'floor': FLOOR}}


def configured(env: dict[str, str], events: bool = False) -> Config:
    config = config_from(env, SCHEMA, events=events)
    log.log_as(config.service, config.release, config.log_level)
    return config


async def serve(config: Config) -> int:
    """Answers requests."""
    shelf = Shelf()
    watch = Watch(config, SCHEMA, PLAN.version, shelf.refresh)
    return await run(config, Metrics(config.version), watch, Routes(DOCUMENT), complete(handlers(shelf, DOCUMENT)), shelf.cold, watch.stop)


async def work(config: Config) -> int:
    """Takes events; answers probes alone."""
    metrics = Metrics(config.version)
    watch = Watch(config, SCHEMA, PLAN.version)
    consumer = Consumer(config, SCHEMA, PLAN.version, EFFECTS, metrics)
    consumer.start()

    def stopped():
        consumer.stop()
        watch.stop()
    return await run(config, metrics, watch, Routes({'paths': {}}), {}, lambda: None, stopped)


async def run(config, metrics, watch, routes, all_, warm, stopped) -> int:
    front: Server = None
    fixed = fixed_routes(config, CONTRACT, DOCUMENT, watch, lambda: front.draining, warm)
    front = Server(config, Chain(config, metrics, routes, all_, fixed), config.port)
    side = Server(config, SidePort(config, metrics), config.metrics_port)
    watch.start()
    return await live(config, front, side, stopped)


def complete(all_: dict) -> dict:
    """Every operation has a handler, and every handler an operation."""
    wrong = {o.id for o in Routes(DOCUMENT).operations} ^ set(all_)
    if wrong:
        raise ValueError(f'openapi.json and src/app.py do not agree on: {", ".join(sorted(wrong))}')
    return all_
