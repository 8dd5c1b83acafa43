"""A rule at a place: whether a secret begins there, how far it goes, or that more has to come to tell."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from itertools import product
from typing import NamedTuple, Protocol

import regex

from sseproxy.redaction.beginnings import BOUNDARY
from sseproxy.redaction.mask import BEGUN, LINE_BREAK
from sseproxy.redaction.shapes import Part, Run, Shape

_BREAK = f"(?:{LINE_BREAK})?"
_REACH = 32
"""Bytes in which it shows whether a secret goes on: the break of a line and a letter, however spelled."""

_STANDING = regex.compile(regex.escape(BEGUN) + rb"(?:d(?:\]\**+)?)?")


class State(Enum):
    WHOLE = auto()
    """All of the secret is there."""
    GOES_ON = auto()
    """It is one, and what comes next may belong to it."""
    OPEN = auto()
    """What comes next tells whether it is one."""


class Found(NamedTuple):
    at: int
    """Where the rule has to look again when more has come."""
    start: int
    """Where the secret begins; at the end of the data where it has not begun yet."""
    stop: int
    state: State
    name: str
    resume: Resume
    number: bool = False


class Standing(NamedTuple):
    """What was masked before."""

    start: int
    stop: int
    name: str
    resume: Resume


class Resume(Protocol):
    """Follows a secret."""

    def __call__(self, data: bytes, start: int, *, final: bool) -> tuple[int, bool]:
        """Where a secret that goes on at `start` ends in the data, and whether it may go on behind them."""


class Finder(Protocol):
    """A rule that has seen one of its anchors."""

    def look(self, data: bytes, at: int, *, final: bool) -> Found | None:
        """What the rule says of an anchor at `at`. `final`: nothing follows the data."""


def no_more(data: bytes, start: int, *, final: bool) -> tuple[int, bool]:
    """Follows a secret that has ended."""
    return start, False


@dataclass(frozen=True, slots=True)
class _Patterns:
    whole: regex.Pattern[bytes]
    lead: regex.Pattern[bytes]
    """What stands before the secret."""
    run: regex.Pattern[bytes] | None
    unit: regex.Pattern[bytes] | None


@cache
def _patterns(shape: Shape, lines: bool) -> _Patterns:
    """The shape's regular expressions, made when they are first needed: forty shapes take a while."""
    spell = _Speller(lines)
    begins = spell.text(shape.begins, any_case=shape.any_case)
    boundary = BOUNDARY if shape.boundary else ""
    lead = boundary + begins + spell.parts(shape.leads)
    body = f"(?P<body>{spell.parts(shape.follows)})" + (f"(?={spell.unit(shape.ends)})" if shape.ends else "")
    compiled = regex.compile((lead + body).encode())
    unit = spell.unit(shape.goes_on) if shape.goes_on else ""
    return _Patterns(
        whole=compiled,
        lead=regex.compile(lead.encode()),
        run=regex.compile(f"(?:{unit})*+".encode()) if unit else None,
        unit=regex.compile(unit.encode()) if unit else None,
    )


class _Speller:
    """Writes the parts of a shape as a regular expression. `lines`: a line may break before each letter.

    A line end of its own is none of the letters then: it would be the event's.
    """

    def __init__(self, lines: bool) -> None:
        self._lines = lines
        self._break = _BREAK if lines else ""

    def unit(self, expression: str) -> str:
        if self._lines:
            expression = expression.replace(r"\r\n", "").replace("%20", self._break.join("%20"))
        return self._break + expression

    def text(self, text: str, *, any_case: bool = False) -> str:
        letters = (
            f"[{letter.lower()}{letter.upper()}]" if any_case and letter.isalpha() else regex.escape(letter)
            for letter in text
        )
        # The first is where the search begins: a break before it is not part of the secret.
        return self._break.join(letters)

    def parts(self, parts: tuple[Part, ...]) -> str:
        return "".join(
            self._run(part) if isinstance(part, Run) else self._break + self.text(part) for part in parts
        )

    def _run(self, run: Run) -> str:
        most = run.least if run.most is None else run.most
        return f"(?:{self.unit(run.unit)}){{{run.least},{most}}}"


class LiteralFinder:
    """Looks for one known secret, each of its letters as it is, percent-encoded, or as JSON escapes it."""

    def __init__(self, name: str, secret: bytes, lines: bool) -> None:
        self._name = name
        self.expression = (_BREAK if lines else "").join(map(_spellings, _characters(secret)))
        self._pattern = regex.compile(self.expression.encode())
        self.anchors = _anchors(secret)

    def look(self, data: bytes, at: int, *, final: bool) -> Found | None:
        match = self._pattern.match(data, at, partial=not final)
        if match is None:
            return None
        state = State.OPEN if match.partial else State.WHOLE
        return Found(at, at, match.end(), state, self._name, no_more)


