"""The rule that a miss proposes, as lines of TOML that can be put at the end of a file as they are.

Each rule is a route of its own: it touches no other requests, and any number of them can stand one after the
other, also behind a `[match]` that is there already.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sseproxy.matching.differences import Loosening

_HALF = re.compile("[\ud800-\udfff]")
# What TOML forbids in a line or a person can't see there.
_UNFIT = re.compile('["\\\\\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]')


def toml(rule: Loosening) -> Iterator[str]:
    """The lines; none where nothing is to be added to the file."""
    if not (rule.ignore or rule.path):
        return
    yield "[[match.route]]"
    yield f"for = {_string(rule.route)}"
    if rule.ignore:
        yield f"ignore = [{', '.join(map(_string, rule.ignore))}]"
    if rule.path:
        yield f"values = {{ path = {_string(rule.path)} }}"


def _string(text: str) -> str:
    """A TOML string on one line. It can't hold half a surrogate pair: that is spelled as in a JSONPath."""
    text = _HALF.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    if "\\" in text and "'" not in text and not _UNFIT.search(text.replace("\\", "")):
        return f"'{text}'"
    return '"' + _UNFIT.sub(_escaped, text) + '"'


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[0]}" if found[0] in '"\\' else f"\\u{ord(found[0]):04x}"
