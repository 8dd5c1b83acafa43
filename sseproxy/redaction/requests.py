"""A request's body: whole, as matching and short ones have it, or part by part as it is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from sseproxy.coding import CodingError
from sseproxy.exchange import Headers, Request
from sseproxy.redaction.body import TooMuchError, inflating
from sseproxy.redaction.forms import fields_of
from sseproxy.redaction.heads import mask_head, may_hold_secrets
from sseproxy.redaction.mask import Mark, masked, merged, replaced
from sseproxy.redaction.paths import find_paths
from sseproxy.redaction.rules import Rules, built_in
from sseproxy.redaction.scanner import HOLD_LIMIT, Scanner

NOT_STORED = "body: not stored, for it is compressed and has a secret in it"


class Masked(NamedTuple):
    data: bytes
    names: list[str]


def mask_request(request: Request, rules: Rules | None = None) -> tuple[Request, list[str]]:
    """The request as it is compared: each secret, and each mask, is one and the same mask.

    So a request equals the recording of it, whose secrets were masked when it was written, and one that
    differs from it in its secrets alone. Masking what is masked changes nothing.
    """
    rules = rules or built_in()
    result, names = mask_head(request, rules)
    marks = body_marks(request.headers, request.body, rules)
    if marks is None:
        return replace(result, body=b""), [*names, NOT_STORED]
    result = replace(result, body=replaced(request.body, marks))
    return result, names + [mark.name for mark in marks]


def mask_body(headers: Headers, body: bytes, rules: Rules) -> Masked:
    """A whole body as it may be written, as long as it was."""
    marks = body_marks(headers, body, rules)
    if marks is None:
        return Masked(b"", [NOT_STORED])
    return Masked(masked(body, marks), [mark.name for mark in marks])


def body_marks(headers: Headers, body: bytes, rules: Rules) -> list[Mark] | None:
    """What is to be masked in a whole body; None: all of it, for it is compressed."""
    if not body:
        return []
    if coding := inflating(headers):
        try:
            plain = b"".join(coding.feed(body))
        except TooMuchError:
            return None
        except CodingError:
            plain = body
        if plain is not body:
            return None if _plain_marks(headers, plain, rules) else []
    return _plain_marks(headers, body, rules)


def _plain_marks(headers: Headers, body: bytes, rules: Rules) -> list[Mark]:
    fields = fields_of(headers, rules.is_field)
    in_fields = fields.feed(body) if fields else []
    selected = find_paths(body, rules.paths)
    named = merged(in_fields, selected)
    if not (named or may_hold_secrets(body, rules)):
        return []
    # A field that is masked already is no secret any more, and its mask is not to be masked again.
    rest = Scanner(rules.plain).feed(masked(body, named), final=True).marks
    return merged(named, rest)


class UploadMasker:
    """A body that is written part by part."""

    def __init__(self, headers: Headers, rules: Rules) -> None:
        self._fields = fields_of(headers, rules.is_field)
        self._scanner = Scanner(rules.plain)
        self._coding = inflating(headers)
        self._held = b""  # of a compressed body
        self.refused = False
        """Whether nothing more is stored, for the body is compressed and has a secret in it."""

    @property
    def held(self) -> int:
        """Bytes that wait for what comes next to be written."""
        return len(self._held) if self._coding else self._scanner.held

    def feed(self, data: bytes, *, final: bool) -> Masked:
        """What may be written now of all that has come; `final` with the last."""
        if self.refused:
            return Masked(b"", [])
        if self._coding:
            return self._feed_coded(data, final=final)
        marks = self._fields.feed(data) if self._fields else []
        scanned = self._scanner.feed(masked(data, marks), final=final)
        return Masked(scanned.data, [mark.name for mark in (*marks, *scanned.marks)])

    def flush(self) -> Masked:
        """What is held, masked."""
        if self._coding:
            return self._refuse() if self._held else Masked(b"", [])
        scanned = self._scanner.flush()
        return Masked(scanned.data, [mark.name for mark in scanned.marks])

    def _feed_coded(self, data: bytes, *, final: bool) -> Masked:
        assert self._coding
        self._held += data
        try:
            plain = b"".join(self._coding.feed(data))
        except TooMuchError:
            return self._refuse()
        except CodingError:  # it is not what its head says, and may be plain
            self._coding = None
            held, self._held = self._held, b""
            return self.feed(held, final=final)
        if self._scanner.feed(plain, final=final).marks:
            return self._refuse()
        if self._scanner.held:
            return Masked(b"", []) if len(self._held) <= HOLD_LIMIT else self._refuse()
        held, self._held = self._held, b""
        return Masked(held, [])

    def _refuse(self) -> Masked:
        self._held = b""
        self.refused = True
        return Masked(b"", [NOT_STORED])
