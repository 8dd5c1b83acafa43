"""Dialects that other packages bring."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sseproxy.cli.dialects import by_name, known
from sseproxy.dialects import DIALECTS, detect
from sseproxy.errors import SseproxyError
from sseproxy.sse import EventStreamParser

MODULE = """
from sseproxy.dialects import Dialect, Meaning

QUOTES = Dialect(
    name="quotes",
    title="Stock quotes",
    contract="quote* bye",
    read=lambda event: Meaning(event.type),
    recognises=lambda event: event.type == "token",
)
BROKEN = "no dialect"
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package's folder on the path: its `entry_points.txt` is to be written."""
    (tmp_path / "quotes_dialect.py").write_text(MODULE)
    folder = tmp_path / "quotes-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: quotes\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    known.cache_clear()
    yield folder
    known.cache_clear()


def offer(folder: Path, line: str) -> None:
    (folder / "entry_points.txt").write_text(f"[sseproxy.dialects]\n{line}\n")


def test_it_is_asked_before_ours(installed: Path) -> None:
    offer(installed, "quotes = quotes_dialect:QUOTES")
    assert [dialect.name for dialect in known()] == ["quotes", *(dialect.name for dialect in DIALECTS)]
    events = EventStreamParser().feed(b"event: token\ndata: 1\n\n")
    assert (detect(events).name, detect(events, known()).name) == ("flowise-named", "quotes")
    assert by_name("quotes").contract == "quote* bye"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "quotes = quotes_dialect:NONE",
            "the dialect 'quotes' (quotes_dialect:NONE) can't be loaded: module 'quotes_dialect' has no"
            " attribute 'NONE'",
        ),
        (
            "quotes = no_such_module:X",
            "the dialect 'quotes' (no_such_module:X) can't be loaded: No module named 'no_such_module'",
        ),
        (
            "quotes = quotes_dialect:BROKEN",
            "the dialect 'quotes' (quotes_dialect:BROKEN) is no sseproxy.dialects.Dialect",
        ),
    ],
)
def test_one_that_is_none_is_told(installed: Path, line: str, sentence: str) -> None:
    offer(installed, line)
    with pytest.raises(SseproxyError) as caught:
        known()
    assert str(caught.value) == sentence
