"""Cassette lines to an exchange. Whatever is wrong is said with the line it stands on."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

import orjson

from sseproxy.cassette.migrate import CONVERTERS, VERSION, Record, upgrade
from sseproxy.errors import CassetteError, NoHeadYetError
from sseproxy.exchange import (
    Arrival,
    End,
    Ending,
    Exchange,
    Framing,
    Head,
    Headers,
    Note,
    Request,
    ResponseHead,
    header,
)

E = TypeVar("E", bound=StrEnum)

_WRITTEN = tuple(ending for ending in Ending if ending is not Ending.INCOMPLETE)
_LINE_ENDS = re.compile(rb"[\r\n\x00]")
_REQUEST = re.compile(rb'\s*\{\s*"k"\s*:\s*"request"')
_KNOWN = {"head", "request", "upload", "upload_end", "response", "data", "note", "end"}
_LINE = "_line"  # where a record stood; no record of the format has this key


def decode(data: bytes, *, part: bool = False) -> Exchange:
    """The exchange that these bytes of a cassette hold.

    A torn last line is what a recorder that died leaves, and is passed over. An empty file or a torn head is
    legal only in a `part`, and even there holds no exchange. Raises CassetteError (without a path).
    """
    reader = Reader()
    for record in upgrade(parse(data, part=part), converters=CONVERTERS, current=VERSION):
        reader.take(record)
    return reader.exchange()


class Slice(NamedTuple):
    """The content of one `data` record."""

    t: int
    data: bytes
    more: bool
    """Whether the arrival goes on in the next slice."""


Item = Head | Request | ResponseHead | Slice | Note | End


def decode_request(lines: Iterable[bytes], *, part: bool = False) -> tuple[Head, Request | None]:
    """The head and the request in a cassette, of which no more lines are taken than that needs.

    Raises CassetteError as `decode` does, for what is wrong in those lines.
    """
    rest = iter(lines)
    taken: list[bytes] = []
    for line in rest:
        taken.append(line)
        if _REQUEST.match(line):
            exchange = decode(b"".join(taken), part=part)
            if exchange.request and _is_whole(exchange.request):
                return exchange.head, exchange.request
            break
    exchange = decode(b"".join([*taken, *rest]), part=part)
    return exchange.head, exchange.request


def _is_whole(request: Request) -> bool:
    """Whether this must be all of the body: else the rest may follow, even behind an early answer."""
    announced = header(request.headers, b"content-length") or b"0"
    return header(request.headers, b"transfer-encoding") is None and announced == b"%d" % len(request.body)


def decode_tail(lines: bytes) -> bytes:
    """The body bytes in the last lines of a cassette, whose first lines the caller did not read."""
    records = (read_record(line, 0) for line in lines.splitlines())
    return b"".join(_Fields(record).content() for record in records if record["k"] == "data")


def parse(data: bytes, *, part: bool = False) -> list[Record]:
    """The records of a cassette as plain JSON objects, each checked to have a string `k`."""
    *lines, rest = data.split(b"\n")
    records = [read_record(line, number) for number, line in enumerate(lines, 1)]
    if rest:
        try:
            records.append(read_record(rest, len(lines) + 1))
        except CassetteError:
            if not lines and not part:
                raise
    if not records:
        raise nothing(part)
    return records


def nothing(part: bool) -> CassetteError:
    """The error for a cassette without any record."""
    if part:
        return NoHeadYetError("the recorder has not written a head yet")
    return CassetteError("empty: a cassette has at least a head")


def read_record(line: bytes, number: int) -> Record:
    """A line of a cassette, checked to be an object with a string `k`. Raises CassetteError."""
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise CassetteError(f"not JSON: {error.msg}", line=number) from None
    if not isinstance(record, dict) or not isinstance(record.get("k"), str):
        raise CassetteError("each line should be a JSON object with a string `k`", line=number)
    record[_LINE] = number
    return record


class _Field(StrEnum):
    """The JSON types a field can be asked for, as an error calls them."""

    STRING = "a string"
    NUMBER = "a whole number from 0"
    BOOLEAN = "true or false"
    OBJECT = "an object"
    LIST = "a list"

    def fits(self, value: object) -> bool:
        match self:
            case _Field.STRING:
                return isinstance(value, str)
            case _Field.NUMBER:
                return isinstance(value, int) and not isinstance(value, bool) and value >= 0
            case _Field.BOOLEAN:
                return isinstance(value, bool)
            case _Field.OBJECT:
                return isinstance(value, dict)
            case _Field.LIST:
                return isinstance(value, list)


@dataclass(frozen=True, slots=True)
class _Fields:
    """A record, read field by field with the types checked."""

    record: Record

    def wrong(self, name: str, expected: str) -> CassetteError:
        what = f"`{name}` should be {expected}" if name in self.record else f"`{name}` is missing"
        return CassetteError(f"`{self.record['k']}` record: {what}", line=self.record[_LINE])

    def get(self, name: str, kind: _Field) -> Any:
        value = self.record.get(name)
        if not kind.fits(value):
            raise self.wrong(name, kind)
        return value

    def string(self, name: str) -> str:
        value: str = self.get(name, _Field.STRING)
        return value

    def number(self, name: str) -> int:
        value: int = self.get(name, _Field.NUMBER)
        return value

    def status(self) -> int:
        status = self.number("status")
        if not 100 <= status <= 999:
            raise self.wrong("status", "100 to 999")
        return status

    def raw(self, name: str) -> bytes:
        """A string of a head, in either of its forms."""
        return self._raw(self.record.get(name), name)

    def _raw(self, value: object, name: str) -> bytes:
        if isinstance(value, str):
            return self._utf8(value, name)
        if isinstance(value, dict) and isinstance(value.get("b64"), str):
            return self._unbase64(value["b64"], name)
        raise self.wrong(name, 'a string or {"b64": …}')

    def trailers(self) -> Headers:
        return self.headers("trailers") if "trailers" in self.record else ()

    def headers(self, name: str) -> Headers:
        pairs = self.get(name, _Field.LIST)
        if not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
            raise self.wrong(name, "a list of [name, value]")
        return tuple((self.one_line(key, name), self.one_line(value, name)) for key, value in pairs)

    def one_line(self, value: object, name: str) -> bytes:
        """A string of a head in either form, which a line end would make two."""
        if isinstance(value, str) and value.isascii() and value.isprintable():
            return value.encode()  # nearly all are so: a library of thousands is read in half the time
        raw = self._raw(value, name)
        if _LINE_ENDS.search(raw):
            raise self.wrong(name, "without CR, LF and NUL")
        return raw

    def content(self, where: Record | None = None) -> bytes:
        """`text` xor `b64`, of the record itself or of an object in it."""
        holder = self.record if where is None else where
        match holder.get("text"), holder.get("b64"):
            case str(text), None:
                return self._utf8(text, "text")
            case None, str(encoded):
                return self._unbase64(encoded, "b64")
        line, kind = self.record[_LINE], self.record["k"]
        raise CassetteError(f"`{kind}` record: there should be either `text` or `b64`, a string", line=line)

    def _utf8(self, text: str, name: str) -> bytes:
        try:
            return text.encode()
        except UnicodeEncodeError:
            raise self.wrong(name, "valid Unicode, without lone surrogates") from None

    def _unbase64(self, encoded: str, name: str) -> bytes:
        try:
            return base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            raise self.wrong(name, "base64") from None

    def choice(self, name: str, choices: Sequence[E]) -> E:
        value = self.string(name)
        for choice in choices:
            if choice == value:
                return choice
        raise self.wrong(name, f"one of {', '.join(choices)}, not {value!r}")


class Reader:
    """Folds records into an exchange; kinds it does not know are passed over."""

    def __init__(self) -> None:
        self.head: Head | None = None
        self.request: Request | None = None
        self.uploads: list[bytes] = []
        self.upload_complete = True
        self.upload_trailers: Headers = ()
        self.response: ResponseHead | None = None
        self.slices: list[bytes] = []
        self.slices_t = 0
        self.arrivals: list[Arrival] = []
        self.notes: list[Note] = []
        self.end: End | None = None

    def take(self, record: Record) -> Item | None:
        """The next record, and what it holds by itself."""
        if record["k"] in _KNOWN and self.end:
            self._refuse(record, "stands after the `end`")
        fields = _Fields(record)
        match record["k"]:
            case "head":
                return self._head(fields)
            case "request":
                return self._request(fields)
            case "upload":
                self._upload(fields)
            case "upload_end":
                self._upload_end(fields)
            case "response":
                return self._response(fields)
            case "data":
                return self._data(fields)
            case "note":
                return self._note(fields)
            case "end":
                return self._end(fields)
        return None

    def forget(self) -> None:
        """Lets go of all content so far."""
        for kept in (self.uploads, self.slices, self.arrivals, self.notes):
            kept.clear()

    def exchange(self) -> Exchange:
        self._join_slices()
        assert self.head is not None  # upgrade() has seen to it
        if self.request and self.uploads:
            body = b"".join([self.request.body, *self.uploads])
            self.request = replace(
                self.request, body=body, complete=self.upload_complete, trailers=self.upload_trailers
            )
        return Exchange(
            head=self.head,
            request=self.request,
            response=self.response,
            arrivals=tuple(self.arrivals),
            notes=tuple(self.notes),
            end=self.end,
        )

    @staticmethod
    def _refuse(record: Record, why: str) -> None:
        raise CassetteError(f"a `{record['k']}` record {why}", line=record[_LINE])

    def _head(self, fields: _Fields) -> Head:
        if self.head:
            self._refuse(fields.record, "may stand only once, in the first line")
        self.head = Head(
            id=fields.string("id"),
            by=fields.string("by"),
            wall=fields.string("wall"),
            session=fields.string("session"),
            session_t=fields.number("session_t"),
            upstream=fields.string("upstream"),
        )
        return self.head

    def _request(self, fields: _Fields) -> Request:
        if self.request:
            self._refuse(fields.record, "may stand only once")
        self.request = Request(
            method=fields.string("method"),
            target=fields.raw("target"),
            version=fields.string("version"),
            headers=fields.headers("headers"),
            body=fields.content(fields.get("body", _Field.OBJECT)),
            trailers=fields.trailers(),
        )
        return self.request

    def _upload(self, fields: _Fields) -> None:
        self.uploads.append(fields.content())
        self.upload_complete = False

    def _upload_end(self, fields: _Fields) -> None:
        self.uploads.append(b"")
        self.upload_complete = bool(fields.get("complete", _Field.BOOLEAN))
        self.upload_trailers = fields.trailers()

    def _response(self, fields: _Fields) -> ResponseHead:
        if self.response:
            self._refuse(fields.record, "may stand only once")
        self.response = ResponseHead(
            t=fields.number("t"),
            status=fields.status(),
            reason=fields.one_line(fields.record.get("reason"), "reason"),
            version=fields.string("version"),
            headers=fields.headers("headers"),
            framing=fields.choice("framing", tuple(Framing)),
        )
        return self.response

    def _data(self, fields: _Fields) -> Slice:
        if not self.response:
            self._refuse(fields.record, "stands before the `response`")
        if not self.slices:
            self.slices_t = fields.number("t")
        found = Slice(self.slices_t, fields.content(), fields.record.get("more") is True)
        self.slices.append(found.data)
        if not found.more:
            self._join_slices()
        return found

    def _join_slices(self) -> None:
        """Slices without a last one are what a recorder that died in mid-write leaves."""
        if self.slices:
            self.arrivals.append(Arrival(self.slices_t, b"".join(self.slices)))
            self.slices.clear()

    def _note(self, fields: _Fields) -> Note:
        tags = fields.get("tags", _Field.LIST)
        note = Note(fields.number("t"), fields.string("text"), tuple(map(str, tags)), len(self.arrivals))
        self.notes.append(note)
        return note

    def _end(self, fields: _Fields) -> End:
        self.end = End(
            t=fields.number("t"),
            reason=fields.choice("reason", _WRITTEN),
            bytes=fields.number("bytes"),
            trailers=fields.trailers(),
            client_left=fields.record.get("client") == "left",
            detail=fields.string("detail") if "detail" in fields.record else "",
        )
        return self.end
