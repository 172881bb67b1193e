"""The description decides: routes and what a request may hold are read from openapi.json. This reads what a service of reads that everybody may do needs,
and refuses to start with anything else: an operation that asks for a token, takes a body or has a parameter of another kind."""
import re
from dataclasses import dataclass, field


class Unsupported(Exception):
    """The description holds what this service cannot keep."""


@dataclass(frozen=True)
class Operation:
    id: str
    path: str
    match: re.Pattern
    query: dict
    forms: dict = field(default_factory=dict)


class Routes:
    """Operations by path; what has no parameter hides what has one."""

    def __init__(self, document: dict):
        self.operations = sorted((compiled(path, item) for path, item in document['paths'].items()), key=lambda o: len(o.forms))

    def find(self, path: str) -> tuple[Operation | None, dict]:
        for operation in self.operations:
            m = operation.match.fullmatch(path)
            if m:
                return operation, m.groupdict()
        return None, {}


def compiled(path: str, item: dict) -> Operation:
    if set(item) != {'get'} or item['get'].get('security') != [] or 'requestBody' in item['get']:
        raise Unsupported(f'{path}: only reads that everybody may do')
    operation, query, forms = item['get'], {}, {}
    for p in operation.get('parameters', []):
        schema = p['schema']
        if p['in'] == 'query' and schema['type'] == 'integer' and {'minimum', 'maximum'} <= set(schema) and not p.get('required'):
            query[p['name']] = p
        elif p['in'] == 'path' and 'pattern' in schema:
            # {1,64} stands for maxLength: one look decides.
            forms[p['name']] = re.compile(f'(?=.{{{schema.get("minLength", 1)},{schema["maxLength"]}}}$)' + schema['pattern'])
        elif p['in'] != 'header':
            raise Unsupported(f'{path}: the parameter {p["name"]}')
    text = re.sub(r'\\\{(\w+)\\\}', r'(?P<\1>[^/]+)', re.escape(path))
    return Operation(operation['operationId'], path, re.compile(text), query, forms)
