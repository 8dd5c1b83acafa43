"""A replay from its start to its end: what `replay` does, and `record` where it only replays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sseproxy.cassette.naming import wall_text
from sseproxy.cli.serving import Place, Seat, announce, serve
from sseproxy.clock import SystemClock
from sseproxy.matching import Answers, LocalTurns
from sseproxy.mock import Collector, Mock, Options
from sseproxy.printable import counted, printable
from sseproxy.workers import Answers as Questions

TURN = "turn"
"""What workers ask their parent: whose turn it is."""

_LISTED = 20


class AskedTurns:
    """Counts where all workers do."""

    def __init__(self, seat: Seat) -> None:
        self._seat = seat

    def take(self, key: bytes, scope: str) -> int:
        return self._seat.ask(TURN, (key, scope)) or 0  # None: the parent has died


def taking(turns: LocalTurns) -> Callable[[Any], int]:
    """The parent's answer to `AskedTurns`."""
    return lambda asked: turns.take(*asked)


def replay_until_stopped(
    place: Place,
    answers: Answers,
    options: Options,
    cassettes: Path,
    *,
    max_age: float | None,
    fail_unplayed: bool,
    report: bool,
) -> int:
    """Runs a mock until a signal comes, and gives the exit status. `max_age`: seconds; None: any."""
    unplayed = set(answers.unplayed())

    async def main(seat: Seat) -> int:
        answers.turns = AskedTurns(seat)
        mock = Mock(
            answers,
            replace(options, port=seat.port, shared=seat.shared),
            SystemClock(),
            seat.metrics,
            on_played=(lambda *played: seat.ask("played", played)) if report else None,
        )
        mock.get_ready()
        collector = Collector(mock.open_streams)
        server = await mock.start()
        told = counted(len(answers), "cassette")
        seat.ready(f"sseproxy: {server.url} replays {told} of {cassettes} (Ctrl-C stops)")
        if seat.number == 0 and max_age is not None:
            tell_stale(answers, max_age)
        await seat.stopped.wait()
        await mock.stop()
        collector.close()
        if report:
            seat.ask("late", mock.lateness)
        seat.ask("left", answers.unplayed())
        return 2 if mock.unreadable else 0

    def left(numbers: Iterable[int]) -> None:
        unplayed.intersection_update(numbers)

    asked: Questions = {TURN: taking(LocalTurns()), "left": left}
    printed = None
    if report:
        from sseproxy.cli.report import Report  # here: what draws takes 3 MiB

        printed = Report()
        asked = {**asked, "played": printed.add, "late": printed.everything.merge}
    status = serve(place, main, asked)
    if unplayed and (fail_unplayed or not place.quiet):
        verb = "was" if len(unplayed) == 1 else "were"
        names = answers.names(number for number in answers.oldest_first() if number in unplayed)
        tell_names(f"{counted(len(unplayed), 'cassette')} {verb} never asked for", names)
    if printed:
        printed.finish()
    if fail_unplayed and unplayed and status != 2:
        return 1
    return status


def tell_stale(answers: Answers, max_age: float) -> None:
    """Tells of cassettes that are older than `max_age` seconds."""
    if old := answers.older_than(wall_text(datetime.now(UTC) - timedelta(seconds=max_age))):
        verb = "is" if len(old) == 1 else "are"
        what = f"{counted(len(old), 'cassette')} {verb} older than --max-age, record anew"
        tell_names(what, answers.names(old))


def tell_names(what: str, names: Sequence[str]) -> None:
    """A line, and one for each name, as long as there are not too many."""
    announce(f"sseproxy: {what}:")
    for name in names[:_LISTED]:
        announce(f"  {printable(name)}")
    if len(names) > _LISTED:
        announce(f"  and {len(names) - _LISTED} more")
