"""The cells of commands: how long they take to start, to find an answer, and to read a library."""

from __future__ import annotations

import atexit
import contextlib
import functools
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from tests.bench import library
from tests.bench.cells import Cell, Column, Sample, scratch
from tests.bench.processes import (
    BrokenRunError,
    checked_load,
    clean_environment,
    free_port,
    peak_memory,
    server,
)
from tests.bench.workloads import Workload

ONE = "one.sse.jsonl"
"""The name of a small cassette in the folder where commands are run."""

WORK: dict[str, tuple[str, ...]] = {
    "audit": (ONE,),
    "demo": ("--speed", "max"),
    "diff": (ONE, ONE),
    "exec": ("--cassettes", ONE, "--quiet", "--", "true"),
    "learn": (ONE,),
    "lint": ("--ignore", "O303", ONE),
    "ls": (ONE,),
    "scan": (ONE,),
    "show": (ONE,),
    "stats": (ONE,),
    "timeline": (ONE,),
    "validate": (ONE,),
}
"""The least that a command can be asked to do. A new command joins with a line here."""

SERVERS: dict[str, tuple[str, ...]] = {
    "record": ("--upstream", "http://127.0.0.1:1"),
    "replay": ("--cassettes", ONE),
}
"""Those that run until they are stopped: the time is until they listen."""

READING: dict[str, tuple[str, ...]] = {
    "lint": ("lint", "--ignore", "O303"),
    "ls": ("ls",),
    "scan": ("scan",),
    "show": ("show",),
    "show --json": ("show", "--json"),
    "show --raw": ("show", "--raw"),
    "stats": ("stats",),
    "validate": ("validate",),
}
"""What reads a whole library. Analyses join here; so does a library in another form, by its own folder."""

ANALYSES: dict[str, tuple[str, ...]] = READING | {
    "timeline": ("timeline",),
    "timeline --all": ("timeline", "--all"),
}
"""What reads one long cassette. A library is for `timeline` what it asks for: all of it on one screen."""

MATCHING = Workload("matching", "", streams=2_000, events=20, keep_alive=True)
LIBRARIES = (10_000, 100_000)
"""Cassettes in the libraries that answers are found in."""
CASSETTE = Workload("library", "", events=500)
"""What each cassette of a library that is read holds: about 80 KB."""
LONG = Workload("long", "", events=200_000)
"""What a single long one holds: about 32 MB."""


def command_cells(program: Path, library_mib: int, *, quick: bool) -> list[Cell]:
    commands = tuple(command_names(program))
    libraries = {f"{count:,} cassettes": count for count in ([LIBRARIES[0] // 10] if quick else LIBRARIES)}
    long = LONG.quick() if quick else LONG
    return [
        Cell(
            "start-up",
            "each command, to the end of its help, and of its least work (a server: until it listens)",
            (Column("help", "--help ms"), Column("work", "work ms")),
            commands,
            partial(_start_up, program),
        ),
        Cell(
            "matching",
            "`replay --speed max` of a library: until it listens, and from request to answer",
            (
                Column("start", "start ms"),
                Column("first_p50", "answer p50 µs"),
                Column("first_p99", "p99 µs"),
                Column("memory", "peak MiB"),
            ),
            tuple(libraries),
            lambda subject: _match(program, libraries[subject]),
        ),
        Cell(
            "reading",
            f"a library of {library_mib:,} MiB, cassettes of 500 events",
            (Column("rate", "MB/s", 1), Column("memory", "peak MiB")),
            tuple(READING),
            lambda subject: _read(program, READING[subject], CASSETTE, library_mib * 2**20),
        ),
        Cell(
            "long",
            f"one cassette of {long.events:,} events: memory does not grow with it",
            (Column("rate", "MB/s", 1), Column("memory", "peak MiB")),
            tuple(ANALYSES),
            lambda subject: _read(program, ANALYSES[subject], long, 0),
        ),
    ]


def command_names(program: Path) -> list[str]:
    """As its help lists them."""
    told = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
    return re.findall(r"^  ([a-z]+) ", told.partition("Commands:")[2], re.MULTILINE)


def _run(command: Sequence[str | Path], folder: Path, watch: Callable[[int], None] | None = None) -> float:
    """Seconds that a command took; `watch` gets its process id again and again. Raises BrokenRunError."""
    began = time.perf_counter()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, env=clean_environment()
        )
        while watch and process.poll() is None:
            watch(process.pid)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.01)
        process.wait()
    seconds = time.perf_counter() - began
    if process.returncode != 0:
        said = (folder / "log").read_text(errors="replace")[-500:]
        raise BrokenRunError(f"{' '.join(map(str, command))} ended with {process.returncode}: {said}")
    return seconds


def _start_up(program: Path, subject: str) -> Sample:
    with scratch() as folder:
        (folder / ONE).write_bytes(library.cassette(0, Workload("", "", events=20), "0" * 16))
        sample = {"help": _run([program, subject, "--help"], folder) * 1e3}
        if subject in WORK:
            sample["work"] = _run([program, subject, *WORK[subject]], folder) * 1e3
        if subject in SERVERS:
            sample["work"] = _until_listening([program, subject, *SERVERS[subject]], folder) * 1e3
    return sample


def _until_listening(command: Sequence[str | Path], folder: Path) -> float:
    port = free_port()
    began = time.perf_counter()
    with server([*command, "--port", str(port)], port, folder):
        return time.perf_counter() - began


def _match(program: Path, count: int) -> Sample:
    folder = _library(MATCHING, count, count)
    command: list[str | Path] = [program, "replay", "--quiet", "--speed", "max", "--cassettes", folder]
    with scratch() as place:
        port = free_port()
        began = time.perf_counter()
        with server([*command, "--port", str(port)], port, place) as running:
            start = time.perf_counter() - began
            met = checked_load(MATCHING.among(count), running.port)
            memory = running.peak_memory()
    first = {f"first_{key}": value for key, value in met.first.items()}
    return {"start": start * 1e3, "memory": memory / 2**20} | first


def _read(program: Path, command: tuple[str, ...], workload: Workload, size: int) -> Sample:
    each = len(library.cassette(0, workload, "0" * 16))
    count = max(size // each, 1)
    folder = _library(workload, count, min(count, 10))
    peaks = [0]  # looked at while it runs: what the kernel tells at the end has our own memory in it
    with scratch() as place:
        seconds = _run([program, *command, folder], place, lambda pid: peaks.append(peak_memory(pid)))
    return {"rate": count * each / 1e6 / seconds, "memory": max(peaks) / 2**20}


@functools.cache
def _library(workload: Workload, count: int, distinct: int) -> Path:
    """Made once, and gone with the benchmark."""
    folder = Path(tempfile.mkdtemp(prefix="sseproxy-library-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    library.fill(folder, workload, count, distinct)
    return folder
