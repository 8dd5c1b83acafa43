"""The record modes, and what they mean for a library."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from sseproxy.cassette import rewriting
from sseproxy.cassette.store import load
from sseproxy.exchange import Ending
from sseproxy.printable import counted


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
    """What `once` means today: replay alone where the library holds any finished cassette, else record."""
    if mode is not RecordMode.ONCE:
        return mode
    return RecordMode.NONE if rewriting.recorded(library) else RecordMode.ALL


def why_not_whole(stage: Path, lost: int) -> str:
    """What keeps a rewritten library from taking the old one's place; empty where nothing does."""
    if lost:
        return f"{counted(lost, 'recording')} lost something"
    if not rewriting.is_whole(stage):
        return "nothing was recorded, or something is unfinished"
    cut = sum(load(path).ending is Ending.PROXY_STOPPED for path in rewriting.recorded(stage))
    return f"{counted(cut, 'stream')} had not ended" if cut else ""
