"""What a token stream says: its events' texts, joined, for a secret may be spelled over several of them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from enum import Enum, auto
from typing import NamedTuple

from sseproxy.redaction.frames import Frame
from sseproxy.redaction.mask import BEGUN
from sseproxy.redaction.rules import Rules
from sseproxy.redaction.scanner import Scanner
from sseproxy.redaction.spellings import REACH

_BOM = b"\xef\xbb\xbf"
_STRING = rb'"((?:[^"\\\r\n]|\\.)*+)"'
# Members that carry text in the dialects in use; a line of data that is no JSON is text itself. Each
# alternative begins with a letter of its own, so that `re` need not try them all at every byte.
_NAME = (
    rb'"(data|content|text|delta|arguments|partial_json|thinking|reasoning|reasoning_content|output|answer'
    rb'|response|completion|refusal|message)"'
)


def _members(space: bytes) -> bytes:
    return _NAME + space + b":" + space + _STRING + rb'|"index"' + space + b":" + space + rb"(\d+)"


_IN_EVENTS = re.compile(
    _members(rb"\s*+")
    + rb"|[\r\n](?:(?=[\r\n])|data:[ ]?+(?:"
    + _STRING
    + rb'|((?!\[[{\["])[^{"\r\n][^\r\n]*+)))'
)
_IN_LINES = re.compile(_members(rb"[ \t\r]*+") + rb"|\n")

EVENT_LIMIT = 1024 * 1024
"""Bytes of an unfinished event, or line, of which the text is kept in mind."""
_NOT_PLAIN = re.compile(rb'data:[ ]?[{\["]')
"""A line of data that may be JSON: what a plain line of text shows says nothing of it."""

_ENOUGH = 2048
"""Bytes of text that may wait until they are looked at together: as many again for each open stream."""

_LONG = 4096
"""Bytes of text from which `re`, which takes 3 µs to find its pattern, is faster than `bytes.replace`."""


class Text(NamedTuple):
    channel: bytes
    """Texts of one channel belong together; two answers, or an answer and a tool's arguments, don't."""
    start: int
    stop: int


def texts(events: bytes, *, lines: bool = False) -> Iterator[Text]:
    """Where the texts of these events stand, as they are escaped there. `lines`: each is one of JSON."""
    index = b""
    pattern = _IN_LINES if lines else _IN_EVENTS
    if events.startswith(_BOM):
        events = events.replace(_BOM, b"\n" * len(_BOM), 1)
    for match in pattern.finditer(b"\n" + events):  # so that the first line begins as the others do
        group = match.lastindex
        if group == 2:
            yield Text(match[1] + index, match.start(2) - 1, match.end(2) - 1)
        elif group == 3:
            index = match[3]
        elif group:
            yield Text(b"line", match.start(group) - 1, match.end(group) - 1)
        else:  # an event has ended
            index = b""


_MOST = 4096
"""Texts by `index`, each of which may go on, that are listened to at once."""


class Heard(Enum):
    CLEAN = auto()
    """The texts hold no secret, and so don't the events, which are the same apart from them."""
    SECRET = auto()
    OTHER = auto()
    """These are other events than those before; nothing was taken."""


_NO_FRAME = Frame(b"", b"", b"")


