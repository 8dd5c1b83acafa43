"""`sseproxy scrub` and `sseproxy scan`: what should have been masked in cassettes that stand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic, TypeVar

import click

from sseproxy.cassette.naming import PART
from sseproxy.cassette.pack import opened, read, write
from sseproxy.cassette.store import find, is_being_written
from sseproxy.cli.options import paths, redacted
from sseproxy.errors import CassetteError, NoHeadYetError, SseproxyError
from sseproxy.printable import counted, printable
from sseproxy.redaction import Finding, find_secrets, mask_cassette
from sseproxy.redaction import Rules as Redaction

T = TypeVar("T")


class _Reading(Generic[T]):
    """What is read of cassettes; what can't be read has been told of on stderr."""

    def __init__(self, paths: tuple[Path, ...], read: Callable[[Path], T]) -> None:
        self._paths = find(paths)
        self._read = read
        self.status = 0
        self.read = 0
        """How many could be."""

    def __iter__(self) -> Iterator[tuple[Path, T]]:
        for path in self._paths:
            try:
                found = self._read(path)
            except NoHeadYetError:
                continue
            except CassetteError as error:
                self.tell(error.located(path))
            except OSError as error:
                self.tell(f"{path}: can't be read: {error.strerror}")
            else:
                self.read += 1
                yield path, found

    def tell(self, error: object) -> None:
        click.echo(f"Error: {printable(str(error))}", err=True)
        self.status = 2


def _print(path: Path, findings: list[Finding]) -> None:
    """A line for each place, and never what stands there."""
    for line, name in dict.fromkeys(findings):
        click.echo(printable(f"{path}:{line}: {name}"))


@click.command()
@paths
@redacted
def scrub(paths: tuple[Path, ...], redaction: Redaction) -> None:
    """Mask in cassettes what `record` would mask today. FILE:LINE: RULE of each is printed.

    Each file is replaced at once, or not at all. Recordings that still run are left alone.
    """

    def mask(path: Path) -> tuple[bytes, list[Finding]]:
        return mask_cassette(read(path), redaction, part=path.name.endswith(PART))

    masked = _Reading(paths, mask)
    changed = 0
    for path, (lines, findings) in masked:
        if not findings:
            continue
        if is_being_written(path):
            masked.tell(f"{path}: is being recorded; scrub it when it is finished")
            continue
        try:
            write(path, lines)
        except SseproxyError as error:
            masked.tell(error)
            continue
        _print(path, findings)
        changed += 1
    click.echo(f"masked something in {changed} of {counted(masked.read, 'cassette')}", err=True)
    raise SystemExit(masked.status)


@click.command()
@paths
@redacted
def scan(paths: tuple[Path, ...], redaction: Redaction) -> None:
    """Find in cassettes what looks like a secret. FILE:LINE: RULE of each is printed; exit 1 if there is any.

    The secret itself is never printed. `sseproxy scrub` masks it.
    """

    def look(path: Path) -> list[Finding]:
        with opened(path) as lines:
            return find_secrets(lines, redaction, part=path.name.endswith(PART))

    looked = _Reading(paths, look)
    found = 0
    for path, findings in looked:
        _print(path, findings)
        found += bool(findings)
    if looked.read or not looked.status:
        click.echo(f"found something in {found} of {counted(looked.read, 'cassette')}", err=True)
    raise SystemExit(looked.status or (1 if found else 0))
