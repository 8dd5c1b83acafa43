"""Streams that ran at the same time, against each other."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sseproxy.analysis.lint import rules
from sseproxy.analysis.lint.finding import Finding, Place
from sseproxy.printable import counted, printable, quoted

REMEMBERED = 10_000
"""Chats whose streams are kept to be compared: those of a session come in the order of their times."""
TURNS = 16
"""Streams of one chat that are kept, if no more of them are open."""
GRACE = 250_000
"""Microseconds that tokens may still go the old way: a request takes its time until it takes over."""


@dataclass(slots=True)
class Course:
    """How one stream went, as far as it is known. Times are microseconds since the session began."""

    session: str
    chat: str
    """The chat id that its request had; a request without one gets a new chat."""
    began: int
    place: Place
    """Its latest event."""
    last_token: int = -1
    tokens: int = 0
    has_end: bool = False
    over: int | None = None
    """When it ended, however that was."""
    held: list[Finding] = field(default_factory=list)
    """Findings about its order, until it is known whether it took another stream over."""


class Sessions:
    """Finds streams whose tokens went to another one."""

    def __init__(self) -> None:
        self._chats: OrderedDict[tuple[str, str], dict[str, Course]] = OrderedDict()

    def told(self, found: Iterable[Finding], course: Course | None) -> Iterator[Finding]:
        """What is to be told of a stream that was read to its end, of all that was found in it."""
        yield from (finding for finding in found if self.passes(finding, course))
        if course:
            yield from self.add(course)

    def passes(self, finding: Finding, course: Course | None) -> bool:
        """Whether a finding of this stream is told at once.

        A stream that takes another over gets that one's events too: what is wrong with its order is told by
        the one finding that names the cause. So the order of a stream that may do so is held back.
        """
        if not course or not finding.rule.code.startswith("O"):
            return True
        others = self._chats.get((course.session, course.chat), {}).values()
        if not any(_may_be_taken_over(other, course) for other in others):
            return True
        course.held.append(finding)
        return False

    def add(self, course: Course, *, done: bool = True) -> list[Finding]:
        """A stream that has begun (not `done`) or that there is no more of; what is to be told now."""
        if not course.chat:
            return []
        key = course.session, course.chat
        courses = self._chats.setdefault(key, {})
        self._chats.move_to_end(key)
        if len(self._chats) > REMEMBERED:
            self._chats.popitem(last=False)
        courses[course.place.id] = course
        pairs = [(first, second) for first in courses.values() for second in courses.values()]
        found = []
        for first, second in pairs:
            if first.place.id in courses and _took_over(first, second):
                found.append(_finding(first, second))
                second.held.clear()
                del courses[first.place.id]  # told once
        for id in [each for each, known in courses.items() if known.over is not None and known.has_end]:
            if len(courses) > TURNS:
                del courses[id]  # the turns of a long chat, one after the other
        if done:
            found += course.held
            course.held = []
        return found


def _may_be_taken_over(first: Course, second: Course) -> bool:
    """Whether the second began while the first was on, which has had no end so far."""
    return (
        first.began < second.began and (first.over is None or second.began < first.over) and not first.has_end
    )


def _took_over(first: Course, second: Course) -> bool:
    """Whether the second one, moreover, got the first one's tokens and the end."""
    return _may_be_taken_over(first, second) and second.has_end and first.last_token <= second.began + GRACE


def _finding(first: Course, second: Course) -> Finding:
    later = (second.began - first.began) / 1e6
    message = (
        f"this stream stopped after {counted(first.tokens, 'token')} and got no end: a request with the same"
        f" chat id {quoted(first.chat)} came {later:.3f} s after it and got the end"
        f" ({printable(second.place.cassette)})"
    )
    return Finding(rules.TAKEN_OVER, first.place, message, others=(second.place,))
