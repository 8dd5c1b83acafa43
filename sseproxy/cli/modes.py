"""What `record --record-mode` does beside proxying: where cassettes go, who answers, and how it ends."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sseproxy.analysis.lint import Expectations
from sseproxy.cassette import rewriting
from sseproxy.cassette.library import Library
from sseproxy.cli.libraries import opened
from sseproxy.cli.serving import announce
from sseproxy.matching import Answers
from sseproxy.modes import RecordMode, why_not_whole
from sseproxy.printable import counted


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
            from sseproxy.cli.verifying import finish_verify  # here: what compares takes a MiB

            answers = matched(opened([library]))
            with tempfile.TemporaryDirectory(prefix="sseproxy-verify-") as folder:
                doing = f"against {counted(len(answers), 'cassette')} of {library}"
                finish = partial(finish_verify, answers, Path(folder), expectations)
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
