"""The events of a stream against its contract, and against each other."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Generator

from sseproxy.analysis.lint import rules
from sseproxy.analysis.lint.block import Block, Findings, Found
from sseproxy.analysis.lint.finding import Place
from sseproxy.contract import OTHER, Contract, Run, Violation
from sseproxy.dialects import COMMENT, DROPPED, Dialect, Ids
from sseproxy.printable import quoted

_ID_LINE = re.compile(rb"(?:\A|(?<=[\r\n]))id: ?([^\r\n]*)")
LISTED = 6
"""Kinds in one sentence."""
REMEMBERED = 1_000
"""Ids that are kept to tell whether one comes again: a stream may have any number of them."""


class Order:
    """Looks at each event once, in order."""

    def __init__(self, dialect: Dialect, contract: Contract, asked: Ids) -> None:
        self._dialect = dialect
        self._run = Run(contract)
        self._values = {name: (value, "the request asked for") for name, value in asked}
        self._seen: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._last: Block | None = None  # of the events that count
        self._end: Block | None = None  # the last event, in the sense of the dialect
        self._skipped: list[tuple[Block, Violation]] = []  # events before which another should have come

    def block(self, block: Block) -> Findings:
        kind = self._kind(block)
        if not kind:
            return
        yield from self._foreign(block)
        again = yield from self._again(block)
        if kind in self._dialect.anywhere or again:
            return
        violation = self._run.take(kind)
        if violation:
            yield from self._violation(block, violation)
        elif self._is_copy(block):
            message = f"{block.told} is the same as the event before it, byte for byte"
            yield Found(rules.REPEATED, block.place, message, kind)
        if kind in self._dialect.last and not self._end:
            self._end = block
        if not violation or violation.missing:
            self._last = block

    def intended(self, block: Block) -> None:
        """An event that nobody gets, for its blank line is missing: it was meant to come all the same."""
        if kind := self._kind(block):
            self._run.take(kind)

    def _kind(self, block: Block) -> str:
        """Empty for a block that is no part of any order. A dropped event counts: it was meant to come."""
        kind = block.meaning.kind
        if kind == DROPPED:
            return block.event.type if block.event.type != "message" else ""
        return "" if kind == COMMENT else kind

    def _violation(self, block: Block, violation: Violation) -> Findings:
        kind = violation.kind
        for before, skipped in self._skipped:
            if kind in skipped.missing:
                self._skipped.remove((before, skipped))
                yield Found(rules.OUT_OF_ORDER, block.place, f"{block.told} came behind {before.told}")
                return
        if violation.missing:
            self._skipped.append((block, violation))
            return
        after = f" after {self._last.told}" if self._last else ""
        if kind in self._dialect.last and self._end:
            yield Found(
                rules.SECOND_END, block.place, f"{block.told} came again, the first was {self._end.told}"
            )
        elif (
            self._last and kind in self._dialect.tokens and not self._dialect.tokens & set(violation.expected)
        ):
            over = self._end or self._last
            yield Found(rules.LATE_TOKEN, block.place, f"{block.told} came after {over.told}", kind)
        else:
            message = f"{block.told} came{after}, where the contract has {listed(violation.expected)}"
            yield Found(rules.UNEXPECTED, block.place, message, kind)

    def _foreign(self, block: Block) -> Findings:
        for name, value in block.meaning.ids:
            if name not in self._dialect.constant and name not in self._values:
                continue
            known, whose = self._values.setdefault(name, (value, f"{block.told} has"))
            if value != known:
                message = f"the {name} id of {block.told} is {quoted(value)}, {whose} {quoted(known)}"
                yield Found(rules.FOREIGN_ID, block.place, message, name)

    def _again(self, block: Block) -> Generator[Found, None, bool]:
        ids = [(name, value) for name, value in block.meaning.ids if name in self._dialect.unique]
        if block.event.id and b"id" in block.raw:
            ids += [("", value.decode("utf-8", "replace")) for value in _ID_LINE.findall(block.raw)[-1:]]
        for key in ids:
            if before := self._seen.get(key):
                what = f"{key[0]} number" if key[0] else "id"
                message = f"{block.told} has the {what} {quoted(key[1])} of {before}"
                yield Found(rules.REPEATED, block.place, message, key[0])
                return True
            self._seen[key] = block.told
            if len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        return False

    def _is_copy(self, block: Block) -> bool:
        """Tokens may be the same one after the other; of other events that is no chance."""
        last = self._last
        if last is None or not self._dialect.tokens or block.meaning.kind in self._dialect.tokens:
            return False
        return last.raw == block.raw and bool(block.event.data)

    def end(self, place: Place, *, whole: bool) -> Findings:
        """`whole`: the stream went on to its end, so that nothing more can come."""
        for block, violation in self._skipped:
            message = f"{listed(violation.missing)} should have come before {block.told}"
            yield Found(rules.MISSING_EVENT, block.place, message)
        expected = self._run.finish()
        if not whole or not expected or self._end:
            return
        ends = tuple(kind for kind in sorted(self._dialect.last) if kind in self._run.contract.names)
        due = listed(ends or expected)
        if self._last is None:
            yield Found(rules.MISSING_END, place, f"the stream is over without any event, {due} never came")
            return
        failed = self._last.meaning.kind in self._dialect.errors
        message = f"the stream is over after {self._last.told}, {due} never came"
        yield Found(rules.ERROR_WITHOUT_END if failed else rules.MISSING_END, self._last.place, message)


def listed(kinds: tuple[str, ...]) -> str:
    """`a`, `b` or `c`, as a sentence has it."""
    named = [f"`{kind}`" for kind in kinds if kind != OTHER]
    named += ["a kind that it does not name"] if OTHER in kinds else []
    if not named:
        return "nothing more"
    if len(named) > LISTED:
        named[LISTED - 1 :] = [f"{len(named) - LISTED + 1} others"]
    return " or ".join(filter(None, [", ".join(named[:-1]), named[-1]]))
