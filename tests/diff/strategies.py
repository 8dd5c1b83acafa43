"""Predictions, and changes of one kind alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from sseproxy.exchange import Arrival, End, Ending, Exchange, Headers
from tests.support.predictions import event, prediction

# Words of which none is another's beginning or end, so that a changed text is another text.
WORDS = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta")
words = st.sampled_from(WORDS)


@dataclass(frozen=True, slots=True)
class Told:
    """What a stream says: (kind, data) of each event, and how long after the one before it comes, in ms."""

    events: tuple[tuple[str, object], ...]
    gaps: tuple[int, ...]

    def exchange(self) -> Exchange:
        """An event a read."""
        at = 0
        came = []
        for (kind, data), gap in zip(self.events, self.gaps, strict=True):
            at += gap
            came.append((at, event(kind, data)))
        return prediction(came)


def metadata(run: int) -> dict[str, str]:
    """Ids are fresh in each run."""
    return {"chatId": f"chat-{run:04}", "chatMessageId": f"message-{run:04}", "memoryType": "Buffer Memory"}


@st.composite
def tellings(draw: st.DrawFn) -> Told:
    """A flow's events in an order that the real server could send."""
    said = [("token", f" {word}") for word in draw(st.lists(words, min_size=3, max_size=8))]
    tools: list[tuple[str, object]] = [
        ("usedTools", [{"tool": draw(words), "toolOutput": draw(st.integers())}])
    ]
    documents: list[tuple[str, object]] = [("sourceDocuments", [{"pageContent": draw(words)}])]
    events: list[tuple[str, object]] = [
        ("start", ""),
        *said,
        *(tools if draw(st.booleans()) else []),
        *(documents if draw(st.booleans()) else []),
        ("metadata", metadata(1)),
        ("end", "[DONE]"),
    ]
    gaps = draw(st.lists(st.integers(20, 60), min_size=len(events), max_size=len(events)))
    return Told(tuple(events), tuple(gaps))


def again(told: Told) -> Told:
    """The same in another run: the same text, fresh ids."""
    return replace(
        told,
        events=tuple((kind, metadata(2) if kind == "metadata" else data) for kind, data in told.events),
    )


@st.composite
def other_content(draw: st.DrawFn, told: Told) -> Told:
    """One event says something else."""
    place = draw(
        st.sampled_from([i for i, (kind, _) in enumerate(told.events) if kind not in ("start", "end")])
    )
    kind, data = told.events[place]
    assert isinstance(data, str | list | dict)
    new: object
    if isinstance(data, str):
        new = f"{data} {draw(words)}er"
    elif isinstance(data, dict):
        new = data | {"memoryType": "another"}
    else:
        new = [*data, {"more": draw(words)}]
    return replace(told, events=(*told.events[:place], (kind, new), *told.events[place + 1 :]))


@st.composite
def without_one(draw: st.DrawFn, told: Told) -> Told:
    """An event that is no token is gone; what came before it takes its time, too."""
    place = draw(
        st.sampled_from([i for i, (kind, _) in enumerate(told.events) if kind not in ("start", "token")])
    )
    return replace(
        told,
        events=told.events[:place] + told.events[place + 1 :],
        gaps=told.gaps[:place] + told.gaps[place + 1 :],
    )


@st.composite
def other_order(draw: st.DrawFn, told: Told) -> Told:
    """One event stands elsewhere, behind or before one that says something else."""
    start = draw(st.integers(0, len(told.events) - 1))
    rest = [*told.events[:start], *told.events[start + 1 :]]
    places = [
        i for i in range(len(told.events)) if [*rest[:i], told.events[start], *rest[i:]] != [*told.events]
    ]
    place = draw(st.sampled_from(places))
    return replace(told, events=(*rest[:place], told.events[start], *rest[place:]))


@st.composite
def other_timing(draw: st.DrawFn, told: Told) -> Told:
    """Slower or stalled, and nothing else."""
    if draw(st.booleans()):
        return replace(told, gaps=tuple(gap * 3 for gap in told.gaps))
    place = draw(st.integers(1, len(told.gaps) - 1))
    return replace(told, gaps=(*told.gaps[:place], 5_000, *told.gaps[place + 1 :]))


def _with_header(value: Exchange, headers: Headers) -> Exchange:
    assert value.response
    return replace(value, response=replace(value.response, headers=headers))


@st.composite
def other_wire(draw: st.DrawFn, value: Exchange) -> Exchange:
    """Sent otherwise, and saying the same at the same times."""
    assert value.response
    assert value.end
    headers = value.response.headers
    sizes = len(value.body)
    ways = {
        "a header more": lambda: _with_header(value, (*headers, (b"Cache-Control", b"no-cache"))),
        "another order of headers": lambda: _with_header(value, headers[::-1]),
        "a status": lambda: replace(value, response=replace(value.response, status=201)),
        "an ending": lambda: replace(value, end=End(value.end.t, Ending.TRUNCATED, sizes)),
        "reads cut in two": lambda: replace(value, arrivals=_cut(value.arrivals, draw(st.integers(1, 9)))),
        "other line ends": lambda: replace(value, arrivals=_spelled(value.arrivals, b"\n", b"\r\n")),
        "a space behind colons": lambda: replace(
            value, arrivals=_spelled(value.arrivals, b"data:", b"data: ")
        ),
        "a comment": lambda: replace(
            value, arrivals=_spelled(value.arrivals, b"message:\n", b"message:\n: x\n", 1)
        ),
        "a retry": lambda: replace(value, arrivals=_spelled(value.arrivals, b"data:", b"retry:5\ndata:", 1)),
        "an unfinished event": lambda: replace(
            value, arrivals=(*value.arrivals, Arrival(value.arrivals[-1].t, b"data: "))
        ),
    }
    return ways[draw(st.sampled_from(sorted(ways)))]()


def _cut(arrivals: Sequence[Arrival], at: int) -> tuple[Arrival, ...]:
    """Each read in two, of one time."""
    return tuple(Arrival(t, part) for t, data in arrivals for part in (data[:at], data[at:]) if part)


def _spelled(arrivals: Sequence[Arrival], was: bytes, now: bytes, count: int = -1) -> tuple[Arrival, ...]:
    return tuple(Arrival(t, data.replace(was, now, count)) for t, data in arrivals)
