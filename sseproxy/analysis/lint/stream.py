"""One cassette through all checks, record by record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from sseproxy.analysis.body import Plain
from sseproxy.analysis.lint import rules
from sseproxy.analysis.lint.block import Block, Findings, Found
from sseproxy.analysis.lint.clients import Clients
from sseproxy.analysis.lint.finding import Finding, Place
from sseproxy.analysis.lint.http import (
    check_ending,
    check_head,
    check_not_streamed,
    check_type,
    looks_like_events,
)
from sseproxy.analysis.lint.order import Order
from sseproxy.analysis.lint.recording import check_recording, times_go_back
from sseproxy.analysis.lint.session import Course
from sseproxy.analysis.lint.timing import Timing
from sseproxy.analysis.lint.wire import Wire
from sseproxy.cassette.decode import Item, Slice
from sseproxy.coding import CodingError
from sseproxy.contract import compile_contract
from sseproxy.dialects import DIALECTS, DROPPED, PLAIN, Dialect, Ids, Meaning, detect
from sseproxy.exchange import (
    HOLE,
    End,
    Ending,
    Head,
    Note,
    Request,
    ResponseHead,
    media_type,
)
from sseproxy.sse import Event, EventStreamParser, LineParser, parser_for

_HELD = 16
"""Events that wait until it is known whose they are."""


@dataclass(frozen=True, slots=True)
class Expectations:
    """Whose events are looked for, and which orders are legal."""

    dialects: tuple[Dialect, ...] = DIALECTS
    dialect: Dialect | None = None
    """That of all streams; None: found from the events."""
    contracts: Mapping[str, str] = field(default_factory=dict)
    """In place of a dialect's own, by its name; under the empty name, in place of all."""
    clients: bool = True
    """Whether to look at what clients' libraries make of the streams: a third of the work."""

    def contract(self, dialect: Dialect) -> str:
        return self.given(dialect) or dialect.contract

    def given(self, dialect: Dialect) -> str:
        """The contract that was given for it; empty where none was."""
        return self.contracts.get("") or self.contracts.get(dialect.name) or ""


