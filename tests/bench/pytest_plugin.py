"""How long a suite takes that replays a stream in each test: `python -m tests.bench.pytest_plugin`.

Without xdist, in a process of its own; the client is `requests`, as of an SDK that blocks; each test looks at
all of its events.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
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
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="how often (5)")
    options = parser.parse_args()
    with scratch() as folder:
        write(folder, options.tests)
        return max(measure(folder) for _ in range(options.rounds))


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
        headers={name: value for name, value in kinds.items() if name.lower() == "content-type"},
        events=STREAM.events,
    )


def measure(folder: Path) -> int:
    """Runs it once, and prints what pytest says of it and the time of the whole process."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"],
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - began
    summary = re.findall(r"^\d+ \w+.* in .*$", done.stdout, re.MULTILINE)
    print(f"{seconds:6.2f} s  {summary[-1] if summary else done.stdout[-2000:]}")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
