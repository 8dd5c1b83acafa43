"""Which recording answers a request, by rules that can be seen, and why none does.

A request is taken apart into named parts; rules say which of them count; two requests match when those are
equal.
"""

from sseproxy.matching.answers import Answer, Answers, Exhausted
from sseproxy.matching.library import Library, Loaded
from sseproxy.matching.rules import Rules, parse_rules
from sseproxy.matching.turns import LocalTurns, Turns

__all__ = [
    "Answer",
    "Answers",
    "Exhausted",
    "Library",
    "Loaded",
    "LocalTurns",
    "Rules",
    "Turns",
    "parse_rules",
]
