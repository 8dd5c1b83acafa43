"""What clients' libraries make of a stream, where that differs from the standard.

Each library is described by what its own parser does with a block; the tests run the parsers themselves.
Versions looked at: httpx-sse 0.4, openai 3, anthropic 2, flowise 1.0 (Python), flowise-sdk 1.0.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from sseproxy.analysis.lint import rules
from sseproxy.analysis.lint.block import Block, Findings, Found
from sseproxy.analysis.lint.finding import Rule
from sseproxy.analysis.lint.wire import BOM
from sseproxy.dialects import Dialect

_BLANK = re.compile(rb"\n|\r\n?")
_LINE = rb"(?:\A|(?<=[\r\n]))"
_NAME = re.compile(_LINE + rb"event(?:: ?([^\r\n]*))?(?=[\r\n])")
_ID = re.compile(_LINE + rb"id(?:: ?([^\r\n]*))?(?=[\r\n])")
_RETRY = re.compile(_LINE + rb"retry: ?([^\r\n]*)")
_DATA = re.compile(_LINE + rb"data:([^\r\n]*)")

Claims = Iterator[tuple[str, str]]
"""What differs: a key that does not change with the event, and a sentence."""


class Clients:
    """Looks at each block once, in order, for the libraries that are used with this dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self._looks = [(rule, look) for rule, look, names in _LIBRARIES if not names or dialect.name in names]
        self._facts = _Facts()

    def block(self, block: Block) -> Findings:
        yield from self._look(block, finished=True)

    def end(self, rest: Block) -> Findings:
        """What stands behind the last event, at the end of a whole stream."""
        yield from self._look(rest, finished=False)

    def _look(self, block: Block, *, finished: bool) -> Findings:
        self._facts.see(block, finished=finished)
        for rule, look in self._looks:
            for key, message in look(self._facts, block):
                yield Found(rule, block.place, message, key)


class _Facts:
    """What of the stream so far, and of the present block, matters to several libraries."""

    def __init__(self) -> None:
        self._begun = False
        self._after_cr = False
        self._id = b""  # the last event ID behind this block
        self._next_done = False
        self.bom = False
        self.empty_events = False
        """Whether parsers that dispatch at any blank line, once they have anything, do so here."""
        self.is_utf8 = True
        self.lone_cr = False
        self.done = False
        """Whether an event before this one was `[DONE]`."""
        self.finished = True
        """Whether the block has its blank line."""

    def see(self, block: Block, *, finished: bool) -> None:
        event, raw = block.event, block.raw
        self.bom = not self._begun and raw.startswith(BOM)
        self._begun = True
        self.finished = finished
        self.done = self._next_done
        self._next_done |= event.dispatched and event.data.startswith("[DONE]")
        text = raw.removeprefix(b"\n") if self._after_cr else raw
        # Of a CR at the end it is not known yet whether an LF follows.
        self.lone_cr = (self._after_cr and text == raw) or b"\r" in text.removesuffix(b"\r").replace(
            b"\r\n", b""
        )
        self._after_cr = raw.endswith(b"\r")
        blank_before = bool(self._id) and _BLANK.match(text) is not None
        for value in _ID.findall(raw):  # not the event's own: it may stand in the line that the BOM spoils
            self._id = self._id if b"\0" in value else value
        holds = bool(self._id or _is_named(raw) or any(map(_is_int, _RETRY.findall(raw))))
        self.empty_events = blank_before or (finished and not event.dispatched and holds)
        self.is_utf8 = _is_utf8(raw)


def _is_named(raw: bytes) -> bool:
    """Whether the last `event` line says something."""
    return any(_NAME.findall(raw)[-1:])


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_int(value: bytes) -> bool:
    try:
        int(value.decode("utf-8", "replace"))
    except ValueError:
        return False
    return True


def _is_json(text: str | bytes) -> bool:
    try:
        json.loads(text)  # as the libraries do it
    except (ValueError, RecursionError):
        return False
    return True


def _bom(library: str) -> tuple[str, str]:
    return "bom", f"{library} takes the byte order mark for a part of the first line, which it then ignores"


def _httpx_sse(facts: _Facts, block: Block) -> Claims:
    if facts.bom:
        yield _bom("httpx-sse")
    elif facts.empty_events:
        yield "empty", "httpx-sse gives an event without data where nothing should be dispatched"


