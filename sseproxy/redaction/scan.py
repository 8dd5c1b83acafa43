"""What should have been masked in a cassette that stands: found line by line, without holding its stream."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from sseproxy.cassette.decode import Reader, Slice, upgraded
from sseproxy.cassette.fields import LINE
from sseproxy.coding import CodingError
from sseproxy.exchange import Headers
from sseproxy.redaction.body import Inflating, TooMuchError, inflating
from sseproxy.redaction.fields import Record, headers, mask_fields
from sseproxy.redaction.records import TOO_MUCH, Finding, body_of, shared
from sseproxy.redaction.requests import NOT_STORED, body_marks
from sseproxy.redaction.rules import Rules, built_in
from sseproxy.redaction.search import Search


def find_secrets(lines: Iterable[bytes], rules: Rules | None = None, *, part: bool = False) -> list[Finding]:
    """What `mask_cassette` finds. Raises CassetteError (without a path) for what is no cassette."""
    scan = _Scan(rules or built_in())
    reader = Reader()
    for record in upgraded(lines, part=part):
        scan.take(record, reader.take(record))
        reader.forget()
    return sorted(scan.finish())


class _Scan:
    """One cassette, record by record."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._found: list[Finding] = []
        self._request: Headers = ()
        self._asked: list[tuple[int, bytes]] = []
        self._body: _Body | None = None

    def take(self, record: Record, item: object) -> None:
        """`item`: what the record, whose fields have their types, holds."""
        line = record[LINE]
        self._found += [Finding(line, name) for name in mask_fields(record, self._rules)]
        match record["k"]:
            case "request":
                self._request = headers(record)
                self._asked.append((line, body_of(record["body"])))
            case "upload":
                self._asked.append((line, body_of(record)))
            case "response":
                self._body = _body(headers(record), self._rules)
        if isinstance(item, Slice) and self._body:
            self._body.feed(line, item)

    def finish(self) -> Iterator[Finding]:
        yield from self._found
        pieces = [piece for _, piece in self._asked]
        marks = body_marks(self._request, b"".join(pieces), self._rules)
        names = (
            [[NOT_STORED] for _ in pieces] if marks is None else [each for _, each in shared(pieces, marks)]
        )
        for (line, _), masked in zip(self._asked, names, strict=True):
            yield from (Finding(line, name) for name in masked)
        if self._body:
            yield from self._body.finish()


class _Body(Protocol):
    """The body of a response, slice by slice."""

    def feed(self, line: int, piece: Slice) -> None: ...

    def finish(self) -> Iterator[Finding]: ...


def _body(answered: Headers, rules: Rules) -> _Body:
    search = Search(answered, rules)
    coding = inflating(answered)
    return _Coded(search, coding) if coding else _Plain(search)


class _Plain:
    def __init__(self, search: Search) -> None:
        self._search = search

    def feed(self, line: int, piece: Slice) -> None:
        self._search.feed(line, piece.data)

    def finish(self) -> Iterator[Finding]:
        for secret in self._search.finish():
            if not secret.is_masked:
                yield from (Finding(line, secret.mark.name) for line in secret.pieces)


class _Coded:
    """A compressed body: what is found in it is told of the arrival that brings the first secret."""

    def __init__(self, search: Search, coding: Inflating) -> None:
        self._search = search
        self._coding: Inflating | None = coding  # None: no more can be inflated
        self._arrival = 0  # the line of its first slice
        self._goes_on = False
        self._too_much: int | None = None

    def feed(self, line: int, piece: Slice) -> None:
        if not self._goes_on:
            self._arrival = line
        self._goes_on = piece.more
        if self._coding is None:
            return
        try:
            plain = self._coding.feed(piece.data)
        except CodingError:
            self._coding = None
        except TooMuchError:
            self._coding, self._too_much = None, self._arrival
        else:
            self._search.feed(self._arrival, b"".join(plain))

    def finish(self) -> Iterator[Finding]:
        secrets = self._search.finish()
        if secrets:
            line = secrets[0].pieces[0]
            yield from (Finding(line, name) for name in dict.fromkeys(each.mark.name for each in secrets))
        elif self._too_much is not None:
            yield Finding(self._too_much, TOO_MUCH)
