"""A cassette that stands, masked. What of a stream is known at its end alone is known here.

Lines in which nothing is masked stay as they are, byte for byte, and so do the keys and records that are not
known here.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from sseproxy.cassette.decode import decode, parse
from sseproxy.cassette.encode import content, octets
from sseproxy.coding import CodingError
from sseproxy.exchange import Ending, Headers, media_type
from sseproxy.redaction.body import Inflating, TooMuchError, inflating
from sseproxy.redaction.heads import mask_headers, mask_shapes, mask_target, mask_text, mask_url
from sseproxy.redaction.mask import Mark, masked, merged
from sseproxy.redaction.paths import find_paths
from sseproxy.redaction.requests import NOT_STORED, body_marks
from sseproxy.redaction.rules import Rules, built_in
from sseproxy.redaction.scanner import Scanner
from sseproxy.redaction.stream import select_in_events
from sseproxy.redaction.texts import spelled
from sseproxy.sse import LINES

Record = dict[str, Any]


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
    kind = media_type(headers)
    if kind != b"text/event-stream":
        found = Scanner(rules.plain).feed(body, final=True).marks
        said = spelled(body, rules) if kind in LINES else []
        return merged(found, said, find_paths(body, rules.paths))
    found = Scanner(rules.stream).feed(body, final=True).marks
    return merged(found, spelled(body, rules), select_in_events(body, rules.paths))


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
            match record["k"]:
                case "head":
                    self._text(number, "upstream", mask_url(record["upstream"]))
                case "request":
                    target, names = mask_target(_octets(record["target"]), self._rules)
                    self._change(number, {"target": octets(target)} if names else {}, names)
                    self._headers(number)
                case "response":
                    reason, names = mask_shapes(_octets(record["reason"]), self._rules)
                    self._change(number, {"reason": octets(reason)} if names else {}, names)
                    self._headers(number)
                case "upload_end":
                    self._headers(number)
                case "note":
                    self._text(number, "text", record["text"])
                case "end":
                    self._headers(number)
                    self._text(number, "detail", record.get("detail", ""))
        self._request_body()
        self._response_body()

    def _change(self, number: int, keys: Record, names: Sequence[str]) -> None:
        """Sets keys of a record, and says in it why."""
        if not names:
            return
        record = self._records[number]
        record.update(keys)
        record["redacted"] = [*record.get("redacted", []), *names]
        self._lines[number] = orjson.dumps(record)
        self.findings += [Finding(number + 1, name) for name in names]

    def _text(self, number: int, key: str, text: str) -> None:
        """`text` is what the key holds, or that with something masked already."""
        result = mask_text(text, self._rules)
        if result != self._records[number].get(key, ""):
            self._change(number, {key: result}, [key])

    def _headers(self, number: int) -> None:
        for key in ("headers", "trailers"):
            pairs = self._records[number].get(key)
            if pairs:
                headers = tuple((_octets(name), _octets(value)) for name, value in pairs)
                result, names = mask_headers(headers, self._rules)
                told = [name.replace("headers", key, 1) for name in names]
                self._change(number, {key: [[octets(name), octets(value)] for name, value in result]}, told)

    def _headers_of(self, kind: str) -> Headers:
        of_kind = (record for record in self._records if record["k"] == kind)
        pairs: list[list[Any]] = next(of_kind, {"headers": []})["headers"]
        return tuple((_octets(name), _octets(value)) for name, value in pairs)

    def _request_body(self) -> None:
        numbers = [n for n, record in enumerate(self._records) if record["k"] in ("request", "upload")]
        pieces = [_bytes(self._holder(number)) for number in numbers]
        marks = body_marks(self._headers_of("request"), b"".join(pieces), self._rules)
        if marks is None:
            for number in numbers:
                self._store(number, b"", [NOT_STORED])
        else:
            self._mask_pieces(numbers, pieces, marks)

    def _response_body(self) -> None:
        numbers = [n for n, record in enumerate(self._records) if record["k"] == "data"]
        pieces = [_bytes(self._holder(number)) for number in numbers]
        headers = self._headers_of("response")
        if coding := inflating(headers):
            self._coded_body(numbers, pieces, headers, coding)
        else:
            self._mask_pieces(numbers, pieces, body_findings(headers, b"".join(pieces), self._rules))

    def _mask_pieces(self, numbers: list[int], pieces: list[bytes], marks: list[Mark]) -> None:
        body = b"".join(pieces)
        result = masked(body, marks)
        waiting = [mark for mark in marks if result[mark.start : mark.stop] != body[mark.start : mark.stop]]
        start = 0
        for number, piece in zip(numbers, pieces, strict=True):
            stop = start + len(piece)
            while waiting and waiting[0].stop <= start:
                waiting.pop(0)
            behind = next((n for n, mark in enumerate(waiting) if mark.start >= stop), len(waiting))
            self._store(number, result[start:stop], [mark.name for mark in waiting[:behind]])
            start = stop

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
            self._change(number, {}, names)

    def _coded_body(
        self, numbers: list[int], pieces: list[bytes], headers: Headers, coding: Inflating
    ) -> None:
        """Of a compressed body that has a secret in it, what comes before the read that brings it."""
        plain: list[bytes] = []
        why = ""
        try:
            for piece in pieces:
                plain.append(b"".join(coding.feed(piece)))
        except TooMuchError:
            why = "more than can be looked through"
        except CodingError:
            pass  # not what its head says from here on
        marks = body_findings(headers, b"".join(plain), self._rules)
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


def _octets(value: str | Record) -> bytes:
    return value.encode() if isinstance(value, str) else base64.b64decode(value["b64"])


def _bytes(holder: Record) -> bytes:
    text = holder.get("text")
    return text.encode() if isinstance(text, str) else base64.b64decode(holder["b64"])