def _openai(facts: _Facts, block: Block) -> Claims:
    event = block.event
    if facts.done:
        if event.dispatched:
            yield "done", f"the OpenAI SDK stops at `[DONE]` and never sees {block.told}"
    elif facts.bom:
        yield _bom("the OpenAI SDK")
    elif not facts.is_utf8:
        yield "utf-8", f"the OpenAI SDK raises UnicodeDecodeError at {block.told}"
    elif facts.empty_events:
        yield "empty", "the OpenAI SDK raises JSONDecodeError at a block without data"
    elif event.dispatched and not event.data.startswith("[DONE]") and not _is_json(event.data):
        yield "json", f"the OpenAI SDK raises JSONDecodeError at {block.told}, whose data is no JSON"


def _anthropic(facts: _Facts, block: Block) -> Claims:
    event = block.event
    if facts.bom:
        yield _bom("the Anthropic SDK")
    elif not facts.is_utf8:
        yield "utf-8", f"the Anthropic SDK raises UnicodeDecodeError at {block.told}"
    elif event.dispatched and not _is_named(block.raw):
        yield "unnamed", f"the Anthropic SDK passes over {block.told}, which has no `event` line"
    elif event.dispatched and event.type not in ("ping", "error"):
        if not event.data:
            yield "empty", f"the Anthropic SDK passes over {block.told}, whose data is empty"
        elif not _is_json(event.data):
            yield "json", f"the Anthropic SDK raises JSONDecodeError at {block.told}, whose data is no JSON"


def _flowise_python(facts: _Facts, block: Block) -> Claims:
    event = block.event
    lines = _DATA.findall(block.raw)
    if facts.bom:
        yield _bom("flowise (Python)")
    elif not facts.is_utf8:
        yield "utf-8", f"flowise (Python) raises UnicodeDecodeError at {block.told}"
    elif not facts.finished and lines:
        yield "unfinished", "flowise (Python) gives the data of the last block, though no blank line ends it"
    elif event.dispatched:
        if len(lines) != 1:
            yield (
                "lines",
                f"flowise (Python) gives {len(lines)} events for {block.told}: one for each `data:` line",
            )
        if any(b"data:" in line for line in lines):
            yield "data", f"flowise (Python) removes `data:` from the data of {block.told}"
        if event.type != "message":
            yield "name", f"flowise (Python) gives the data of {block.told} without its name, and strips it"


def _flowise_typescript(facts: _Facts, block: Block) -> Claims:
    text = block.raw.removeprefix(BOM) if facts.bom else block.raw
    lines = _DATA.findall(text if facts.finished else text[: text.rfind(b"\n") + 1])
    if facts.lone_cr:
        yield "cr", "flowise-sdk (TypeScript) does not know CR as a line end"
    elif any(not _is_json(line.decode("utf-8", "replace")) for line in lines):
        yield "json", f"flowise-sdk (TypeScript) throws SyntaxError at {block.told}: a `data` line is no JSON"
    elif not facts.finished and lines:
        yield (
            "unfinished",
            "flowise-sdk (TypeScript) gives data of the last block, though no blank line ends it",
        )
    elif len(lines) != block.event.dispatched:
        yield (
            "lines",
            f"flowise-sdk (TypeScript) gives {len(lines)} events for {block.told}: one for each `data:` line",
        )
    elif block.event.dispatched and block.event.type != "message":
        yield "name", f"flowise-sdk (TypeScript) gives the data of {block.told} without its name"


_OPENAI = ("openai-chat", "openai-responses")
_FLOWISE = ("flowise", "flowise-named")
_LIBRARIES: tuple[tuple[Rule, Callable[[_Facts, Block], Claims], tuple[str, ...]], ...] = (
    (rules.HTTPX_SSE, _httpx_sse, ()),
    (rules.OPENAI_SDK, _openai, _OPENAI),
    (rules.ANTHROPIC_SDK, _anthropic, ("anthropic",)),
    (rules.FLOWISE_PYTHON, _flowise_python, _FLOWISE),
    (rules.FLOWISE_TYPESCRIPT, _flowise_typescript, _FLOWISE),
)
