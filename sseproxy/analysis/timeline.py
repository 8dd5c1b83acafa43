"""The streams of a session on one clock, merged into one order.

Exchanges that ran close to one another make a scene; each has a lane in it. What happened in a lane is a row:
the request, the head, each event, notes, the ending. Like events that follow one another make one row, as
long as no other stream of the same chat (message, completion, …) says anything between them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from heapq import merge
from itertools import chain
from typing import NamedTuple, TypeVar

from sseproxy.again import Again
from sseproxy.analysis.gaps import STALL, Gap
from sseproxy.analysis.lint import Finding
from sseproxy.analysis.moment import Moment
from sseproxy.analysis.remark import comments, rest
from sseproxy.analysis.scenes import Group, Span, sessions, with_relevant
from sseproxy.analysis.story import Story
from sseproxy.exchange import media_type
from sseproxy.printable import READABLE, counted, printable, printable_bytes

T = TypeVar("T")

_LEAST = 1_000  # microseconds: a gap that is told of is not shown as 0.000 s


class What(StrEnum):
    """What a row tells of."""

    REQUEST = "request"
    HEAD = "head"
    EVENT = "event"
    UNHEARD = "unheard"
    """A block that no listener sees: a heartbeat, mostly."""
    NOTE = "note"
    END = "end"


class Stall(NamedTuple):
    """A silence that a reader should see."""

    before: Moment
    after: Moment | None
    """The event that came late; None: none came before the ending."""
    length: int
    """In microseconds."""


def came_late(before: Moment, after: Moment | None) -> str:
    """Which event came late, and after what; None: none came any more."""
    last = f"#{before.number} {printable(before.meaning.kind)}"
    if after is None:
        return f"nothing came after {last}"
    return f"#{after.number} {printable(after.meaning.kind)} came after {last}"


@dataclass(frozen=True, slots=True)
class Lane:
    """One exchange of a scene."""

    letter: str
    cassette: str
    story: Story
    began: int
    """Microseconds since the scene began."""
    kin: tuple[str, ...]
    """Letters of the lanes that share an id with this one."""
    shared: tuple[tuple[str, str], ...]
    """The ids that they share."""
    longest: Gap | None
    findings: tuple[Finding, ...] = ()
    """Those of the whole stream."""

    @property
    def same(self) -> str:
        """What they share, in words."""
        return " and ".join(f"{name} {printable(value)}" for name, value in self.shared)

    @property
    def ended(self) -> int:
        return self.began + self.story.exchange.duration


class Row(NamedTuple):
    """Something that happened in a lane, or a run of like events. Times are of the scene, in microseconds."""

    lane: int
    what: What
    kind: str
    at: int
    until: int
    gap: int | None = None
    """From the row before it in its lane; None for the request."""
    first: int = 0
    """Number of the first event, 0 where there is none that a listener sees."""
    last: int = 0
    events: int = 1
    """How many it tells of."""
    widest: int = 0
    """The longest gap inside a run."""
    text: str = ""
    data: str = ""
    """What an event holds that has no text."""
    detail: str = ""
    """What is known of an ending beside its kind."""
    stall: Stall | None = None
    meets: str = ""
    """Of a request: the open streams of the same chat, `A of the same chat`."""
    findings: tuple[Finding, ...] = ()

    @property
    def warning(self) -> str:
        """Which event came late, after what, by how much; or which stream a request meets."""
        if self.stall:
            late = came_late(self.stall.before, self.stall.after)
            return f"stall: {self.stall.length / 1e6:.3f} s of silence: {late}"
        return f"asked while {self.meets} is open" if self.meets else ""


@dataclass(frozen=True, slots=True)
class Scene:
    session: str
    wall: str
    """When the first request came."""
    idle: int | None
    """Microseconds that nothing was open before it in this session; None for the first scene of a session."""
    lanes: tuple[Lane, ...]
    rows: Sequence[Row]
    """A tuple; of long streams, unfolded, what is made again each time it is gone through."""

    @property
    def duration(self) -> int:
        return max(lane.ended for lane in self.lanes)


def _nothing(_: object) -> Iterable[Finding]:
    return ()


def timeline(
    spans: Iterable[Span[T]],
    read: Callable[[T], tuple[str, Story] | None],
    lint: Callable[[Sequence[T]], Iterable[Finding]] = _nothing,
    *,
    fold: bool = True,
) -> Iterator[Scene]:
    """The scenes of these exchanges, in order of sessions and times, each made when it is asked for.

    `read` gives an exchange's name and story (None: it can't be had), and `lint` what is wrong with some,
    compared with those before. Nothing is kept of a scene when the next one is asked for. `fold` False:
    a row for each event.
    """
    for groups in sessions(spans):
        findings: dict[str, list[Finding]] = defaultdict(list)
        for group, relevant in with_relevant(groups):
            for finding in lint(relevant):
                findings[finding.place.cassette].append(finding)
            yield from _scene(group, read, findings, fold=fold)


Together = list[tuple[str, Story]]


def _scene(
    group: Group[T],
    read: Callable[[T], tuple[str, Story] | None],
    known: dict[str, list[Finding]],
    *,
    fold: bool,
) -> Iterator[Scene]:
    """One, or none where nothing of it can be had; what was known of it is taken from there."""
    together = [found for span in group.spans if (found := read(span.what))]
    if not together:
        return
    findings = {name: known.pop(name) for name, _ in together if name in known}
    lanes = tuple(_lanes(together, findings))
    rows = Again(partial(_merged, lanes, findings), sum(_count(lane.story) for lane in lanes))
    told: Sequence[Row] = (
        rows if any(isinstance(lane.story.moments, Again) for lane in lanes) else tuple(rows)
    )
    first = together[0][1].exchange.head
    yield Scene(first.session, first.wall, group.idle, lanes, tuple(_folded(told, lanes)) if fold else told)


def _merged(lanes: Sequence[Lane], findings: Mapping[str, Sequence[Finding]]) -> Iterator[Row]:
    """The rows of all lanes in order; of one time, in the order of the lanes."""
    return merge(*(_rows(index, lane, lanes, findings) for index, lane in enumerate(lanes)), key=_at)


def _at(row: Row) -> int:
    return row.at


def _count(story: Story) -> int:
    """How many rows there are to a lane."""
    exchange = story.exchange
    return bool(exchange.request) + bool(exchange.response) + len(story.moments) + len(exchange.notes) + 1


def _lanes(together: Together, findings: Mapping[str, Sequence[Finding]]) -> Iterator[Lane]:
    zero = together[0][1].exchange.head.session_t
    ids = [story.ids for _, story in together]
    for index, (name, story) in enumerate(together):
        kin = [other for other, each in enumerate(ids) if other != index and each & ids[index]]
        shared = {pair for other in kin for pair in ids[other] & ids[index]}
        yield Lane(
            letter=_letter(index),
            cassette=name,
            story=story,
            began=story.exchange.head.session_t - zero,
            kin=tuple(map(_letter, kin)),
            shared=tuple(sorted(shared)),
            longest=_longest(story),
            findings=tuple(
                each
                for each in findings.get(name, ())
                if each.place.event is None and not _is_of_ending(each, story)
            ),
        )


def _is_of_ending(finding: Finding, story: Story) -> bool:
    """Whether a finding that is of no event is of the stream's end, and not of its head."""
    response, t = story.exchange.response, finding.place.t
    head_at = response.t if response else 0
    return finding.place.event is None and t is not None and head_at < t >= story.exchange.duration


