"""An exchange as lines of text that are equal for equal content: what a diff of texts should see."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from sseproxy.analysis.body import readable_body
from sseproxy.analysis.diff.alignment import items
from sseproxy.analysis.diff.folding import Folding
from sseproxy.analysis.story import Story
from sseproxy.exchange import Headers
from sseproxy.printable import printable, printable_bytes


def plain(story: Story) -> Iterator[str]:
    """Heads, a line an event, the ending. No times, no read boundaries; ids that are fresh are folded."""
    exchange, folding = story.exchange, Folding(story)
    if request := exchange.request:
        yield f"{printable(request.method)} {printable_bytes(request.target)}"
        yield from _fields(request.headers, folding)
        yield from ["", _spelled(folding.data(request.body))] if request.body else []
        yield ""
    if response := exchange.response:
        yield f"{response.status} {printable_bytes(response.reason)}".rstrip()
        yield from _fields(response.headers, folding)
        yield ""
    if story.stream.is_stream:
        yield from (f"{printable(each.moment.meaning.kind)} {_spelled(each.folded)}" for each in items(story))
    elif exchange.body:
        yield _spelled(folding.data(readable_body(exchange)))
    yield f"({exchange.ending})"


def _fields(headers: Headers, folding: Folding) -> Iterator[str]:
    for name, value in headers:
        folded = folding.field(name.decode("latin-1").lower(), value.decode("utf-8", "backslashreplace"))
        yield f"{printable_bytes(name)}: {printable(folded)}"


def _spelled(value: object) -> str:
    return printable(value if isinstance(value, str) else orjson.dumps(value).decode())
