"""The names of the format, and the chain that lifts old versions to the present one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sseproxy.errors import CassetteError

FORMAT = "sse-cassette"
VERSION = 1

Record = dict[str, Any]
Converter = Callable[[list[Record]], list[Record]]

CONVERTERS: Mapping[int, Converter] = {}
"""From version N, the records as version N + 1. A version once released keeps its converter and a fixture."""


def upgrade(records: list[Record], *, converters: Mapping[int, Converter], current: int) -> list[Record]:
    """The records in the current version, converted step by step.

    Raises CassetteError where the head is not one of this format, or is newer than this program.
    """
    head = records[0]
    if head.get("k") != "head" or head.get("format") != FORMAT:
        raise CassetteError(f"not a cassette: the first line is no head of format {FORMAT!r}", line=1)
    version = head.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise CassetteError(f"`version` should be a whole number from 1, not {version!r}", line=1)
    if version > current:
        raise CassetteError(
            f"written in format version {version}, this sseproxy reads up to {current}: upgrade it", line=1
        )
    for step in range(version, current):
        records = converters[step](records)
    return records
