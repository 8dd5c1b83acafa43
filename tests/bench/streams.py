"""The cells of streams: through each proxy, and out of the replay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.bench import library
from tests.bench.cells import Cell, Column, Sample, scratch
from tests.bench.processes import Load, Running, checked_load, free_port, real_time, server, upstream
from tests.bench.surroundings import BAIT, Surroundings, bad_clients, quiet, recorder
from tests.bench.targets import OURS, Target, has_option, recorded_bytes
from tests.bench.workloads import PROXY, REPLAY, WARM_UP, Workload

REAL_TIME = ", real time"
"""Behind a replay's name: the same with a processor for itself. What is left is the replay's own error."""
ON_TIME = ("replay-1", "replay-100", "replay-1000")
"""Cells of which the error is smaller than what else a machine does now and then."""

CPU = Column("cpu", "CPU µs/event", 2)
MEMORY = Column("memory", "peak MiB")
SIZES = (Column("size", "cassette bytes/event"), Column("packed", "packed"))
SPEED = Column("speed", "events/s")
FAST = (SPEED, Column("first_p50", "first event p50 µs"), CPU, MEMORY, *SIZES)
PACED = (
    Column("p50", "latency p50 µs"),
    Column("p99", "p99 µs"),
    Column("max", "max µs"),
    CPU,
    MEMORY,
    *SIZES,
)
ERRORS = (Column("p50", "error p50 µs"), Column("p99", "p99 µs"), Column("max", "max µs"), CPU, MEMORY)
DRIFT = (Column("drift", "drift µs", 1), *ERRORS)


def proxy_cells(targets: Iterable[Target], *, quick: bool) -> list[Cell]:
    by_name = {target.name: target for target in targets}
    cells = []
    for full in PROXY:
        workload = full.quick() if quick else full
        measure = partial(_pass_through, workload, by_name)
        columns = PACED if workload.gap else FAST
        names = [each.name for each in by_name.values() if each.cells is None or full.name in each.cells]
        if names:
            cells.append(Cell(workload.name, workload.what, columns, tuple(names), measure))
    return cells


def _pass_through(workload: Workload, targets: dict[str, Target], subject: str) -> Sample:
    target = targets[subject]
    with scratch() as folder:
        with upstream() as behind, target.running(behind, folder) as running:
            checked_load(WARM_UP, running.port)
            sample = _measured(workload, running)
        if target.records:
            plain, packed = recorded_bytes(folder, workload)
            sample |= {"size": plain / workload.total, "packed": packed / workload.total}
    return sample


def _measured(workload: Workload, running: Running) -> dict[str, float]:
    before = running.settled_cpu()
    met = checked_load(workload, running.port)
    sample = _of_load(met, workload)
    if running.process:
        sample["cpu"] = (running.settled_cpu() - before) / workload.total * 1e6
        sample["memory"] = running.peak_memory() / 2**20
    return sample


def _of_load(met: Load, workload: Workload) -> dict[str, float]:
    sample = {"speed": met.events / met.seconds, "client_cpu": met.client_cpu / met.events * 1e6}
    sample |= {f"first_{key}": value for key, value in met.first.items()} | met.times
    if met.drift is not None and workload.streams == 1:
        sample["drift"] = abs(met.drift)
    return sample


@dataclass(frozen=True, slots=True)
class Replay:
    program: Path
    workers: int = 1
    beside: Surroundings = quiet


def replay_cells(program: Path, against: Path | None, *, quick: bool) -> list[Cell]:
    cells = []
    for full in REPLAY:
        workload = full.quick() if quick else full
        replays = {OURS: Replay(program)}
        if workload.name == "replay-100":
            replays[f"{OURS}, 100 bad clients beside"] = Replay(program, beside=bad_clients)
            replays[f"{OURS}, a recorder beside"] = Replay(program, beside=recorder)
        if workload.name == "replay-5000" and has_option(program, "replay", "--workers"):
            replays[f"{OURS}, 2 workers"] = Replay(program, workers=2)
        if against:
            replays[f"{OURS}, against"] = Replay(against)
        columns = DRIFT if workload.name == "drift" else ERRORS
        subjects = ["direct", *replays]
        if workload.name in ON_TIME:
            subjects += [subject + REAL_TIME for subject in subjects]
        measure = partial(_play, workload, replays)
        cells.append(Cell(workload.name, workload.what, columns, tuple(subjects), measure))
    return cells


def _play(workload: Workload, replays: dict[str, Replay], subject: str) -> Sample:
    """`direct`: the C server on the same schedule, which is what the instrument itself adds."""
    if subject.endswith(REAL_TIME):
        with real_time():
            return _play(workload, replays, subject.removesuffix(REAL_TIME))
    if subject == "direct":
        with upstream() as port:
            return _measured(workload, Running(port))
    replay = replays[subject]
    with scratch() as folder:
        count = workload.targets or workload.streams
        library.fill(folder / "cassettes", workload, count, count)
        library.fill(folder / "cassettes" / "warm-up", WARM_UP, 1, 1)
        if replay.beside is bad_clients:
            library.fill(folder / "cassettes" / "bait", BAIT, 1, 1)
        port = free_port()
        command: list[str | Path] = [replay.program, "replay", "--quiet", "--cassettes", "cassettes"]
        command += ["--port", str(port)]
        if replay.workers > 1:
            command += ["--workers", str(replay.workers)]
        with server(command, port, folder) as running:
            checked_load(WARM_UP, port)
            with replay.beside(replay.program, port, workload):
                sample = _measured(workload, running)
    if replay.beside is bad_clients:
        del sample["cpu"]  # their share can't be told from it
    return sample