def _longest(story: Story) -> Gap | None:
    """None where none was, or the silence before the ending was longer: the line of that tells of it."""
    found = story.survey.longest
    return found if found and found.length >= max(story.last_silence, _LEAST) else None


def _letter(index: int) -> str:
    """A … Z, AA, AB …"""
    before, last = divmod(index, 26)
    return (_letter(before - 1) if before else "") + chr(ord("A") + last)


def _rows(
    index: int, lane: Lane, lanes: Sequence[Lane], findings: Mapping[str, Sequence[Finding]]
) -> Iterator[Row]:
    """A lane's rows in order, one for each event."""
    before: int | None = None
    at_event: dict[int | None, list[Finding]] = defaultdict(list)
    for finding in findings.get(lane.cassette, ()):
        at_event[finding.place.event].append(finding)
    of_ending = [finding for finding in at_event[None] if _is_of_ending(finding, lane.story)]
    rows = _unmeasured(index, lane, lanes)
    # A hand can have made times go back. Both are stable: of one time, in the order given.
    for row in merge(*rows, key=_at) if not lane.story.survey.goes_back else sorted(chain(*rows), key=_at):
        gap = None if before is None else row.at - before
        found = at_event.get(row.first, []) if row.first else of_ending if row.what is What.END else []
        yield row._replace(gap=gap, findings=tuple(found)) if found else row._replace(gap=gap)
        before = row.at


