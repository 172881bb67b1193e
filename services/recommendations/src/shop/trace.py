"""W3C Trace Context: a trace is taken from the caller's traceparent, or begun."""
import os
import re

FORM = re.compile(r'([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?')


def trace_id(traceparent: str | None) -> str:
    """The trace that a traceparent names; a header that is missing or wrong begins a new one."""
    m = FORM.fullmatch(traceparent or '')
    # Version ff is forbidden; version 00 has nothing behind the flags, later ones may.
    if m and m[1] != 'ff' and not (m[1] == '00' and m[5]) and m[2].strip('0') and m[3].strip('0'):
        return m[2]
    return os.urandom(16).hex()
