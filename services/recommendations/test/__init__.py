"""Tests; src is where the service's own modules are."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'src'))

from shop import log  # noqa: E402 the path comes first

log._least = len(log.LEVELS)  # what fails on purpose fills no terminal
