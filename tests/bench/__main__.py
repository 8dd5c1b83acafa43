"""`python -m tests.bench`."""

from __future__ import annotations

import argparse
import json
import resource
import sys
from pathlib import Path

from tests.bench import machine, report
from tests.bench.cells import Cell, run
from tests.bench.streams import proxy_cells, replay_cells
from tests.bench.targets import proxies, sseproxy
from tests.bench.tools import MissingToolError, program


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description="Measures sseproxy beside other proxies; see docs/performance.md.",
    )
    parser.add_argument("--only", nargs="+", metavar="CELL", help="these cells alone; --list names them")
    parser.add_argument("--targets", nargs="+", metavar="TARGET", help="these proxies alone")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="how often each is measured (5)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the events: to see that all works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples here")
    parser.add_argument(
        "--sseproxy", type=Path, metavar="FILE", help="the program to measure (beside this python)"
    )
    parser.add_argument(
        "--against", type=Path, metavar="FILE", help="another sseproxy, measured in the same turns"
    )
    parser.add_argument("--list", action="store_true", help="name the cells and end")
    return parser.parse_args()


def chosen(cells: list[Cell], names: list[str] | None) -> list[Cell]:
    known = [cell.name for cell in cells]
    if unknown := set(names or ()) - set(known):
        raise MissingToolError(f"no cell {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
    return [cell for cell in cells if not names or cell.name in names]


def main() -> int:
    options = arguments()
    # Thousands of streams need as many descriptors; what is measured inherits the limit.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        measured = (options.sseproxy or sseproxy()).absolute()
        against = options.against.absolute() if options.against else None
        targets = [
            target
            for target in proxies(measured, against)
            if target.name in (options.targets or [target.name])
        ]
        cells = proxy_cells(targets, quick=options.quick) + replay_cells(
            measured, against, quick=options.quick
        )
        cells = chosen(cells, options.only)
        if options.list:
            print("\n".join(f"{cell.name:12} {cell.what}" for cell in cells))
            return 0
        for name in ("upstream", "client"):
            program(name)
    except MissingToolError as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 2
    began = machine.facts(measured)
    results = run(cells, 1 if options.quick and options.rounds == 5 else options.rounds)
    print("\n".join(f"{key}: {value}" for key, value in began.items()), end="\n\n")
    print(report.tables(cells, results), end="")
    if options.json:
        told = {"machine": began, "cells": report.as_json(cells, results)}
        options.json.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 1 if any(note.startswith("FAILED") for note in results.notes.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
