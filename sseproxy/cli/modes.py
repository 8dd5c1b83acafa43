"""What `record --record-mode` does beside proxying: where cassettes go, who answers, and how it ends."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from sseproxy.analysis.drift import drift
from sseproxy.analysis.lint import Expectations
from sseproxy.cassette import rewriting
from sseproxy.cassette.library import Library
from sseproxy.cassette.store import load_head, view
from sseproxy.cli.libraries import opened
from sseproxy.cli.replaying import tell_names
from sseproxy.cli.serving import announce
from sseproxy.exchange import Ending, Exchange
from sseproxy.matching import Answers
from sseproxy.matching.telling import reason
from sseproxy.modes import RecordMode, why_not_whole
from sseproxy.printable import counted, printable, printable_bytes


def _leave(lost: int) -> int:
    return 1 if lost else 0


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the recorder in some mode."""

    folder: Path
    """Where cassettes are written."""
    doing: str
    """What the announcement says of it, behind the upstreams."""
    finish: Callable[[int], int] = _leave
    """Called when all streams have ended, with how many recordings are not whole; gives the exit status."""
    answers: Answers | None = None
    """What is asked first."""
    verb: str = "records"


@contextlib.contextmanager
def recording(
    mode: RecordMode, library: Path, matched: Callable[[Library], Answers], expectations: Expectations
) -> Iterator[Run]:
    """`matched` makes answers of cassettes. Raises SseproxyError where these can't be read or written."""
    match mode:
        case RecordMode.NEW_EPISODES:
            answers = matched(Library(rewriting.answered(library)))
            known = f"{counted(len(answers), 'cassette')} {'has' if len(answers) == 1 else 'have'}"
            yield Run(library, f"into {library} where its {known} no answer", answers=answers)
        case RecordMode.REWRITE:
            with rewriting.Rewriting(library) as anew:
                doing = f"to take the place of what is in {library}"
                yield Run(anew.stage, doing, partial(_finish_rewrite, anew))
        case RecordMode.VERIFY:
            answers = matched(opened([library]))
            with tempfile.TemporaryDirectory(prefix="sseproxy-verify-") as folder:
                doing = f"against {counted(len(answers), 'cassette')} of {library}"
                finish = partial(_finish_verify, answers, Path(folder), expectations)
                yield Run(Path(folder), doing, finish, verb="verifies")
        case _:
            yield Run(library, f"into {library}")


def _finish_rewrite(anew: rewriting.Rewriting, lost: int) -> int:
    library, stage = anew.library, anew.stage
    if why := why_not_whole(library, stage, lost):
        where = f"; what was recorded is in {stage}" if any(stage.iterdir()) else ""
        announce(f"sseproxy: {library} stays as it was: {why}{where}")
        return 1
    new, old = anew.finish()
    announce(f"sseproxy: {counted(new, 'cassette')} took the place of {old} in {library}")
    return 0


def _finish_verify(answers: Answers, folder: Path, expectations: Expectations, lost: int) -> int:
    """Prints, exchange by exchange, whether it is as recorded."""
    live = sorted(rewriting.recorded(folder), key=lambda path: load_head(path).id)
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
