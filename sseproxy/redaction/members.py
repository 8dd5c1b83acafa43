"""JSON members by name, found in bytes: no document is parsed, whole or not, in a stream or in a string."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import regex

from sseproxy.redaction.finders import Found, State, no_more
from sseproxy.redaction.shapes import MIXED, NO_WORDS
from sseproxy.redaction.spellings import Spelling, opening
from sseproxy.redaction.values import may_say_nothing, says_nothing

_TOKEN = regex.compile(rb"[A-Za-z0-9._~+/=-]{16,}")
# What a model said, with how likely that was (`logprobs`): a hundred of them in an event. Told in a tenth of
# the time that it takes to look at a member.
_PIECE = re.compile(rb'token"[ ]?:[ ]?"[A-Za-z0-9._~+/=-]{0,15}+[^A-Za-z0-9._~+/=-]')


def _looks_like_token(data: bytes, start: int, *, final: bool) -> bool | None:
    """Whether a value does that begins there; None: what comes next tells."""
    token = _TOKEN.match(data, start, partial=not final)
    if token is None:
        return False
    where = data, start, token.end()
    if not token.partial and NO_WORDS.search(*where) and MIXED.search(*where):
        return True
    return None if not final and token.end() == len(data) else False


class MemberFinder:
    """Looks for the values of members of some names."""

    def __init__(
        self,
        lines: bool,
        is_secret: Callable[[bytes], bool],
        is_token: Callable[[bytes], bool] = lambda _: False,
        *,
        own: bool = False,
    ) -> None:
        """`is_token`: names whose values are secrets if they look like it. `own`: a user's names, which are
        masked whatever their values are, numbers too.
        """
        self._lines = lines
        self._is_secret = is_secret
        self._is_token = is_token
        self._own = own
        self._has_pieces = not (own or is_secret(b"token"))

    def look(self, data: bytes, at: int, *, final: bool) -> Found | None:
        if self._has_pieces and data[at - 1 : at] == b'"' and _PIECE.match(data, at):
            return None
        opened = opening(data, at, lines=self._lines)
        if opened is None:
            return None
        begin, spelling = opened
        match = spelling.member.match(data, begin, partial=not final)
        if match is None:
            return None
        if match.partial:  # the value has not begun: there is nothing to hold back
            return Found(begin, len(data), len(data), State.OPEN, "", no_more)
        name = spelling.plain(match["name"])
        told = f"body.{name.decode('utf-8', 'replace')}"
        if match["number"] is not None:
            if not (self._own and self._is_secret(name)):
                return None
            start, stop = match.span("number")
            state = State.WHOLE if final or stop < len(data) else State.OPEN
            return Found(begin, start, stop, state, told, no_more, number=True)
        value = match.end()
        resume = partial(self._run, spelling)
        in_holder = match["first"] is not None
        if in_holder and self._own:
            return None
        if in_holder or not self._is_secret(name):
            if not (self._is_secret if in_holder else self._is_token)(name):
                return None
            is_token = _looks_like_token(data, value, final=final)
            if is_token is None:
                return Found(begin, value, len(data), State.OPEN, told, resume)
            if not is_token:
                return None
        stop, more = resume(data, value, final=final)
        if stop == value and not more:
            return None
        if not self._own:
            said = spelling.plain(data[value:stop])
            if stop < len(data) and not more:
                if says_nothing(name, said):
                    return None
            elif not final and may_say_nothing(name, said):
                return Found(begin, value, len(data), State.OPEN, told, resume)
        return Found(begin, value, stop, State.GOES_ON if more else State.WHOLE, told, resume)

    @staticmethod
    def _run(spelling: Spelling, data: bytes, start: int, *, final: bool) -> tuple[int, bool]:
        run = spelling.run.match(data, start)
        stop = run.end() if run else start
        return stop, not final and spelling.unfinished.fullmatch(data, stop) is not None
