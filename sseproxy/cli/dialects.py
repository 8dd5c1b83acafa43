"""The dialects that commands know: ours, and those that other packages bring.

A package offers its own by an entry point in the group `sseproxy.dialects`, whose object is a `Dialect`.
"""

from __future__ import annotations

import difflib
from functools import cache
from importlib.metadata import entry_points

from sseproxy.dialects import DIALECTS, PLAIN, Dialect
from sseproxy.errors import SseproxyError

GROUP = "sseproxy.dialects"


@cache
def known() -> tuple[Dialect, ...]:
    """All dialects, others' first: theirs know better. Raises SseproxyError for one that can't be loaded."""
    found = []
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            dialect = entry.load()
        except Exception as error:  # whatever their code does
            raise SseproxyError(
                f"the dialect {entry.name!r} ({entry.value}) can't be loaded: {error}"
            ) from None
        if not isinstance(dialect, Dialect):
            raise SseproxyError(f"the dialect {entry.name!r} ({entry.value}) is no sseproxy.dialects.Dialect")
        found.append(dialect)
    return (*found, *DIALECTS)


def by_name(name: str) -> Dialect:
    """Raises SseproxyError, naming the nearest, for a name that none has."""
    names = {dialect.name: dialect for dialect in (*known(), PLAIN)}
    if name in names:
        return names[name]
    near = difflib.get_close_matches(name, names, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}"
    raise SseproxyError(f"no dialect is called {name!r}; {hint}")
