"""How long a suite takes that replays a stream in each test: `python -m tests.bench.pytest_plugin`.

Without xdist, in a process of its own; the client is `requests`, as of an SDK that blocks; each test looks at
all of its events. With `--load` every processor has something else to do meanwhile: no test may mind.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench import library
from tests.bench.cells import scratch
from tests.bench.processes import clean_environment
from tests.bench.workloads import Workload

STREAM = Workload("plugin", "", events=100)
SUITE = """
import pytest, requests

@pytest.mark.parametrize("number", range({tests}))
@pytest.mark.sse_cassette("library")
def test_stream(sse_mock, number):
    answer = requests.post(sse_mock.url + {target!r}, data={body!r}, timeout=30, headers={headers!r})
    assert answer.content.count(b"\\n\\n") == {events}
    (exchange,) = sse_mock.exchanges
    assert len(exchange.events) == {events}
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.pytest_plugin", description=__doc__)
    parser.add_argument("--tests", type=int, default=500, metavar="N", help="tests of 100 events each (500)")
    parser.add_argument("--repeats", type=int, default=5, metavar="N", help="how often (5)")
    parser.add_argument("--load", action="store_true", help="beside a busy process for each processor")
    options = parser.parse_args()
    with scratch() as folder:
        write(folder, options.tests)
        run(folder, "-k", "0")  # byte code is there from now on
        with load() if options.load else contextlib.nullcontext():
            runs = [measure(folder, options.tests) for _ in range(options.repeats)]
    seconds = sorted(each for each, _ in runs)
    failed = sum(not passed for _, passed in runs)
    median = statistics.median(seconds)
    print(f"{seconds[0]:.2f} to {seconds[-1]:.2f} s, median {median:.2f} s; runs that failed: {failed}")
    return min(failed, 1)


def write(folder: Path, tests: int) -> None:
    """The suite and its library."""
    cassettes = folder / "cassettes" / "library"
    cassettes.mkdir(parents=True)
    (cassettes / "one.sse.jsonl").write_bytes(library.cassette(0, STREAM, "0" * 16))
    (folder / "test_streams.py").write_text(suite(cassettes / "one.sse.jsonl", tests))


def suite(cassette: Path, tests: int) -> str:
    from sseproxy.cassette.store import load

    exchange = load(cassette)
    assert exchange.request
    kinds = {name.decode(): value.decode() for name, value in exchange.request.headers}
    return SUITE.format(
        tests=tests,
        target=exchange.request.target.decode(),
        body=exchange.request.body,
        headers={"Content-Type": kinds["Content-Type"]},
        events=STREAM.events,
    )


@contextlib.contextmanager
def load() -> Iterator[None]:
    """A process that never rests for each processor."""
    with contextlib.ExitStack() as stack:
        for _ in range(os.cpu_count() or 1):
            stack.callback(subprocess.Popen([sys.executable, "-c", "while True: pass"]).kill)
        yield


def run(folder: Path, *options: str) -> str:
    """What pytest says of the suite. As for a user, byte code is kept."""
    environment = clean_environment()
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *options],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def measure(folder: Path, tests: int) -> tuple[float, bool]:
    """The seconds of the whole process, and whether all tests have passed. Prints what pytest says of it."""
    began = time.perf_counter()
    told = run(folder)
    seconds = time.perf_counter() - began
    summary = re.findall(r"^\d+ \w+.* in .*$", told, re.MULTILINE)
    print(f"{seconds:6.2f} s  {summary[-1] if summary else told[-2000:]}", flush=True)
    return seconds, bool(summary) and summary[-1].startswith(f"{tests} passed in ")


if __name__ == "__main__":
    sys.exit(main())
