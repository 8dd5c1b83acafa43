"""A cell: one question that is put to several subjects in turns, round after round."""

from __future__ import annotations

import contextlib
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.processes import BrokenRunError
from tests.bench.tools import MissingToolError

FAILED = "FAILED"
"""How the note of a measurement that went wrong begins."""

Sample = Mapping[str, float]
"""What one measurement gave, by the keys of the columns."""


@dataclass(frozen=True, slots=True)
class Column:
    key: str
    title: str
    digits: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    name: str
    what: str
    columns: tuple[Column, ...]
    subjects: tuple[str, ...]
    measure: Callable[[str], Sample]
    """One measurement of a subject. Raises MissingToolError and BrokenRunError."""


@dataclass(frozen=True, slots=True)
class Figure:
    """What several rounds gave."""

    median: float
    least: float
    most: float
    rounds: int

    @property
    def spread(self) -> float:
        """From the least to the most, as a share of the median."""
        return (self.most - self.least) / self.median if self.median else 0.0


@dataclass(frozen=True, slots=True)
class Results:
    """Samples by cell, subject and column; `notes` by cell and subject: what is missing, and why."""

    samples: dict[str, dict[str, dict[str, list[float]]]] = field(default_factory=dict)
    notes: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, cell: str, subject: str, sample: Sample) -> None:
        columns = self.samples.setdefault(cell, {}).setdefault(subject, {})
        for key, value in sample.items():
            columns.setdefault(key, []).append(value)

    def figure(self, cell: str, subject: str, key: str) -> Figure | None:
        values = self.samples.get(cell, {}).get(subject, {}).get(key)
        return Figure(statistics.median(values), min(values), max(values), len(values)) if values else None


def run(cells: Sequence[Cell], rounds: int) -> Results:
    """All cells, `rounds` times. In a round the subjects take turns; each round another one begins.

    Interrupted, it gives what there is so far.
    """
    results = Results()
    with contextlib.suppress(KeyboardInterrupt):
        for number in range(rounds):
            for cell in cells:
                for subject in turned(cell.subjects, number):
                    if (cell.name, subject) not in results.notes:
                        print(f"bench: {number + 1}/{rounds} {cell.name}: {subject}", file=sys.stderr)
                        _measure(cell, subject, results)
    return results


def _measure(cell: Cell, subject: str, results: Results) -> None:
    try:
        results.add(cell.name, subject, cell.measure(subject))
    except (MissingToolError, BrokenRunError) as problem:
        kind = "skipped" if isinstance(problem, MissingToolError) else FAILED
        results.notes[cell.name, subject] = f"{kind}: {problem}"
        print(f"bench: {cell.name}: {subject}: {kind}: {problem}", file=sys.stderr)


def turned(subjects: Sequence[str], number: int) -> Iterator[str]:
    first = number % len(subjects)
    yield from subjects[first:]
    yield from subjects[:first]


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder on the disk, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="sseproxy-bench-"))
    folder.chmod(0o755)  # nginx's worker is another user
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
