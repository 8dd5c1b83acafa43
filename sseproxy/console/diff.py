"""`diff`: what differs, under its heading."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher

from rich.text import Text

from sseproxy.analysis.diff import Change, Heading
from sseproxy.analysis.story import Story
from sseproxy.printable import printable, printable_bytes

_WORD = re.compile(r"\s*\S+|\s+")
_AROUND = 4
"""Words of a text that are shown on either side of a change."""
_LONGEST = 5_000
"""Words. A comparison of longer texts word by word takes too long: then they are shown whole."""


def differing(
    names: tuple[str, str], story: Story, changes: Iterable[tuple[Heading, tuple[Change, ...]]]
) -> Iterator[Text]:
    """Two exchanges: which they are, then the changes under those headings that have any."""
    request = story.exchange.request
    asked = f"  {printable(request.method)} {printable_bytes(request.target)}" if request else ""
    yield Text(f"{printable(names[0])} → {printable(names[1])}", style="bold").append(
        asked, style="not bold dim"
    )
    for heading, found in changes:
        if found:
            yield Text(f"  {heading}", style="bold cyan")
        for change in found:
            yield from _change(change)


def alone(name: str, side: str, story: Story) -> Text:
    """An exchange that only one side has; `side` is - or +."""
    request = story.exchange.request
    asked = f"{printable(request.method)} {printable_bytes(request.target)}" if request else "no request"
    return Text(f"{side} {printable(name)}  {asked}", style="red" if side == "-" else "green")


def _change(change: Change) -> Iterator[Text]:
    what = Text(f"    {printable(change.what)}  ")
    was, now = change.was, change.now
    if was is not None and now is not None and change.what.startswith("text of "):
        yield what
        yield _word_by_word(was, now)
    elif was is not None and now is not None and max(len(was), len(now)) > 60:
        yield what
        yield Text(f"      - {printable(was)}", style="red")
        yield Text(f"      + {printable(now)}", style="green")
    else:
        if was is not None:
            what.append(printable(was), style="red")
        what.append(" → " if was is not None and now is not None else "")
        if now is not None:
            what.append(printable(now), style="green")
        what.append("  (gone)" if now is None else "  (new)" if was is None else "", style="dim")
        yield what


def _word_by_word(was: str, now: str) -> Text:
    """As one text: what went in `[-…-]`, what came in `{+…+}`, as `git diff --word-diff` marks it."""
    ours, theirs = _WORD.findall(was), _WORD.findall(now)
    line = Text("      ")
    if max(len(ours), len(theirs)) > _LONGEST:
        return (
            line.append(printable(was), style="red").append("\n      ").append(printable(now), style="green")
        )
    steps = SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes()
    for index, (tag, a, b, c, d) in enumerate(steps):
        if tag == "equal":
            line.append(_shortened(ours[a:b], first=not index, last=index == len(steps) - 1))
            continue
        if a < b:
            line.append(f"[-{printable(''.join(ours[a:b]))}-]", style="red")
        if c < d:
            line.append(f"{{+{printable(''.join(theirs[c:d]))}+}}", style="green")
    return line


def _shortened(words: list[str], *, first: bool, last: bool) -> str:
    before = 0 if first else _AROUND
    after = 0 if last else _AROUND
    if len(words) <= before + after + 1:
        return printable("".join(words))
    return printable("".join(words[:before])) + " … " + printable("".join(words[len(words) - after :]))
