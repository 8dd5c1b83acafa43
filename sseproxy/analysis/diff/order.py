"""What stands elsewhere: from where, to where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from sseproxy.analysis.diff.alignment import Alignment, Item, Run
from sseproxy.analysis.diff.change import Change
from sseproxy.analysis.diff.sequences import moved


def order(alignment: Alignment) -> Iterator[Change]:
    """The fewest moves that make one order of the other. Runs of tokens move as a whole.

    Where both streams have the same events, each token is one of them and moves alone.
    """
    if not (alignment.was and alignment.now):
        return
    pairs = list(alignment.pairs)
    if not alignment.same_events:
        together = list(_runs_in_pairs(alignment))
        pairs += [(one.start, other.start) for one, other in together if one and other]
        yield from _more_runs(alignment, together)
    for ours, theirs in moved(sorted(pairs)):
        meaning = alignment.was[ours].moment.meaning
        said = f" “{meaning.text}”" if meaning.text and alignment.same_events else ""
        yield Change(f"{meaning.kind}{said}", _place(alignment.was, ours), _place(alignment.now, theirs))


def _runs_in_pairs(alignment: Alignment) -> Iterator[tuple[Run | None, Run | None]]:
    """The first run of a kind with the first, the second with the second."""
    was, now = alignment.runs
    for kind in dict.fromkeys(run.kind for run in was):
        yield from zip_longest(
            [run for run in was if run.kind == kind], [run for run in now if run.kind == kind]
        )


def _more_runs(alignment: Alignment, together: Sequence[tuple[Run | None, Run | None]]) -> Iterator[Change]:
    """Tokens that come at more places, or at fewer. Where one stream has none, that is content."""
    both = {one.kind for one, other in together if one and other}
    for one, other in together:
        if one and not other and one.kind in both:
            yield Change(one.kind, _place(alignment.was, one.start), None)
        if other and not one and other.kind in both:
            yield Change(other.kind, None, _place(alignment.now, other.start))


def _place(items: Sequence[Item], place: int) -> str:
    number = items[place].moment.number
    if not place:
        return f"#{number}, first"
    before = items[place - 1].moment
    return f"#{number}, after #{before.number} {before.meaning.kind}"