class Texts:
    """The texts of a stream as it runs: whether a secret was spelled in them.

    An event of a token stream differs from the one before in its text alone, as a rule. So a read of many is
    taken apart by one `bytes.replace` of what stands between two texts, a tenth of the work of looking for
    them. As the rest has been looked at before, in this stream or another, only the texts have to be.
    """

    def __init__(self, rules: Rules, *, lines: bool = False) -> None:
        """`lines`: the events are lines of JSON."""
        self._plain = rules.plain
        self._lines = lines
        self._has_anchor = rules.plain.has_anchor
        self.may_learn = not (rules.patterns or rules.paths)
        """Whether texts are all that rules look at."""
        self._channels: dict[bytes, Scanner] = {}
        self._frames = rules.frames
        self._frame = _NO_FRAME
        self._waiting: list[bytes] = []  # texts within the frame that hold no secret of their own
        self._waiting_size = 0
        self._spelled = False

    @property
    def spelled(self) -> bool:
        """Whether what the stream has said has a secret in it, or a mask, of which more may have come.

        To be asked when it has ended.
        """
        if not self._channels and len(self._waiting) <= 1:
            return False  # all that was said was looked at as it came
        self._catch_up()
        if not self._spelled:  # a value may have been left open
            self._spelled = any(scanner.feed(b"", final=True).marks for scanner in self._channels.values())
        return self._spelled

    def take(self, events: bytes) -> bool:
        """Takes whole events where nothing in them is worth a look; False: nothing was taken."""
        text = self._text(events)
        return text is not None and self._wait(text)

    def _wait(self, text: bytes) -> bool:
        if self._has_anchor(text.lower()):
            return False
        if len(text) > _ENOUGH:
            self._catch_up()  # so that the long one is alone
        self._waiting.append(text)
        self._waiting_size += len(text)
        if self._waiting_size > _ENOUGH:
            self._catch_up()
        return True

    def hear(self, events: bytes) -> Heard:
        """Takes whole events that differ in their texts alone."""
        text = self._text(events)
        if text is None:
            return Heard.OTHER
        clean = self._wait(text) or self._say(self._frame.channel, text)
        return Heard.CLEAN if clean else Heard.SECRET

    def _text(self, events: bytes) -> bytes | None:
        """The joined texts of whole events, if the frame fits all of them."""
        _, before, behind = self._frame
        if not (before and self._frame.fits(events)):
            frame = next((each for each in self._frames if each.fits(events)), None)
            if frame is None:
                return None
            self._catch_up()
            self._frame = frame
            _, before, behind = frame
        if len(events) < len(before) + len(behind):
            return None
        if not before.endswith(b'"') and _NOT_PLAIN.search(events):
            return None
        if before.endswith(b"data:") and b"data: " in events:
            return None  # there the space is none of the text
        text = events[len(before) : -len(behind)]
        if b"\n" in text:
            between = behind + before
            long = len(text) > _LONG
            text = re.sub(re.escape(between), b"", text) if long else text.replace(between, b"")
            if b"\n" in text:
                return None
        if b"\r" in text:
            return None  # another line, or another event
        if b'"' in text and before.endswith(b'"') and text.count(b'"') != text.count(b'\\"'):
            return None  # there is more in these events than the texts
        return text

    def feed(self, events: bytes, *, clean: bool) -> None:
        """Whole events of any kind. `clean`: nothing was masked in them."""
        said = list(texts(events, lines=self._lines))
        by_channel: dict[bytes, list[bytes]] = defaultdict(list)
        for channel, start, stop in said:
            by_channel[channel].append(events[start:stop])
        for channel, pieces in by_channel.items():
            self._say(channel, b"".join(pieces))
        if clean and self.may_learn and events.endswith(b"\n\n") and b"\r" not in events:
            self._learn(events, said)

    def _learn(self, events: bytes, said: list[Text]) -> None:
        """The last event, if it has one text, shows the frame that those behind it may have."""
        before = events.rfind(b"\n\n", 0, -2)
        begin = before + 2 if before >= 0 else 0
        inside = [text for text in said if text.start >= begin]
        if len(inside) == 1 and inside[0].start < inside[0].stop:
            channel, start, stop = inside[0]
            if events[start] in b"[{":  # a word of the protocol, such as `[DONE]`
                return
            self._catch_up()
            self._frame = Frame(channel, events[begin:start], events[stop:])
            self._frames.appendleft(self._frame)

    def _catch_up(self) -> None:
        """Looks at the texts that wait.

        No key begins inside of any. So of a long one nothing matters but its end, unless one began before it.
        """
        if not self._waiting:
            return
        waiting = b"".join(self._waiting) if len(self._waiting) > 1 else self._waiting[0]
        alone = len(self._waiting) == 1
        self._waiting.clear()
        self._waiting_size = 0
        self._spelled |= BEGUN in waiting
        scanner = self._scanner(self._frame.channel)
        self._hear(scanner, waiting[-REACH:] if alone and scanner.idle else waiting)

    def _say(self, channel: bytes, text: bytes) -> bool:
        """Whether there is no secret in the text, nor in what was said before together with it."""
        self._catch_up()
        return self._hear(self._scanner(channel), text)

    def _hear(self, scanner: Scanner, text: bytes) -> bool:
        clean = not scanner.feed(text).marks
        self._spelled |= not clean or BEGUN in text
        return clean

    def _scanner(self, channel: bytes) -> Scanner:
        if channel not in self._channels:
            if len(self._channels) == _MOST:
                self._spelled = True  # so that all of it is looked at again in the end
                self._channels.clear()
            self._channels[channel] = Scanner(self._plain, words_go_on=False)
        return self._channels[channel]
