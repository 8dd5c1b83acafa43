"""How many streams a server may have open: what the system allows, and not what a shell does."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.builder import save, stream
from tests.cli.support import COMMAND, ENVIRONMENT, PATIENCE, serving

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.mark.parametrize("command", ["record", "replay"])
def test_a_server_takes_all_descriptors_that_it_may_have(command: str, tmp_path: Path) -> None:
    save(tmp_path, stream())
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    upstream = ("--upstream", "http://127.0.0.1:9") if command == "record" else ()
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        with serving(command, *upstream, "--cassettes", tmp_path) as server:
            limits = Path(f"/proc/{server.process.pid}/limits").read_text(encoding="ascii")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    (line,) = [line for line in limits.splitlines() if line.startswith("Max open files")]
    assert line.split()[3:5] == [str(hard), str(hard)]


@pytest.mark.parametrize(("workers", "fewest"), [(1, 32), (2, 36)])
def test_too_few_descriptors_to_begin_with_are_told_of(workers: int, fewest: int, tmp_path: Path) -> None:
    save(tmp_path, stream())
    command = (*COMMAND, "replay", "--cassettes", tmp_path, "--workers", str(workers), "--port", "0")

    def limited(number: int) -> subprocess.Popen[str]:
        shell = ("sh", "-c", 'ulimit -n "$0" && exec "$@"', str(number))
        return subprocess.Popen([*shell, *command], stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)

    with limited(fewest - 1) as process:
        _, told = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    taken = f"a server takes {fewest}, and 3 a stream"
    assert told == f"Error: only {fewest - 1} files may be open (`ulimit -Hn`); {taken}\n"
    with limited(fewest) as process:
        assert process.stderr
        assert " replays 1 cassette of " in process.stderr.readline()
        process.terminate()
        _, told = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert "Traceback" not in told
