"""What should have been masked in a cassette that stands: found line by line, without holding its stream."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from sseproxy.cassette.decode import Reader, Slice, upgraded
from sseproxy.cassette.fields import LINE
from sseproxy.coding import CodingError
from sseproxy.exchange import Headers
from sseproxy.redaction.body import Inflating, TooMuchError, inflating
from sseproxy.redaction.fields import Record, headers, mask_fields
from sseproxy.redaction.mask import Mark, masked
from sseproxy.redaction.requests import NOT_STORED, body_marks
from sseproxy.redaction.rules import Rules, built_in
from sseproxy.redaction.search import Search, Secret

TOO_MUCH = "more than can be looked through"
"""What is told of a compressed body that inflates so far, and may have anything in it."""


class Finding(NamedTuple):
    line: int
    """From 1."""
    name: str
    """What was masked, by path or rule."""


def find_secrets(lines: Iterable[bytes], rules: Rules | None = None, *, part: bool = False) -> list[Finding]:
    """What `mask_cassette` finds. Raises CassetteError (without a path) for what is no cassette."""
    return scanned(lines, rules or built_in(), part=part).findings()


def scanned(lines: Iterable[bytes], rules: Rules, *, part: bool) -> Scan:
    """All that there is to be masked. Raises CassetteError (without a path) for what is no cassette."""
    scan = Scan(rules)
    reader = Reader()
    for record in upgraded(lines, part=part):
        scan.take(record, reader.take(record))
        reader.forget()
    scan.finish()
    return scan


class Scan:
    """One cassette, record by record."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._request: Headers = ()
        self._asked: list[tuple[int, bytes]] = []
        self._body: _Body | None = None
        self.fields: dict[int, list[str]] = {}
        """Lines that have something to be masked beside a body, and what."""
        self.pieces: dict[int, tuple[bytes, list[str]]] = {}
        """Lines with a part of the request's body, as it should be, and what is masked in it."""
        self.secrets: dict[int, list[tuple[int, Secret]]] = {}
        """Lines with a part of the response's body that has some of these; where in the body it begins."""
        self.cut: Cut | None = None
        self.last = 0
        """The line of the last record. What comes behind it is torn."""

    def take(self, record: Record, item: object) -> None:
        """`item`: what the record, whose fields have their types, holds."""
        line = self.last = record[LINE]
        if names := mask_fields(record, self._rules):
            self.fields[line] = names
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

    def finish(self) -> None:
        """There is no other record."""
        pieces = [piece for _, piece in self._asked]
        marks = body_marks(self._request, b"".join(pieces), self._rules)
        shares = [(b"", [NOT_STORED])] * len(pieces) if marks is None else shared(pieces, marks)
        for (line, _), (piece, names) in zip(self._asked, shares, strict=True):
            if names:
                self.pieces[line] = piece, names
        if self._body:
            self._body.finish(self)

    def findings(self) -> list[Finding]:
        """In the order of their lines."""
        named = [*self.fields.items(), *((line, names) for line, (_, names) in self.pieces.items())]
        found = [Finding(line, name) for line, names in named for name in names]
        found += [
            Finding(line, each.mark.name) for line, secrets in self.secrets.items() for _, each in secrets
        ]
        if self.cut:
            found += [Finding(self.cut.line, name) for name in self.cut.names]
        return sorted(found)


def shared(pieces: Sequence[bytes], marks: list[Mark]) -> Iterator[tuple[bytes, list[str]]]:
    """The pieces of a body with what is marked in it masked, and what of that was no mask before."""
    body = b"".join(pieces)
    result = masked(body, marks)
    waiting = [mark for mark in marks if result[mark.start : mark.stop] != body[mark.start : mark.stop]]
    start = 0
    for piece in pieces:
        stop = start + len(piece)
        while waiting and waiting[0].stop <= start:
            waiting.pop(0)
        behind = next((n for n, mark in enumerate(waiting) if mark.start >= stop), len(waiting))
        yield result[start:stop], [mark.name for mark in waiting[:behind]]
        start = stop


def body_of(holder: Record) -> bytes:
    """Body bytes, in either of their forms."""
    text = holder.get("text")
    return text.encode() if isinstance(text, str) else base64.b64decode(holder["b64"])


class Cut(NamedTuple):
    """Of a compressed body nothing is kept from a line on."""

    line: int
    names: tuple[str, ...]
    why: str


class _Body(Protocol):
    """The body of a response, slice by slice."""

    def feed(self, line: int, piece: Slice) -> None: ...

    def finish(self, scan: Scan) -> None: ...


def _body(answered: Headers, rules: Rules) -> _Body:
    search = Search(answered, rules)
    coding = inflating(answered)
    return _Coded(search, coding) if coding else _Plain(search)


class _Plain:
    def __init__(self, search: Search) -> None:
        self._search = search

    def feed(self, line: int, piece: Slice) -> None:
        self._search.feed(line, piece.data)

    def finish(self, scan: Scan) -> None:
        for secret in self._search.finish():
            if not secret.is_masked:
                for line, start in secret.pieces:
                    scan.secrets.setdefault(line, []).append((start, secret))


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

    def finish(self, scan: Scan) -> None:
        secrets = self._search.finish()
        if secrets:
            line, _ = secrets[0].pieces[0]
            names = tuple(dict.fromkeys(each.mark.name for each in secrets))
            scan.cut = Cut(line, names, "a secret")
        elif self._too_much is not None:
            scan.cut = Cut(self._too_much, (TOO_MUCH,), TOO_MUCH)
