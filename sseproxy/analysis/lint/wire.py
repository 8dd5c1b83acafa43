"""The bytes of a stream against the grammar."""

from __future__ import annotations

import re

import orjson

from sseproxy.analysis.lint import rules
from sseproxy.analysis.lint.block import Block, Findings, Found
from sseproxy.analysis.lint.finding import Place
from sseproxy.dialects import DROPPED
from sseproxy.printable import counted, quoted
from sseproxy.sse import Reason

LONGEST_LINE = 65_536
"""Bytes: the limit of Go's bufio.Scanner and Python's asyncio.StreamReader."""

BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"[\r\n]+")


class Wire:
    """Looks at each block once, in order."""

    def __init__(self, *, json: bool) -> None:
        """`json`: the data of each event should be JSON."""
        self._json = json
        self._first = True
        self._carry = b""  # a CR whose LF may come with the next block
        self._style = ""
        self.is_broken = False
        """Whether the data of the last block was to be JSON and is none: what it says is not known then."""

    def block(self, block: Block) -> Findings:
        event, raw, place = block.event, block.raw, block.place
        if self._first and raw.startswith(BOM):
            yield Found(rules.BOM, place, "the first three bytes are a byte order mark")
        self._first = False
        yield from self._line_ends(raw, place)
        try:
            raw.decode()
        except UnicodeDecodeError as error:
            wrong = raw[error.start : error.end].hex(" ")
            yield Found(rules.INVALID_UTF8, place, f"the bytes {wrong} of {block.told} are no UTF-8")
        if len(raw) > LONGEST_LINE and (longest := max(map(len, _LINE_END.split(raw)))) > LONGEST_LINE:
            yield Found(rules.GIANT_LINE, place, f"a line of {block.told} has {longest} bytes")
        if block.meaning.kind == DROPPED and event.type != "message":
            message = f"{quoted(f'event: {event.type}')} has no `data` line"
            yield Found(rules.DROPPED, place, message, event.type)
        yield from self._ignored(block)
        self.is_broken = self._json and _is_broken(block)
        if self.is_broken:
            yield Found(
                rules.BROKEN_JSON, place, f"the data of {block.told} is no JSON: {quoted(event.data)}"
            )

    @staticmethod
    def _ignored(block: Block) -> Findings:
        for line, reason in ((each.line, each.reason) for each in block.event.ignored):
            field, _, value = line.partition(":")
            if reason is Reason.ID_HAS_NUL:
                yield Found(rules.ID_HAS_NUL, block.place, f"the id {quoted(value.strip())} contains NUL")
            elif reason is Reason.RETRY_NOT_DIGITS:
                yield Found(rules.RETRY_NOT_DIGITS, block.place, f"`retry` is {quoted(value.strip())}")
            elif line.strip() != "message:":
                yield Found(
                    rules.UNKNOWN_FIELD,
                    block.place,
                    f"{quoted(line)} has no field that there is",
                    field,
                )

    def _line_ends(self, raw: bytes, place: Place) -> Findings:
        text = self._carry + raw
        self._carry = b"\r" if text.endswith(b"\r") else b""
        if b"\r" not in text:
            styles = {"LF"}
        else:
            text = text.removesuffix(b"\r")
            pairs = text.count(b"\r\n")
            counts = {"CRLF": pairs, "CR": text.count(b"\r") - pairs, "LF": text.count(b"\n") - pairs}
            styles = {style for style, count in counts.items() if count}
        for style in sorted(styles - {self._style}):
            if self._style:
                message = f"a line ends with {style}, those before it with {self._style}"
                yield Found(rules.MIXED_LINE_ENDS, place, message)
            self._style = style

    def end(self, unfinished: int, place: Place) -> Findings:
        """`unfinished`: bytes behind the last event, at the end of a stream that should be whole."""
        if unfinished:
            told = counted(unfinished, "byte")
            yield Found(
                rules.UNFINISHED, place, f"{told} of a block stand at the end, without its blank line"
            )


def _is_broken(block: Block) -> bool:
    """Whether an event's data is neither JSON nor one of the markers that stand in its place."""
    data = block.event.data.strip()
    if not block.event.dispatched or data in ("", "[DONE]"):
        return False
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError:
        return True
    return False
