"""The record modes, and what they mean for a library."""

from __future__ import annotations

import contextlib
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from sseproxy.cassette import rewriting
from sseproxy.cassette.store import load
from sseproxy.errors import CassetteError
from sseproxy.exchange import Ending
from sseproxy.printable import counted, printable


class RecordMode(StrEnum):
    """The words are those of VCR and its kin."""

    NONE = "none"
    ONCE = "once"
    NEW_EPISODES = "new_episodes"
    ALL = "all"
    REWRITE = "rewrite"
    VERIFY = "verify"


IN_TESTS = tuple(mode for mode in RecordMode if mode is not RecordMode.VERIFY)
"""Those that give a test the streams it is about: `verify` is about the upstream."""


def settled(mode: RecordMode, library: Path) -> RecordMode:
    """What `once` means today: replay alone where the library holds any finished cassette, else record.

    One that only says that the upstream was not there, or that the recorder was stopped, is none.
    """
    if mode is not RecordMode.ONCE:
        return mode
    return RecordMode.NONE if rewriting.answered(library) else RecordMode.ALL


def why_not_whole(library: Path, stage: Path, lost: int) -> str:
    """What keeps a rewritten library from taking the old one's place; empty where nothing does."""
    if lost:
        return f"{counted(lost, 'recording')} lost something"
    if not rewriting.recorded(stage):
        return "nothing was recorded"
    if not rewriting.is_whole(stage):
        return "a recording is not finished"
    new = [_outcome(path) for path in rewriting.recorded(stage)]
    if cut := sum(each.ending is Ending.PROXY_STOPPED for each in new):
        return f"{counted(cut, 'stream')} had not ended"
    known = set()
    for path in (before := rewriting.own(library)):
        with contextlib.suppress(CassetteError):  # to be replaced is what it needs
            known.add(_outcome(path)[:2])
    broken = [each for each in new if each.ending in _UPSTREAM_FAILED and each[:2] not in known]
    if before and broken:
        return f"{counted(len(broken), 'stream')} broke that had not before: {printable(broken[0].detail)}"
    return ""


_UPSTREAM_FAILED = frozenset(
    {
        *(Ending.TRUNCATED, Ending.UPSTREAM_RESET, Ending.UPSTREAM_TIMEOUT),
        *(Ending.CONNECT_FAILED, Ending.ERROR),
    }
)


class _Outcome(NamedTuple):
    """How it ended for whom: a server may be recorded for its very failures."""

    target: bytes
    ending: Ending
    detail: str


def _outcome(path: Path) -> _Outcome:
    exchange = load(path)
    target = exchange.request.target if exchange.request else b""
    return _Outcome(target, exchange.ending, exchange.end.detail if exchange.end else "")
