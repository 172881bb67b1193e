"""Holds the service to the contract's own examples of events, as services/internal/contracttest does in Go. The examples are copies, since the image is
built of this folder alone; hack/shopmap keeps them equal to services/contract/v1/examples, and finds a type that has no call of takes."""
import json

from shop.inbox import Box, decode

from .test_shared import message
from .world import FOLDER


def example(type_: str, *instead: str) -> dict:
    """`instead` are pairs of a text in the example and what stands there instead."""
    text = (FOLDER / 'test' / 'examples' / f'{type_}.json').read_text()
    for old, new in zip(instead[::2], instead[1::2]):
        assert old in text, f'the example of {type_} has no {old}'
        text = text.replace(old, new)
    return json.loads(text)


def grow(value) -> None:
    """Each object has a member more, as a later release may send it."""
    if isinstance(value, dict):
        for inside in value.values():
            grow(inside)
        value['addedlater'] = 'by a release of tomorrow'
    elif isinstance(value, list):
        for inside in value:
            grow(inside)


def takes(type_: str, box: Box, seen, want, *instead: str) -> None:
    """The example has its effect through the inbox, once: seen() is want when it was delivered once and twice, and something else before."""
    e = example(type_, *instead)
    grow(e)
    assert seen() != want, f'before {type_} it is {want} already'
    for how in ('once', 'again'):
        box.take([decode(message(1, e, type_))])
        assert seen() == want, f'when {type_} was taken {how} it is {seen()}, not {want}'
