"""Figures of streams as JSON objects and as flat rows, stable interfaces: times in seconds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sseproxy.analysis.gaps import Histogram
from sseproxy.analysis.stats import (
    CHUNK_GAP,
    DURATION,
    FIRST_CHUNK,
    FIRST_TOKEN,
    SHARES,
    TOKEN_GAP,
    Stats,
    Total,
)
from sseproxy.analysis.story import Story

Json = dict[str, object]


def as_json(cassette: str, story: Story, figures: Stats) -> Json:
    request, response = story.exchange.request, story.exchange.response
    spread = figures.spread
    return {
        "cassette": cassette,
        "id": story.exchange.head.id,
        "session": story.exchange.head.session,
        "wall": story.exchange.head.wall,
        "method": request.method if request else None,
        "target": request.target.decode("utf-8", "backslashreplace") if request else None,
        "status": response.status if response else None,
        "is_stream": story.stream.is_stream,
        "dialect": figures.dialect if story.stream.is_stream else None,
        "ending": figures.ending,
        DURATION: _seconds(figures.duration),
        FIRST_CHUNK: _seconds(figures.first_event),
        CHUNK_GAP: {name: _seconds(value) for name, value in spread._asdict().items()} if spread else None,
        FIRST_TOKEN: _seconds(figures.first_token),
        TOKEN_GAP: _seconds(figures.per_token),
        "events": figures.events,
        "tokens": figures.tokens,
        "tokens_per_second": _rounded(figures.tokens_per_second),
        "bytes": figures.bytes,
        "bytes_per_second": _rounded(figures.bytes_per_second),
        "reads": figures.reads,
        "events_per_read": _rounded(figures.events_per_read),
        "stalls": figures.stalls,
    }


def total_as_json(total: Total) -> Json:
    """Percentiles of many streams are those of a histogram, at most 0.8 % too low."""
    return {
        "streams": total.streams,
        "others": total.others,
        "endings": {str(ending): count for ending, count in sorted(total.endings.items())},
        DURATION: _spread(total.durations),
        FIRST_CHUNK: _spread(total.first_events),
        CHUNK_GAP: _spread(total.gaps),
        FIRST_TOKEN: _spread(total.first_tokens),
        TOKEN_GAP: _spread(total.per_token),
        "events": total.events,
        "tokens": total.tokens,
        "bytes": total.bytes,
        "reads": total.reads,
        "events_per_read": _rounded(
            total.events / total.reads_with_events if total.reads_with_events else None
        ),
        "stalls": total.stalls,
    }


def flat(row: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Columns for CSV: an object's members each become one, `name.p50`."""
    for name, value in row.items():
        if name == CHUNK_GAP:
            spread = value if isinstance(value, dict) else {}
            yield from ((f"{name}.{each}", spread.get(each)) for each in (*SHARES, "max"))
        else:
            yield name, value


def _spread(histogram: Histogram) -> Json | None:
    if not len(histogram):
        return None
    told: Json = {name: _seconds(histogram.percentile(share)) for name, share in SHARES.items()}
    return {**told, "max": _seconds(histogram.largest)}


def _seconds(microseconds: float | None) -> float | None:
    return None if microseconds is None else round(microseconds) / 1e6


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
