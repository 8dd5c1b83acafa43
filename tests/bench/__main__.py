"""`python -m tests.bench`."""

from __future__ import annotations

import argparse
import json
import resource
import sys
from pathlib import Path

from tests.bench import machine, ratios, report
from tests.bench.cells import FAILED, Cell, Results, run
from tests.bench.commands import command_cells
from tests.bench.streams import proxy_cells, replay_cells
from tests.bench.targets import proxies
from tests.bench.tools import MissingToolError, program


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description="Measures sseproxy beside other proxies; see docs/performance.md.",
    )
    parser.add_argument("--only", nargs="+", metavar="CELL", help="these cells alone; --list names them")
    parser.add_argument("--targets", nargs="+", metavar="TARGET", help="these proxies alone")
    parser.add_argument("--rounds", type=int, metavar="N", help="how often each is measured (5)")
    parser.add_argument(
        "--quick", action="store_true", help="1 round of a tenth of the events: to see that all works"
    )
    parser.add_argument(
        "--markdown", type=Path, metavar="FILE", help="put the tables between the marks in it"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples here")
    parser.add_argument(
        "--sseproxy", type=Path, metavar="FILE", help="the program to measure (beside this python)"
    )
    parser.add_argument(
        "--against", type=Path, metavar="FILE", help="another sseproxy, measured in the same turns"
    )
    parser.add_argument(
        "--library",
        type=int,
        default=16,
        metavar="MIB",
        help="size of the library that is read (16)",
    )
    parser.add_argument("--list", action="store_true", help="name the cells and end")
    return parser.parse_args()


def chosen(kind: str, names: list[str] | None, known: list[str]) -> list[str]:
    """The names that are wanted, in their own order. Raises MissingToolError for one that there is not."""
    if unknown := set(names or ()) - set(known):
        raise MissingToolError(f"no {kind} {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
    return [name for name in known if not names or name in names]


def plan(options: argparse.Namespace) -> list[Cell]:
    """What is to be measured. Raises MissingToolError."""
    measured = program_of(options)
    against = options.against.absolute() if options.against else None
    targets = list(proxies(measured, against))
    wanted = chosen("target", options.targets, [target.name for target in targets])
    cells = [
        *proxy_cells([target for target in targets if target.name in wanted], quick=options.quick),
        *replay_cells(measured, against, quick=options.quick),
        *command_cells(measured, options.library, quick=options.quick),
    ]
    wanted = chosen("cell", options.only, [cell.name for cell in cells])
    return [cell for cell in cells if cell.name in wanted]


def program_of(options: argparse.Namespace) -> Path:
    """The sseproxy that is measured: as said, or beside this interpreter. Raises MissingToolError."""
    given: Path = options.sseproxy or Path(sys.executable).parent / "sseproxy"
    if not given.exists():
        raise MissingToolError(f"no {given}: install the project there, or give --sseproxy")
    return given.absolute()


def measure(options: argparse.Namespace, cells: list[Cell]) -> Results:
    """Runs the cells and writes what was asked for."""
    rounds = options.rounds or (1 if options.quick else 5)
    facts = machine.facts(program_of(options), {subject for cell in cells for subject in cell.subjects})
    facts["rounds"] = f"{rounds}{', a tenth of the events' if options.quick else ''}"
    stolen = machine.Stolen()
    results = run(cells, rounds)
    facts["stolen"] = stolen.told()
    text = report.facts(facts) + ratios.table(results) + report.tables(cells, results)
    print(text, end="")
    if options.markdown:
        report.put(options.markdown, text)
    if options.json:
        told = {"machine": facts, "cells": report.as_json(cells, results), "aims": ratios.as_json(results)}
        options.json.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return results


def main() -> int:
    options = arguments()
    # Thousands of streams need as many descriptors; what is measured inherits the limit.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        cells = plan(options)
        if options.list:
            print("\n".join(f"{cell.name:12} {cell.what}" for cell in cells))
            return 0
        for name in ("upstream", "client"):
            program(name)
        if options.markdown:
            report.split(options.markdown)  # now, and not in half an hour
    except (MissingToolError, report.NoMarksError) as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 2
    failed = [note for note in measure(options, cells).notes.values() if note.startswith(FAILED)]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
