"""Cassette lines to an exchange. Whatever is wrong is said with the line it stands on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from io import BytesIO
from typing import NamedTuple

from sseproxy.again import HELD
from sseproxy.cassette.fields import LINE, Field, Fields, read_record
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
    LongBody,
    Note,
    Request,
    ResponseHead,
    header,
)

_WRITTEN = tuple(ending for ending in Ending if ending is not Ending.INCOMPLETE)
_REQUEST = re.compile(rb'\s*\{\s*"k"\s*:\s*"request"')


def decode(data: bytes, *, part: bool = False) -> Exchange:
    """The exchange that these bytes of a cassette hold.

    A torn last line is what a recorder that died leaves, and is passed over. An empty file or a torn head is
    legal only in a `part`, and even there holds no exchange. Raises CassetteError (without a path).
    """
    return decode_lines(BytesIO(data), part=part)


def decode_lines(
    lines: Iterable[bytes], *, part: bool = False, again: Callable[[], Iterator[Arrival]] | None = None
) -> Exchange:
    """The same of lines. `again`: where the arrivals come from each time they are asked for, if they are too
    long to be held.
    """
    reader = Reader()
    for record in upgraded(lines, part=part):
        reader.take(record)
        if again and reader.size > HELD:
            reader.arrivals.clear()
    return reader.exchange(again)


def decode_arrivals(lines: Iterable[bytes], *, part: bool = False) -> Iterator[Arrival]:
    """What the body of a cassette is made of, one by one. Raises as `decode` does, where it comes to that."""
    reader = Reader()
    for record in upgraded(lines, part=part):
        reader.take(record)
        if reader.arrivals:
            yield from reader.arrivals
            reader.arrivals.clear()
    yield from reader.exchange().arrivals


def upgraded(lines: Iterable[bytes], *, part: bool) -> Iterator[Record]:
    """Records of the present version as they are read; those of an old one are lifted as a whole.

    Torn last lines and missing heads are dealt with as by `decode`. Raises CassetteError (without a path).
    """
    records = _records(lines, part=part)
    first = next(records)
    begun = [first] if first.get("version") == VERSION else [first, *records]
    yield from upgrade(begun, converters=CONVERTERS, current=VERSION)
    yield from records


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
    return b"".join(Fields(record).content() for record in records if record["k"] == "data")


def decode_end(line: bytes) -> End | None:
    """The `end` that the last line of a cassette is; None for anything else, and for one with a fault."""
    try:
        record = read_record(line, 0)
        item = Reader().take(record) if record["k"] == "end" else None
    except CassetteError:
        return None
    return item if isinstance(item, End) else None


def parse(data: bytes, *, part: bool = False) -> list[Record]:
    """The records of a cassette as plain JSON objects, each checked to have a string `k`."""
    return list(_records(BytesIO(data), part=part))


def _records(lines: Iterable[bytes], *, part: bool) -> Iterator[Record]:
    number = 0
    for number, line in enumerate(lines, 1):
        try:
            record = read_record(line.removesuffix(b"\n"), number)
        except CassetteError:
            if line.endswith(b"\n") or (number == 1 and not part):
                raise
            if number == 1:
                raise nothing(part) from None
            return
        yield record
    if number == 0:
        raise nothing(part)


def nothing(part: bool) -> CassetteError:
    """The error for a cassette without any record."""
    if part:
        return NoHeadYetError("the recorder has not written a head yet")
    return CassetteError("empty: a cassette has at least a head")


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
        self.count = 0
        """How many arrivals there have been, whatever has become of them."""
        self.size = 0
        """How many bytes they had."""
        self.notes: list[Note] = []
        self.end: End | None = None

    def take(self, record: Record) -> Item | None:
        """The next record, and what it holds by itself."""
        take = _TAKES.get(record["k"])
        if take is None:
            return None
        if self.end:
            self._refuse(record, "stands after the `end`")
        return take(self, Fields(record))

    def forget(self) -> None:
        """Lets go of all content so far."""
        for kept in (self.uploads, self.slices, self.arrivals, self.notes):
            kept.clear()

    def exchange(self, again: Callable[[], Iterator[Arrival]] | None = None) -> Exchange:
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
            arrivals=LongBody(again, self.count, self.size)
            if again and self.size > HELD
            else tuple(self.arrivals),
            notes=tuple(self.notes),
            end=self.end,
        )

    @staticmethod
    def _refuse(record: Record, why: str) -> None:
        raise CassetteError(f"a `{record['k']}` record {why}", line=record[LINE])

    def _head(self, fields: Fields) -> Head:
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

    def _request(self, fields: Fields) -> Request:
        if self.request:
            self._refuse(fields.record, "may stand only once")
        self.request = Request(
            method=fields.string("method"),
            target=fields.raw("target"),
            version=fields.string("version"),
            headers=fields.headers("headers"),
            body=fields.content(fields.get("body", Field.OBJECT)),
            trailers=fields.trailers(),
        )
        return self.request

    def _upload(self, fields: Fields) -> None:
        self.uploads.append(fields.content())
        self.upload_complete = False

    def _upload_end(self, fields: Fields) -> None:
        self.uploads.append(b"")
        self.upload_complete = bool(fields.get("complete", Field.BOOLEAN))
        self.upload_trailers = fields.trailers()

    def _response(self, fields: Fields) -> ResponseHead:
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

    def _data(self, fields: Fields) -> Slice:
        if not self.response:
            self._refuse(fields.record, "stands before the `response`")
        if not self.slices:
            self.slices_t = fields.number("t")
        found = Slice(self.slices_t, fields.content(), fields.record.get("more") is True)
        if not (found.more or self.slices):  # nearly all arrivals are one slice
            self._arrived(found.data)
            return found
        self.slices.append(found.data)
        if not found.more:
            self._join_slices()
        return found

    def _join_slices(self) -> None:
        """Slices without a last one are what a recorder that died in mid-write leaves."""
        if self.slices:
            self._arrived(b"".join(self.slices))
            self.slices.clear()

    def _arrived(self, data: bytes) -> None:
        self.arrivals.append(Arrival(self.slices_t, data))
        self.count += 1
        self.size += len(data)

    def _note(self, fields: Fields) -> Note:
        tags = fields.get("tags", Field.LIST)
        note = Note(fields.number("t"), fields.string("text"), tuple(map(str, tags)), self.count)
        self.notes.append(note)
        return note

    def _end(self, fields: Fields) -> End:
        self.end = End(
            t=fields.number("t"),
            reason=fields.choice("reason", _WRITTEN),
            bytes=fields.number("bytes"),
            trailers=fields.trailers(),
            client_left=fields.record.get("client") == "left",
            detail=fields.string("detail") if "detail" in fields.record else "",
        )
        return self.end


_TAKES: Mapping[str, Callable[[Reader, Fields], Item | None]] = {
    "head": Reader._head,
    "request": Reader._request,
    "upload": Reader._upload,
    "upload_end": Reader._upload_end,
    "response": Reader._response,
    "data": Reader._data,
    "note": Reader._note,
    "end": Reader._end,
}
