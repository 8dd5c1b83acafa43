"""A response's body on its way to the cassette: arrivals in, what of them may be written out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

from sseproxy.coding import CodingError, Decoder, decoder
from sseproxy.exchange import Headers, media_type, tokens
from sseproxy.redaction.lines import LineScanner
from sseproxy.redaction.mask import Mark
from sseproxy.redaction.rules import Rules
from sseproxy.redaction.scanner import HOLD_LIMIT, Scanned, Scanner
from sseproxy.redaction.stream import StreamScanner
from sseproxy.sse import EVENT_STREAM, LINES

INFLATE_LIMIT = 16 * 1024 * 1024
"""Plain bytes in one read of a compressed body: what grows beyond is not looked through."""
_INFLATE_STEP = 512


class Piece(NamedTuple):
    """An arrival, or the part of one that may be written now."""

    t: int
    data: bytes
    more: bool
    """Whether another part of the same arrival follows."""
    marks: list[Mark]


class _Text(Protocol):
    @property
    def held(self) -> int: ...

    def feed(self, data: bytes, *, final: bool = False) -> Scanned: ...

    def flush(self) -> Scanned: ...


class Masker:
    """The body of one response."""

    def __init__(self, headers: Headers, rules: Rules) -> None:
        kind = media_type(headers)
        self._stream: StreamScanner | LineScanner | None = None
        if kind == EVENT_STREAM:
            self._stream = StreamScanner(rules)
        elif kind in LINES:
            self._stream = LineScanner(rules)
        self._text: _Text = self._stream or Scanner(rules.plain)
        self._inflating = inflating(headers)
        self.passes: Callable[[bytes], bool] = _never
        """The quick answer for nearly all arrivals: it may be written as it is, at once, and `feed` need not
        have it. False says nothing.
        """
        if isinstance(self._stream, StreamScanner) and self._inflating is None:
            self.passes = self._stream.passes
        # A document may have come in several reads, and before a match other lines may have to be known.
        self._as_a_whole = bool(rules.paths or (rules.patterns and kind in LINES))
        self._waiting: deque[tuple[int, int]] = deque()  # arrivals of which something is held, and how much
        self._held = b""  # of a compressed body, all of these
        self.refused = ""
        """Why nothing more is stored; empty while all is."""

    @property
    def held(self) -> int:
        """Bytes that wait for what comes next to be written."""
        return sum(size for _, size in self._waiting)

    @property
    def held_since(self) -> int | None:
        """When the first of them came; None: there are none."""
        return self._waiting[0][0] if self._waiting else None

    @property
    def unfinished(self) -> bool:
        """Whether the whole of the body has to be looked at when it has ended: what is only then known."""
        return self._as_a_whole or bool(self._stream and self._stream.spelled)

    def feed(self, t: int, data: bytes) -> list[Piece]:
        """An arrival. What is not in the result is held, with its time."""
        if self.refused:
            return []
        if self._inflating:
            return self._feed_coded(t, data)
        scanned = self._text.feed(data)
        if not self._waiting and len(scanned.data) == len(data):
            return [Piece(t, data if not scanned.marks else scanned.data, False, scanned.marks)]
        self._waiting.append((t, len(data)))
        return self._pieces(scanned)

    def flush(self) -> list[Piece]:
        """What is held, masked."""
        if self._inflating:
            if self._held:
                self._refuse("what may be a secret")
            return []
        flushed = self._text.flush()
        self._as_a_whole |= bool(flushed.marks)  # what follows may be taken for the rest of it
        return self._pieces(flushed)

    def finish(self) -> list[Piece]:
        """The body has ended: what is held, and was no secret."""
        if not self._inflating:
            return self._pieces(self._text.feed(b"", final=True))
        if self._text.feed(b"", final=True).marks:
            self._refuse("a secret")
        return self._release()

    def _pieces(self, scanned: Scanned) -> list[Piece]:
        """Bytes that may be written, as parts of the arrivals they came with."""
        pieces = []
        position = 0
        data, marks = scanned
        while position < len(data):
            t, size = self._waiting.popleft()
            stop = min(position + size, len(data))
            if stop - position < size:
                self._waiting.appendleft((t, size - (stop - position)))
            inside = [
                mark._replace(
                    start=max(mark.start, position) - position, stop=min(mark.stop, stop) - position
                )
                for mark in marks
                if mark.start < stop and mark.stop > position
            ]
            pieces.append(Piece(t, data[position:stop], stop - position < size, inside))
            position = stop
        return pieces

    # A compressed body can be stored or not, but not masked.

    def _feed_coded(self, t: int, data: bytes) -> list[Piece]:
        assert self._inflating
        self._waiting.append((t, len(data)))
        self._held += data
        try:
            for plain in self._inflating.feed(data):
                if self._text.feed(plain).marks:
                    return self._refuse("a secret")
        except TooMuchError:
            return self._refuse("more than can be looked through")
        except CodingError:  # it is not what its head says, and may be plain
            self._inflating = None
            scanned = self._text.feed(self._held)
            self._held = b""
            return self._pieces(scanned)
        if self._text.held:
            return [] if len(self._held) <= HOLD_LIMIT else self._refuse("what may be a secret")
        return self._release()

    def _release(self) -> list[Piece]:
        data, self._held = self._held, b""
        return self._pieces(Scanned(data, []))

    def _refuse(self, what: str) -> list[Piece]:
        self._held = b""
        self._waiting.clear()
        self.refused = f"the compressed body has {what} in it, and can't be masked"
        return []


def _never(data: bytes) -> bool:
    return False


class TooMuchError(Exception):
    """A compressed body that grows beyond what is looked through."""


class Inflating:
    """A compressed body, inflated in steps: a small one may grow without end."""

    def __init__(self, plain: Decoder) -> None:
        self._decoder = plain

    def feed(self, data: bytes) -> list[bytes]:
        """What these bytes add to the plain ones. Raises CodingError, TooMuchError."""
        pieces = []
        size = 0
        for start in range(0, len(data), _INFLATE_STEP):
            pieces.append(self._decoder.feed(data[start : start + _INFLATE_STEP]))
            size += len(pieces[-1])
            if size > INFLATE_LIMIT:
                raise TooMuchError
        return pieces

    def finish(self) -> None:
        """Raises CodingError where the body ended too early."""
        self._decoder.finish()


def inflating(headers: Headers) -> Inflating | None:
    """How a body with these headers is inflated; None where it need not, or can't, be."""
    codings = tokens(headers, b"content-encoding")
    if not codings or codings == [b"identity"]:
        return None
    try:
        return Inflating(decoder(codings))
    except CodingError:
        return None