def in_base64(secret: bytes) -> set[bytes]:
    """The letters that are the secret's alone wherever it stands in what was encoded (RFC 4648, 4 and 5)."""
    forms = set()
    for before in range(3):
        coded = b64encode(bytes(before) + secret)
        own = coded[-(-8 * before // 6) : 8 * (before + len(secret)) // 6]
        forms |= {own, own.translate(_URL_SAFE)}
    return forms


_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_ESCAPES = {b"\n": "n", b"\r": "r", b"\t": "t", b'"': '"', b"\\": "\\", b"/": "/"}


def _spellings(character: bytes) -> str:
    """The regular expression of a character in any of its spellings, in documents within documents too."""
    plain, encoded = ("".join(form.format(byte) for byte in character) for form in (r"\x{:02x}", "%{:02x}"))
    forms = [plain, f"(?i:{encoded})"]
    if units := _code_units(character):
        forms.insert(0, "".join(rf"\\+u(?i:{unit})" for unit in units))
    if character in _ESCAPES:
        forms.insert(0, rf"\\+{regex.escape(_ESCAPES[character])}")
    if character == b" ":
        forms.append(r"\+")
    return f"(?:{'|'.join(forms)})"


def _anchors(secret: bytes) -> set[bytes]:
    """How the first three characters of the secret may be written, in lower case."""
    return {b"".join(forms).lower() for forms in product(*map(_spelled, _characters(secret)[:3]))}


def _spelled(character: bytes) -> list[bytes]:
    forms = [character]
    if not character.isalnum():
        forms.append("".join(f"%{byte:02x}" for byte in character).encode())
        escaped = [[f"u{unit}" for unit in units]] if (units := _code_units(character)) else []
        escaped += [[_ESCAPES[character]]] if character in _ESCAPES else []
        depths = ("\\" * depth for depth in (1, 2, 3))
        forms += ["".join(slashes + unit for unit in each).encode() for slashes in depths for each in escaped]
    return [*forms, b"+"] if character == b" " else forms


def _characters(secret: bytes) -> list[bytes]:
    """The characters of a text in UTF-8, and of anything else the bytes."""
    return [each.encode("utf-8", "surrogateescape") for each in secret.decode("utf-8", "surrogateescape")]


def _code_units(character: bytes) -> list[str]:
    """The four digits of each escape by which JSON spells it; none of a byte that is no character."""
    try:
        digits = character.decode().encode("utf-16-be").hex()
    except UnicodeDecodeError:
        return []
    return [digits[at : at + 4] for at in range(0, len(digits), 4)]


class PatternFinder:
    """A match of a user's own regular expression, found already."""

    def __init__(self, name: str, match: regex.Match[bytes]) -> None:
        self._found = name, match

    def look(self, data: bytes, at: int, *, final: bool) -> Found | None:
        name, match = self._found
        state = State.OPEN if match.partial else State.WHOLE
        return Found(at, match.start(), match.end(), state, name, no_more)


class ShapeFinder:
    """Looks for one shape."""

    def __init__(self, shape: Shape, lines: bool) -> None:
        """`lines`: in an event stream as it is on the wire."""
        self.shape = shape
        self.lines = lines

    def look(self, data: bytes, at: int, *, final: bool) -> Found | None:
        patterns = _patterns(self.shape, self.lines)
        match = patterns.whole.match(data, at, partial=not final)
        if match is None:
            return None
        if match.partial:
            return Found(at, self._start(data, at), len(data), State.OPEN, self.shape.name, self._run)
        start, stop = match.span("body")
        stop, more = self._run(data, stop, final=final)
        if self.shape.telling and not self.shape.telling.search(data, start, stop):
            return Found(at, start, stop, State.OPEN, self.shape.name, self._run) if more else None
        return Found(at, start, stop, State.GOES_ON if more else State.WHOLE, self.shape.name, self._run)

    def standing(self, data: bytes, at: int) -> Standing | None:
        """A mask where the secret would be."""
        before = _patterns(self.shape, self.lines).lead.match(data, at)
        mask = before and _STANDING.match(data, before.end())
        return Standing(*mask.span(), self.shape.name, self._run) if mask else None

    def _start(self, data: bytes, at: int) -> int:
        """Where the secret begins of which only the beginning is there."""
        before = _patterns(self.shape, self.lines).lead.match(data, at)
        return before.end() if before else len(data)

    def _run(self, data: bytes, start: int, *, final: bool) -> tuple[int, bool]:
        patterns = _patterns(self.shape, self.lines)
        if patterns.run is None or patterns.unit is None:
            return start, False
        run = patterns.run.match(data, start)
        stop = run.end() if run else start
        if final or len(data) - stop > _REACH:
            return stop, False
        return stop, patterns.unit.fullmatch(data, stop, partial=True) is not None
