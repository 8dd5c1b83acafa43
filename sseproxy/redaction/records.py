"""A cassette that stands, masked. What of a stream is known at its end alone is known here.

It is read twice: to find what is to be masked, and to write it anew. Lines in which nothing is masked stay as
they are, byte for byte, and so do the keys and records that are not known here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import BinaryIO

import orjson

from sseproxy.cassette.encode import content
from sseproxy.exchange import Ending
from sseproxy.redaction.fields import Record, mask_fields
from sseproxy.redaction.mask import Mark, mask_length, masked
from sseproxy.redaction.rules import Rules, built_in
from sseproxy.redaction.scan import Finding, Scan, body_of, scanned
from sseproxy.redaction.search import Secret


def mask_cassette(
    data: bytes, rules: Rules | None = None, *, part: bool = False
) -> tuple[bytes, list[Finding]]:
    """The cassette as it should have been written, and what was masked in it by now.

    Raises CassetteError for what is no cassette.
    """
    lines, findings = mask_lines(BytesIO(data), rules, part=part)
    return b"".join(lines), findings


def mask_lines(
    file: BinaryIO, rules: Rules | None = None, *, part: bool = False
) -> tuple[Iterator[bytes], list[Finding]]:
    """The same of an open file, line by line: of its stream nothing is held that has no secret in it."""
    rules = rules or built_in()
    scan = scanned(file, rules, part=part)
    file.seek(0)
    return _Rewriting(scan, rules).lines(file), scan.findings()


class _Rewriting:
    def __init__(self, scan: Scan, rules: Rules) -> None:
        self._scan = scan
        self._rules = rules
        self._touched = scan.fields.keys() | scan.pieces.keys() | scan.secrets.keys()
        self._stored = 0  # body bytes, where the rest is cut

    def lines(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        for number, line in enumerate(lines, 1):
            if number > self._scan.last or not (self._scan.cut or number in self._touched):
                yield line
                continue
            record = orjson.loads(line)
            changed = self._mask(number, record) if number in self._touched else False
            if self._scan.cut and record["k"] == "data":
                if number >= self._scan.cut.line:
                    continue
                self._stored += len(body_of(record))
            elif self._scan.cut and record["k"] == "end":
                changed = True
                record["reason"], record["bytes"] = Ending.LOSSY, self._stored
                record["detail"] = f"the compressed body has {self._scan.cut.why} in it, and can't be masked"
            yield orjson.dumps(record) + b"\n" if changed else line

    def _mask(self, number: int, record: Record) -> bool:
        """Masks what was found in the record, and says so in it."""
        names = mask_fields(record, self._rules) if number in self._scan.fields else []
        if number in self._scan.pieces:
            piece, in_body = self._scan.pieces[number]
            _store(record["body"] if record["k"] == "request" else record, piece)
            names += in_body
        if secrets := self._scan.secrets.get(number):
            piece = body_of(record)
            _store(record, masked(piece, [_within(secret, start, len(piece)) for start, secret in secrets]))
            names += [secret.mark.name for _, secret in secrets]
        record["redacted"] = [*record.get("redacted", []), *names]
        return True


def _within(secret: Secret, start: int, size: int) -> Mark:
    """The part of a secret's mark that lies in a piece of this size which begins at `start` of the body."""
    mark = secret.mark
    before = secret.data[: max(0, start - mark.start)]
    return mark._replace(
        start=max(mark.start, start) - start,
        stop=min(mark.stop, start + size) - start,
        begun=mark.begun + mask_length(before),
    )


def _store(holder: Record, piece: bytes) -> None:
    """Other bytes in the place of those that a record holds; its keys keep their order."""
    before = dict(holder)
    holder.clear()
    for key, value in before.items():
        if key in ("text", "b64"):
            holder.update(content(piece))
        else:
            holder[key] = len(piece) if key == "bytes" else value
