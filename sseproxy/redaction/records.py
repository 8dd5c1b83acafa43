"""A cassette that stands, masked. What of a stream is known at its end alone is known here.

Lines in which nothing is masked stay as they are, byte for byte, and so do the keys and records that are not
known here.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import orjson

from sseproxy.cassette.decode import decode, parse
from sseproxy.cassette.encode import content
from sseproxy.coding import CodingError
from sseproxy.exchange import Ending, Headers
from sseproxy.redaction.body import Inflating, TooMuchError, inflating
from sseproxy.redaction.fields import Record, headers, mask_fields
from sseproxy.redaction.mask import Mark, masked
from sseproxy.redaction.requests import NOT_STORED, body_marks
from sseproxy.redaction.rules import Rules, built_in
from sseproxy.redaction.search import Search

TOO_MUCH = "more than can be looked through"
"""What is told of a compressed body that inflates so far, and may have anything in it."""


class Finding(NamedTuple):
    line: int
    """From 1."""
    name: str
    """What was masked, by path or rule."""


def mask_cassette(
    data: bytes, rules: Rules | None = None, *, part: bool = False
) -> tuple[bytes, list[Finding]]:
    """The cassette as it should have been written, and what was masked in it by now.

    Raises CassetteError for what is no cassette.
    """
    decode(data, part=part)  # so that all that is known has its type
    cassette = _Cassette(data, rules or built_in(), part=part)
    cassette.mask()
    return cassette.written(), sorted(cassette.findings)


def body_findings(headers: Headers, body: bytes, rules: Rules) -> list[Mark]:
    """What is to be masked in a whole response's body, which is not compressed."""
    search = Search(headers, rules)
    search.feed(0, body)
    return [secret.mark for secret in search.finish()]


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


class _Cassette:
    def __init__(self, data: bytes, rules: Rules, *, part: bool) -> None:
        self._rules = rules
        records = parse(data, part=part)
        lines = data.split(b"\n")
        self._tail = b"\n".join(lines[len(records) :])  # empty behind a whole last line, or a torn one
        self._lines: list[bytes | None] = list(lines[: len(records)])
        self._records: list[Record] = [orjson.loads(line) for line in lines[: len(records)]]
        self.findings: list[Finding] = []

    def written(self) -> bytes:
        return b"".join(line + b"\n" for line in self._lines if line is not None) + self._tail

    def mask(self) -> None:
        for number, record in enumerate(self._records):
            self._change(number, mask_fields(record, self._rules))
        self._request_body()
        self._response_body()

    def _change(self, number: int, names: Sequence[str]) -> None:
        """Says in a record what was masked in it."""
        if not names:
            return
        record = self._records[number]
        record["redacted"] = [*record.get("redacted", []), *names]
        self._lines[number] = orjson.dumps(record)
        self.findings += [Finding(number + 1, name) for name in names]

    def _headers_of(self, kind: str) -> Headers:
        return next((headers(record) for record in self._records if record["k"] == kind), ())

    def _request_body(self) -> None:
        numbers = [n for n, record in enumerate(self._records) if record["k"] in ("request", "upload")]
        pieces = [body_of(self._holder(number)) for number in numbers]
        marks = body_marks(self._headers_of("request"), b"".join(pieces), self._rules)
        if marks is None:
            for number in numbers:
                self._store(number, b"", [NOT_STORED])
        else:
            self._mask_pieces(numbers, pieces, marks)

    def _response_body(self) -> None:
        numbers = [n for n, record in enumerate(self._records) if record["k"] == "data"]
        pieces = [body_of(self._holder(number)) for number in numbers]
        answered = self._headers_of("response")
        if coding := inflating(answered):
            self._coded_body(numbers, pieces, answered, coding)
        else:
            self._mask_pieces(numbers, pieces, body_findings(answered, b"".join(pieces), self._rules))

    def _mask_pieces(self, numbers: list[int], pieces: list[bytes], marks: list[Mark]) -> None:
        for number, (piece, names) in zip(numbers, shared(pieces, marks), strict=True):
            self._store(number, piece, names)

    def _holder(self, number: int) -> Record:
        record = self._records[number]
        return record["body"] if record["k"] == "request" else record

    def _store(self, number: int, piece: bytes, names: list[str]) -> None:
        if names:
            holder = self._holder(number)
            before = dict(holder)
            holder.clear()
            for key, value in before.items():  # in the order in which they stood
                if key in ("text", "b64"):
                    holder.update(content(piece))
                else:
                    holder[key] = len(piece) if key == "bytes" else value
            self._change(number, names)

    def _coded_body(
        self, numbers: list[int], pieces: list[bytes], answered: Headers, coding: Inflating
    ) -> None:
        """Of a compressed body that has a secret in it, what comes before the read that brings it."""
        plain: list[bytes] = []
        why = ""
        try:
            for piece in pieces:
                plain.append(b"".join(coding.feed(piece)))
        except TooMuchError:
            why = TOO_MUCH
        except CodingError:
            pass  # not what its head says from here on
        marks = body_findings(answered, b"".join(plain), self._rules)
        if marks:
            why = "a secret"
        elif not why:
            return
        first = len(plain)
        size = 0
        for number, piece in enumerate(plain):
            size += len(piece)
            if marks and size > marks[0].start:
                first = number
                break
        while first and self._records[numbers[first - 1]].get("more"):
            first -= 1  # an arrival is stored whole or not at all
        self._cut(numbers[first:], sum(map(len, pieces[:first])), why, [mark.name for mark in marks])

    def _cut(self, numbers: list[int], stored: int, why: str, names: list[str]) -> None:
        for number in numbers:
            self._lines[number] = None
        self.findings += [Finding(numbers[0] + 1, name) for name in dict.fromkeys(names or [why])]
        for number, record in enumerate(self._records):
            if record["k"] == "end":
                record["reason"], record["bytes"] = Ending.LOSSY, stored
                record["detail"] = f"the compressed body has {why} in it, and can't be masked"
                self._lines[number] = orjson.dumps(record)


def body_of(holder: Record) -> bytes:
    """Body bytes, in either of their forms."""
    text = holder.get("text")
    return text.encode() if isinstance(text, str) else base64.b64decode(holder["b64"])