class StreamLinter:
    """Takes what a cassette holds, one item after the other; keeps one event of it at most."""

    def __init__(self, cassette: str, expectations: Expectations = Expectations()) -> None:
        self._cassette = cassette
        self._expectations = expectations
        self._head: Head | None = None
        self._request: Request | None = None
        self._response: ResponseHead | None = None
        self._response_line = 1
        self._body: Plain | None = None
        self._parser: EventStreamParser | LineParser | None = None
        self._raw = bytearray()  # since the last event's end
        self._raw_from = 0  # where that is in the stream
        self._number = 0  # of events that listeners see
        self._held: list[tuple[Event, bytes, Place]] | None = []  # None: it is known whose they are
        self._read = _Read()
        self._last_data = Place(cassette, "", 1)
        self._t = 0  # of the latest record
        self._line = 1
        self._over = False
        self._ended = False
        self._checks: _Checks | None = None
        self._timing: Timing | None = None
        self._told: Counter[tuple[str, str]] = Counter()
        self.dialect = PLAIN
        self.course: Course | None = None
        """For the comparison with other streams; None until the request is known."""

    def take(self, line: int, item: Item) -> Iterator[Finding]:
        """The findings that this item brings. Alike ones are given once."""
        yield from self._new(self._take(line, item))

    def _new(self, findings: Findings) -> Iterator[Finding]:
        for found in findings:
            key = (found.rule.code, found.key)
            self._told[key] += 1
            if self._told[key] == 1:
                yield Finding(found.rule, found.place, found.message, key=found.key)

    def close(self) -> Iterator[Finding]:
        """What is to be said where there is nothing more to take."""
        if not self._ended:
            place = self._place(self._line, self._t)
            yield from self._new(check_recording(Ending.INCOMPLETE, "", place))

    def more(self, finding: Finding) -> int:
        """How many alike have followed a finding so far."""
        return self._told[finding.rule.code, finding.key] - 1

    def _take(self, line: int, item: Item) -> Findings:
        self._line = line
        before, self._t = self._t, getattr(item, "t", self._t)  # heads and requests have none
        if self._t < before:
            number = self._number
            found = list(self._of(line, item))
            event = number + 1 if self._number > number else None  # the first that this record completes
            yield times_go_back(before, self._t, self._place(line, self._t, event))
            yield from found
        else:
            yield from self._of(line, item)

    def _of(self, line: int, item: Item) -> Findings:
        match item:
            case Head():
                self._head = item
            case Request():
                self._request = item
            case ResponseHead():
                yield from self._begin(line, item)
            case Slice() if not self._over:
                yield from self._slice(line, item)
            case Note() if HOLE in item.tags:
                self._over = True  # what came behind a hole can't be judged
            case End():
                yield from self._end(line, item)

    def _place(self, line: int, t: int | None, event: int | None = None) -> Place:
        return Place(self._cassette, self._head.id if self._head else "", line, t, event)

    # The response.

    def _begin(self, line: int, response: ResponseHead) -> Findings:
        self._response, self._response_line = response, line
        self._timing = Timing(response.t)
        self._parser = parser_for(media_type(response.headers))
        try:
            self._body = Plain(response.headers)
        except CodingError as error:
            yield from self._give_up(error, self._place(line, response.t))
        if self._parser:
            yield from check_head(self._request, response, self._place(line, response.t))

    def _slice(self, line: int, piece: Slice) -> Findings:
        assert self._body
        assert self._response
        assert self._timing
        try:
            for plain in self._body.feed(piece.data):
                yield from self._piece(plain, line, piece.t)
        except CodingError as error:
            yield from self._give_up(error, self._place(line, piece.t))
        if self._over or self._parser is None:
            return
        self._last_data = self._place(line, piece.t)
        if not self._read.place:
            self._read.place = self._last_data
        if not piece.more:
            read, self._read = self._read, _Read()
            assert read.place
            yield from self._timing.read(piece.t, read.tokens, read.place)

    def _give_up(self, error: CodingError, place: Place) -> Findings:
        """A body that can't be decoded."""
        self._over = True
        if self._parser:
            yield Found(rules.UNDECODED, place, str(error))

    def _piece(self, plain: bytes, line: int, t: int) -> Findings:
        if self._over:
            return
        if self._parser is None:
            yield from self._sniff(plain)
            if self._parser is None:
                return
        yield from self._events(plain, line, t)

    def _sniff(self, plain: bytes) -> Findings:
        """The first bytes of a body that is declared as something else."""
        assert self._response
        place = self._place(self._response_line, self._response.t)
        if looks_like_events(plain):
            self._parser = EventStreamParser()
            yield from check_type(self._response.headers, place)
            yield from check_head(self._request, self._response, place)
        else:
            self._over = True
            yield from check_not_streamed(self._request, self._response, place)

    # The events.

    def _events(self, plain: bytes, line: int, t: int) -> Findings:
        assert self._parser
        self._raw += plain
        for event in self._parser.feed(plain):
            raw = bytes(self._raw[: event.stop - self._raw_from])
            del self._raw[: len(raw)]
            self._raw_from = event.stop
            self._number += event.dispatched
            place = self._place(line, t, self._number if event.dispatched else None)
            yield from self._event(event, raw, place)

    def _event(self, event: Event, raw: bytes, place: Place) -> Findings:
        if self._held is None:
            yield from self._block(event, raw, place)
            return
        self._held.append((event, raw, place))
        known = self._expectations.dialect or detect([event], self._expectations.dialects)
        if known is not PLAIN or len(self._held) > _HELD:
            yield from self._release(known)

    def _release(self, dialect: Dialect) -> Findings:
        """It is known, or given up, whose events these are: those held back go through the checks."""
        self.dialect = dialect
        held, self._held = self._held or [], None
        asked = dialect.asked(self._request) if self._request else ()
        order = Order(dialect, compile_contract(self._expectations.contract(dialect)), asked)
        is_lines = isinstance(self._parser, LineParser)
        clients = Clients(dialect) if self._expectations.clients and not is_lines else None
        self._checks = _Checks(Wire(json=dialect.json or is_lines), order, clients)
        self._open_course(asked)
        for event, raw, place in held:
            yield from self._block(event, raw, place)

    def _block(self, event: Event, raw: bytes, place: Place) -> Findings:
        assert self._checks
        assert self._timing
        block = Block(event, raw, self.dialect.meaning(event), place)
        kind = block.meaning.kind
        self._read.tokens += kind in self.dialect.tokens
        if self.course and self._head:
            self.course.place = place
            if kind in self.dialect.tokens:
                self.course.tokens += 1
                self.course.last_token = self._head.session_t + (place.t or 0)
            self.course.has_end |= kind in self.dialect.last
        if event.dispatched:
            self._timing.hear(block)
        yield from self._checks.block(block)

    def _open_course(self, asked: Ids) -> None:
        chat = dict(asked).get("chat", "")
        if chat and self._head:
            place = self._place(self._response_line, None)
            self.course = Course(self._head.session, chat, self._head.session_t, place)

    # The end.

    def _end(self, line: int, end: End) -> Findings:
        place = self._place(line, end.t)
        self._ended = True
        yield from check_recording(end.reason, end.detail, place)
        if self._parser:
            yield from check_ending(end.reason, end.detail, self._number, place)
        if self._held is not None and self._parser:
            yield from self._release(self._expectations.dialect or PLAIN)
        if self.course and self._head:
            self.course.over = self._head.session_t + end.t
        if self._over or not self._checks or not self._parser or not self._timing:
            return
        whole = end.reason.whole and not end.client_left
        unfinished = len(self._raw) if whole and self._parser.unfinished is not None else 0
        yield from self._checks.wire.end(unfinished, self._last_data)
        if whole:
            yield from self._checks.rest(bytes(self._raw), self._last_data)
        if unfinished:
            for event in self._parser.feed(b"\n\n"):
                block = Block(event, bytes(self._raw), self.dialect.meaning(event), place)
                self._checks.order.intended(block)
        yield from self._checks.order.end(place, whole=whole)
        yield from self._timing.end(place)


