"""`record --record-mode verify`: what the upstream answers now, beside what was recorded."""

from __future__ import annotations

from pathlib import Path

import click

from sseproxy.analysis.drift import drift
from sseproxy.analysis.lint import Expectations
from sseproxy.cassette import rewriting
from sseproxy.cassette.store import load_beginning, view
from sseproxy.cli.replaying import tell_names
from sseproxy.cli.serving import announce
from sseproxy.exchange import Ending, Exchange
from sseproxy.matching import Answers
from sseproxy.matching.telling import reason
from sseproxy.printable import counted, printable, printable_bytes


def finish_verify(answers: Answers, folder: Path, expectations: Expectations, lost: int) -> int:
    """Prints, exchange by exchange, whether it is as recorded."""
    live = sorted(rewriting.recorded(folder), key=lambda path: load_beginning(path)[0].id)
    told = [_compared(answers, view(path), expectations) for path in live]
    for line in (line for lines in told for line in lines):
        click.echo(line)
    good = sum(lines[0].endswith(_SAME) for lines in told)
    announce(f"sseproxy: {good} of {counted(len(told), 'exchange')} as recorded" if told else _NOTHING)
    if left := answers.names(answers.unplayed()):
        verb = "was" if len(left) == 1 else "were"
        tell_names(f"{counted(len(left), 'cassette')} {verb} not verified, for nobody asked", left)
    return 1 if lost or not told or good < len(told) else 0


_SAME = ": as recorded"
_NOTHING = "sseproxy: nothing was verified, for nobody asked anything"


def _compared(answers: Answers, live: Exchange, expectations: Expectations) -> list[str]:
    """A line that says how it is, and one for each difference."""
    request = live.request
    if request is None:
        return [f"a client that left before it asked{_SAME}"]
    what = f"{printable(request.method)} {printable_bytes(request.target)}"
    if live.response is None and live.end and live.ending is not Ending.CLIENT_LEFT:
        return [f"{what}: no answer, {printable(live.end.detail)}"]
    answer = answers.answer(request)
    if answer is None:
        return [f"{what}: not in the library, {reason(answers.explain(request))}"]
    found = drift(answers.library.exchange(answer.number), live, expectations)
    if not found:
        return [what + _SAME]
    return [
        f"{what}: not as in {printable(answers.library.name(answer.number))}",
        *(f"  {each}" for each in found),
    ]
