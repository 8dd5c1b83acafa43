"""An event stream as it comes: masked where one event holds a secret, watched where several spell one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sseproxy.redaction.mask import Mark, masked, merged
from sseproxy.redaction.paths import Path, find_paths
from sseproxy.redaction.rules import Rules
from sseproxy.redaction.scanner import Scanned, Scanner
from sseproxy.redaction.texts import EVENT_LIMIT, Heard, Texts, texts

_KEPT = EVENT_LIMIT // 2
_MEMBER = 4096  # bytes of a member with a text that begins within what is kept, and ends behind
_STRANGERS = 3
"""Events at either end of a read that are looked at one by one, if need be."""
_END = re.compile(rb"(?>\r\n?|\n)(?>\r\n?|\n)")
_DOCUMENT = re.compile(rb"(?:\A(?:\xef\xbb\xbf)?|[\r\n])data:[ ]?([{\[][^\r\n]*)")


class StreamScanner:
    """Like a `Scanner`, for a text that is an event stream."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._raw = Scanner(rules.stream)
        self._texts = Texts(rules)
        self._event = b""  # what has come of an event that is not complete
        self._was_cut = False  # an event with texts in what was not kept of it

    @property
    def held(self) -> int:
        return self._raw.held

    @property
    def spelled(self) -> bool:
        """Whether several events, taken together, may hold a secret."""
        return self._was_cut or self._texts.spelled

    def flush(self) -> Scanned:
        return self._raw.flush()

    def passes(self, data: bytes) -> bool:
        """Whether these are whole events without a secret of their own; if so, they need not be fed."""
        return not self._event and self._raw.forget() and self._texts.take(data)

    def feed(self, data: bytes, *, final: bool = False) -> Scanned:
        first = self._first_end(data) if self._event else 0
        last = max(first, _last_end(data))
        if first < 0 or last == 0:  # no event is complete
            return self._unfinished(data, final=final)
        held = self._raw.held
        scanned = []
        if first:
            scanned.append(self._completed(data[:first]))
        if last > first:
            scanned += self._whole(data[first:last])
        self._event = b""
        if last < len(data) or final:
            scanned.append(self._unfinished(data[last:], final=final))
        if not held and not self._raw.held and not any(part.marks for part in scanned):
            return Scanned(data, [])
        return scanned[0] if len(scanned) == 1 else _joined(scanned)

    def _unfinished(self, data: bytes, *, final: bool) -> Scanned:
        """Bytes of an event that is not complete, and with the `final` ones never will be."""
        self._event += data
        if len(self._event) > EVENT_LIMIT:  # an image, as a rule: nothing but one long string is left out
            left_out = self._event[_KEPT - _MEMBER : _MEMBER - _KEPT]
            self._was_cut |= next(texts(left_out), None) is not None
            self._event = self._event[:_KEPT] + self._event[-_KEPT:]
        if final:
            self._texts.feed(self._event, clean=False)
        return self._raw.feed(data, final=final)

    def _first_end(self, data: bytes) -> int:
        """Where the event that began earlier ends in the data; -1 where it does not."""
        before = self._event[-3:]
        found = _END.search(before + data)
        return max(found.end() - len(before), 0) if found else -1

    def _completed(self, data: bytes) -> Scanned:
        """The rest of an event that began in an earlier read."""
        event = self._event + data
        if not (self._raw.going or self._raw.held) and self._texts.take(event):
            self._raw.forget()
            return Scanned(data, [])
        result = self._raw.feed(data)
        self._texts.feed(event, clean=not result.marks)
        return result

    def _whole(self, events: bytes) -> list[Scanned]:
        """Events that came whole, in one read.

        Most are alike. Those before and behind that are not are few, and looked at one by one.
        """
        if alike := self._alike(events):
            return [alike]
        scanned: list[Scanned] = []
        behind: list[bytes] = []
        for _ in range(_STRANGERS if self._texts.may_learn else 0):
            first = events.find(b"\n\n") + 2
            if not 1 < first < len(events):
                break
            scanned.append(self._known(events[:first]))
            events = events[first:]
            if alike := self._alike(events):
                return [*scanned, alike]
        for _ in range(_STRANGERS if self._texts.may_learn else 0):
            last = events.rfind(b"\n\n", 0, -2) + 2
            if last <= 1:
                break
            behind.insert(0, events[last:])
            events = events[:last]
            if alike := self._alike(events):
                return [*scanned, alike, *map(self._known, behind)]
        return [*scanned, *map(self._known, [events, *behind])]

    def _alike(self, events: bytes) -> Scanned | None:
        """Events that differ in their texts alone; None where they differ otherwise."""
        if not (self._texts.may_learn and self._raw.forget()):
            return None
        match self._texts.hear(events):
            case Heard.CLEAN:
                return Scanned(events, [])
            case Heard.SECRET:
                return self._raw.feed(events)
        return None

    def _known(self, events: bytes) -> Scanned:
        """Events of any kind."""
        selected = select_in_events(events, self._rules.paths) if self._raw.idle else []
        result = self._raw.feed(masked(events, selected) if selected else events)
        self._texts.feed(events, clean=not result.marks)
        return Scanned(result.data, merged(selected, result.marks)) if selected else result


def select_in_events(events: bytes, paths: Sequence[Path]) -> list[Mark]:
    """What JSONPath rules select in the data of each event that is one JSON document in one line."""
    if not paths:
        return []
    return [
        mark._replace(start=mark.start + found.start(1), stop=mark.stop + found.start(1))
        for found in _DOCUMENT.finditer(events)
        for mark in find_paths(found[1], paths)
    ]


def _last_end(data: bytes) -> int:
    """Where the last event that is complete ends; 0 where none is."""
    if b"\r" not in data:
        return data.rfind(b"\n\n") + 2 if data.endswith(b"\n\n") or b"\n\n" in data else 0
    return max((found.end() for found in _END.finditer(data)), default=0)


def _joined(parts: list[Scanned]) -> Scanned:
    """Several results as one."""
    marks = []
    position = 0
    for data, found in parts:
        marks += [m._replace(start=m.start + position, stop=m.stop + position) for m in found]
        position += len(data)
    return Scanned(b"".join(part.data for part in parts), marks)
