"""Refusals: RFC 9457, with the types of services/contract/v1/problems.md."""
from http import HTTPStatus

KINDS = {
    'malformed': (400, 'Bad Request'),
    'not-found': (404, 'Not There'),
    'invalid': (422, 'The request is not valid'),
    'unavailable': (503, 'Not there right now'),
}


class Problem(Exception):
    """An answer that is not what was asked for."""

    def __init__(self, type_: str, status: int, title: str, detail: str, errors=None, headers=None):
        super().__init__(detail)
        self.type, self.status, self.title, self.detail, self.errors, self.headers = type_, status, title, detail, errors, headers or {}

    def body(self, path: str | None, trace: str) -> dict:
        """What only the request knows is added here."""
        all_ = {'type': self.type, 'title': self.title, 'status': self.status, 'detail': self.detail, 'instance': path, 'traceId': trace, 'errors': self.errors}
        return {name: value for name, value in all_.items() if value is not None}


def problem(kind: str, detail: str, errors=None, headers=None) -> Problem:
    status, title = KINDS[kind]
    return Problem(f'urn:emporium:problem:{kind}', status, title, detail, errors, headers)


def plain(status: int, detail: str, headers=None) -> Problem:
    """A problem that its status says all about."""
    return Problem('about:blank', status, HTTPStatus(status).phrase, detail, None, headers)


def invalid(*errors: dict) -> Problem:
    return problem('invalid', 'The request is not valid; errors tells where.', list(errors))


def malformed(detail: str) -> Problem:
    return problem('malformed', detail)


def not_found(what: str) -> Problem:
    return problem('not-found', f'There is no such {what}.')


def unavailable(detail: str) -> Problem:
    return problem('unavailable', detail, headers={'Retry-After': '1'})
