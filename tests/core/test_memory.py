"""Figures of many streams take no more memory than those of few."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable
from pathlib import Path

from sseproxy.analysis.stats import Total, stats
from sseproxy.analysis.story import read_story
from sseproxy.cli.reading import Reading
from tests.cli.builder import save
from tests.support.predictions import prediction, tokens


def peak(paths: Iterable[Path]) -> int:
    """Bytes that Python held at once, at most, while these were counted."""
    total = Total()
    tracemalloc.start()
    for _, exchange in Reading(tuple(paths)):
        story = read_story(exchange)
        total.add(stats(story), is_stream=story.stream.is_stream)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_twelve_streams_take_no_more_than_three(tmp_path: Path) -> None:
    value = prediction(tokens(20, *map(str, range(200))))
    paths = [save(tmp_path, value, f"{number}.sse.jsonl") for number in range(12)]
    few = peak(paths[:3])  # the next one is read while the one before is still at hand
    assert peak(paths) < 1.2 * few