def _unmeasured(index: int, lane: Lane, lanes: Sequence[Lane]) -> list[Iterable[Row]]:
    """A lane's rows by what they are, each in the order of their times."""
    exchange, began = lane.story.exchange, lane.began
    rows: list[Iterable[Row]] = []
    if request := exchange.request:
        asked = request.body.decode("utf-8", "replace")
        meets = _met(lane, lanes)
        rows.append([Row(index, What.REQUEST, "request", began, began, data=asked, meets=meets)])
    if response := exchange.response:
        at = began + response.t
        told = f"{response.status} {printable_bytes(media_type(response.headers))}".rstrip()
        rows.append([Row(index, What.HEAD, "head", at, at, text=told)])
    late = {gap.after.number: Stall(*gap, gap.length) for gap in lane.story.survey.stalls}
    rows.append(
        _of_event(index, began + moment.t, moment, late.get(moment.number) if moment.number else None)
        for moment in lane.story.moments
    )
    notes = sorted(exchange.notes, key=lambda note: note.t)
    rows.append(
        Row(index, What.NOTE, "note", began + note.t, began + note.t, text=printable(note.text))
        for note in notes
    )
    rows.append([_of_ending(index, lane)])
    return rows


def _of_ending(index: int, lane: Lane) -> Row:
    exchange, last = lane.story.exchange, lane.story.survey.last
    text = f"{counted(exchange.size, 'byte')} in {counted(len(exchange.arrivals), 'read')}"
    detail = printable(exchange.end.detail) if exchange.end else ""
    silence = lane.story.last_silence
    stall = Stall(last, None, silence) if last and silence >= STALL else None
    kind = str(exchange.ending)
    return Row(index, What.END, kind, lane.ended, lane.ended, text=text, detail=detail, stall=stall)


def _met(lane: Lane, lanes: Sequence[Lane]) -> str:
    """Which streams of the same chat are open when this request comes, in words."""
    open_ = [
        other.letter
        for other in lanes
        if other.letter in lane.kin and other.began < lane.began <= other.ended
    ]
    names = " and ".join(sorted({name for name, _ in lane.shared}))
    return f"{' and '.join(open_)} of the same {names}" if open_ else ""


def _of_event(index: int, at: int, moment: Moment, stall: Stall | None) -> Row:
    event, meaning = moment.event, moment.meaning
    heard = event.dispatched
    return Row(
        lane=index,
        what=What.EVENT if heard else What.UNHEARD,
        kind=meaning.kind,
        at=at,
        until=at,
        first=moment.number,
        last=moment.number,
        text=meaning.text,
        data="" if meaning.text else rest(event.data, meaning.kind) if heard else comments(event),
        stall=stall,
    )


def _folded(rows: Iterable[Row], lanes: Sequence[Lane]) -> Iterator[Row]:
    """Runs of like events as one row each, in the order in which they began."""
    index_of = {lane.letter: index for index, lane in enumerate(lanes)}
    kin = [[index_of[letter] for letter in lane.kin] for lane in lanes]
    result: list[_Run] = []
    open_: dict[int, _Run] = {}  # of a lane: its last row
    for row in rows:
        for other in kin[row.lane]:
            open_.pop(other, None)
        run = open_.get(row.lane)
        if run and _continues(run.first, row):
            run.join(row)
        else:
            open_[row.lane] = _Run(row)
            result.append(open_[row.lane])
    return (run.row() for run in result)


class _Run:
    """Like events, of which the texts are joined once, as far as anybody reads."""

    __slots__ = ("_count", "_last", "_size", "_texts", "_widest", "first")

    def __init__(self, first: Row) -> None:
        self.first = self._last = first
        self._count = 1
        self._widest = 0
        self._texts: list[str] | None = None
        self._size = len(first.text)

    def join(self, row: Row) -> None:
        self._texts = self._texts or [self.first.text]
        if self._size <= READABLE:
            self._texts.append(row.text)
            self._size += len(row.text)
        self._last = row
        self._count += 1
        self._widest = max(self._widest, row.gap or 0)

    def row(self) -> Row:
        if self._texts is None:
            return self.first
        last, text = self._last, "".join(self._texts)
        return self.first._replace(
            until=last.at, last=last.last, events=self._count, widest=self._widest, text=text
        )


def _continues(run: Row, row: Row) -> bool:
    alike = row.what in (What.EVENT, What.UNHEARD) and (run.what, run.kind) == (row.what, row.kind)
    return alike and not (row.stall or row.findings or run.findings)
