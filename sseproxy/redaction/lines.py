"""Lines of JSON as they come: masked where one holds a secret, watched where several spell one."""

from __future__ import annotations

from collections.abc import Sequence

from sseproxy.redaction.mask import Mark
from sseproxy.redaction.paths import Path, find_paths
from sseproxy.redaction.rules import Rules
from sseproxy.redaction.scanner import Scanned, Scanner
from sseproxy.redaction.texts import EVENT_LIMIT, Texts

_ENOUGH = 2048
"""Bytes that are looked at together for what they spell: a third of the time of doing so line by line."""


class LineScanner:
    """Like a `Scanner`, for newline-delimited JSON."""

    def __init__(self, rules: Rules) -> None:
        self._raw = Scanner(rules.plain)
        self._texts = Texts(rules, lines=True)
        self._waiting: list[bytes] = []
        self._size = 0  # of what waits
        self._enough = _ENOUGH
        self._was_cut = False  # the text of a line, for that was too long

    @property
    def held(self) -> int:
        return self._raw.held

    @property
    def spelled(self) -> bool:
        """Whether several lines, taken together, may hold a secret. To be asked when they have ended."""
        return self._was_cut or self._texts.spelled

    def flush(self) -> Scanned:
        return self._raw.flush()

    def feed(self, data: bytes, *, final: bool = False) -> Scanned:
        self._waiting.append(data)
        self._size += len(data)
        if final or self._size >= self._enough:
            self._listen(final=final)
        return self._raw.feed(data, final=final)

    def _listen(self, *, final: bool) -> None:
        data = b"".join(self._waiting)
        end = len(data) if final else data.rfind(b"\n") + 1
        self._texts.feed(data[:end], clean=False)
        rest = data[end:]
        self._was_cut |= len(rest) > EVENT_LIMIT
        rest = rest[-EVENT_LIMIT:]
        self._waiting, self._size, self._enough = [rest], len(rest), _ENOUGH + 2 * len(rest)


def select_in_lines(lines: bytes, paths: Sequence[Path]) -> list[Mark]:
    """What JSONPath rules select in each line, or in all of them where they are one document."""
    if marks := find_paths(lines, paths):
        return marks
    start = 0
    for line in lines.split(b"\n") if paths else ():
        marks += [
            mark._replace(start=mark.start + start, stop=mark.stop + start)
            for mark in find_paths(line, paths)
        ]
        start += len(line) + 1
    return marks