@dataclass(slots=True)
class _Read:
    """A read under way."""

    place: Place | None = None
    tokens: int = 0


@dataclass(slots=True)
class _Checks:
    """Those that look at each event."""

    wire: Wire
    order: Order
    clients: Clients | None

    def block(self, block: Block) -> Findings:
        yield from self.wire.block(block)
        if not self.wire.is_broken:
            yield from self.order.block(block)
        if self.clients:
            yield from self.clients.block(block)

    def rest(self, raw: bytes, place: Place) -> Findings:
        """What stands behind the last event of a whole stream."""
        if self.clients and raw:
            nothing = Event(0, 0, False, "message", "", "", None, (), ())
            yield from self.clients.end(Block(nothing, raw, Meaning(DROPPED), place))


def lint(
    cassette: str, items: Iterable[tuple[int, Item]], expectations: Expectations, *, under_way: bool = False
) -> tuple[list[Finding], Course | None]:
    """The findings of a cassette in the order of its lines, and its course to compare with others.

    `under_way`: it is being recorded, and so may lack its end.
    """
    linter = StreamLinter(cassette, expectations)
    found = [finding for line, item in items for finding in linter.take(line, item)]
    if not under_way:
        found += linter.close()
    counted = [replace(finding, more=linter.more(finding)) for finding in found]
    return sorted(counted, key=lambda finding: finding.place.line), linter.course
