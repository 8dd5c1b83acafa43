"""Timelines of streams that are at hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sseproxy.analysis.lint import Finding
from sseproxy.analysis.scenes import Span
from sseproxy.analysis.story import Story
from sseproxy.analysis.timeline import Scene, timeline

Told = tuple[str, Story]


def span(told: Told, place: int) -> Span[Told]:
    exchange = told[1].exchange
    head = exchange.head
    ended = exchange.end is not None
    return Span(told, place, head.wall, head.session, head.session_t, exchange.duration, ended)


def scenes_of(stories: Iterable[Told], findings: Iterable[Finding] = (), *, fold: bool = True) -> list[Scene]:
    """The scenes of these stories, each with the name of its cassette."""
    all_ = list(findings)

    def lint(some: Sequence[Told]) -> list[Finding]:
        names = [name for name, _ in some]
        return [finding for finding in all_ if finding.place.cassette in names]

    spans = [span(told, place) for place, told in enumerate(stories)]
    return list(timeline(spans, lambda told: told, lint, fold=fold))
