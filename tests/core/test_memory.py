"""Many streams take no more memory than few, and a long one no more than a shorter one."""

from __future__ import annotations

import contextlib
import gzip
import os
import tracemalloc
from pathlib import Path

import pytest

from sseproxy.again import HELD, Again
from sseproxy.analysis import body
from sseproxy.analysis.events import read_stream
from sseproxy.analysis.stats import stats
from sseproxy.analysis.story import read_story
from sseproxy.cassette.store import load, view
from sseproxy.cli import cli
from tests.cli.builder import STREAM, save, stream
from tests.export.support import captured
from tests.support.predictions import prediction, tokens
from tests.support.scenes import scenes_of

KB = "x" * 900
"""A text that makes an event of a good thousand bytes."""


def peak(command: str, *paths: Path) -> int:
    """Bytes that Python held at once, at most, while a command looked at these."""
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        tracemalloc.start()
        with contextlib.suppress(SystemExit):
            cli.main([*command.split(), *map(str, paths)], standalone_mode=False)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return most


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A stream of which not all is held, and one that is three times as long."""
    folder = tmp_path_factory.mktemp("long")
    one, other = (
        save(folder, prediction(tokens(20, *([KB] * count))), f"{count}.sse.jsonl")
        for count in (1_500, 4_500)
    )
    assert one.stat().st_size > 1.3 * HELD
    return one, other


COMMANDS = ["lint", "ls", "scan", "show", "show --json", "show --raw", "stats", "timeline", "validate"]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_long_stream_takes_no_more_than_a_shorter_one(
    command: str, long: tuple[Path, Path], tmp_path: Path
) -> None:
    peak(command, save(tmp_path, stream()))  # what is imported and compiled stays
    assert peak(command, long[1]) < 1.2 * peak(command, long[0])


@pytest.mark.parametrize("command", ["lint", "ls", "show", "stats", "validate"])
def test_twelve_streams_take_no_more_than_three(command: str, tmp_path: Path) -> None:
    value = prediction(tokens(20, *map(str, range(200))))
    paths = [save(tmp_path, value, f"{number}.sse.jsonl") for number in range(12)]
    peak(command, *paths[:1])
    few = peak(command, *paths[:3])  # the next one is read while the one before is still at hand
    assert peak(command, *paths) < 1.2 * few


def test_of_a_timeline_one_scene_is_held(tmp_path: Path) -> None:
    came = tokens(20, *map(str, range(1_000)))
    values = [prediction(came, began=60_000 * number) for number in range(4)]
    paths = [save(tmp_path, value, f"{number}.sse.jsonl") for number, value in enumerate(values)]
    peak("timeline", *paths[:1])
    assert peak("timeline", *paths) < 1.3 * peak("timeline", *paths[:1])


@pytest.mark.parametrize("name", captured())
def test_what_is_read_again_is_what_would_be_held(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save(tmp_path, captured()[name])
    held = load(path)
    was = read_story(held)
    for module in ("cassette.decode", "analysis.events"):
        monkeypatch.setattr(f"sseproxy.{module}.HELD", -1)
    again = view(path)
    now = read_story(again)
    assert isinstance(again.arrivals, Again)
    assert list(again.arrivals) == list(held.arrivals)
    assert (list(now.moments), list(now.heard)) == (list(was.moments), list(was.heard))
    assert list(now.stream.dispatched) == list(was.stream.dispatched)
    assert stats(now) == stats(was)
    for fold in (True, False):
        (one,), (other,) = (scenes_of([("a", story)], fold=fold) for story in (was, now))
        assert list(one.rows) == list(other.rows)


def test_a_body_that_inflates_without_end_is_shown_as_far_as_there_is_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(body, "INFLATED", 2**20)
    event = b"data: %s\n\n" % (b"x" * 1016)
    coded = stream(gzip.compress(event * 4096), headers=(*STREAM, (b"Content-Encoding", b"gzip")))
    told = read_stream(coded)
    assert told.problem == "the body inflates to more than 1 MiB: the rest is not looked at"
    assert len(told.events) == 2**20 // len(event)
    assert len(body.plain_body(coded)) == 2**20
