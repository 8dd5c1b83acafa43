"""Cassette lines one by one: what each of them holds, in memory that does not grow with the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sseproxy.cassette.decode import Item, Reader, nothing
from sseproxy.cassette.fields import read_record
from sseproxy.cassette.migrate import VERSION, upgrade
from sseproxy.errors import CassetteError


class ItemReader:
    """A cassette record by record, in memory that does not grow with it.

    For those who look at a cassette once, from the front, and at one that is still being written. Uploads are
    left out: the request's body is what had come when its record was written.
    """

    def __init__(self) -> None:
        self._reader = Reader()
        self.line = 0
        """How many lines have been fed: the number of the last one."""

    def feed(self, line: bytes) -> Item | None:
        """What the next line holds; None for what is not known here.

        Raises CassetteError (without a path), also for a cassette of an old version: those are read whole.
        """
        self.line += 1
        record = read_record(line, self.line)
        if self.line == 1:
            upgrade([record], converters={}, current=VERSION)
        item = self._reader.take(record)
        self._reader.forget()
        return item


def items(lines: Iterable[bytes], *, part: bool = False) -> Iterator[tuple[int, Item]]:
    """What each line of a cassette holds, with its number, line by line.

    Torn last lines and missing heads are dealt with as by `decode`. Raises CassetteError (without a path).
    """
    reader = ItemReader()
    for line in lines:
        try:
            item = reader.feed(line)
        except CassetteError:
            if line.endswith(b"\n") or (reader.line == 1 and not part):
                raise
            if reader.line == 1:
                raise nothing(part) from None
            return
        if item:
            yield reader.line, item
    if reader.line == 0:
        raise nothing(part)
