"""What keeps workers from starting is told once, by their parent, and nothing is left of them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.support import ENVIRONMENT, PATIENCE, Outcome, address, bound_socket, complaint, sseproxy

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there ports can't be shared")

# Output is read to its end, which comes when no process has it open: a worker that stays fails its test.


def record(*arguments: str, cassettes: Path) -> Outcome:
    where = ("--upstream", "http://127.0.0.1:1", "--cassettes", cassettes, "--workers", "3", "--port", "0")
    return sseproxy("record", *where, *arguments)


@pytest.mark.parametrize("option", ["--port", "--admin-port"])
def test_a_port_in_use(option: str, tmp_path: Path) -> None:
    with bound_socket() as sock:
        sock.listen()
        taken = address(sock).port
        told = complaint(record(option, str(taken), cassettes=tmp_path))
    assert told.startswith(f"can't listen on 127.0.0.1:{taken}")


WRONG = {
    "no URL": (("--upstream", "/none=nonsense"), "--upstream 'nonsense': should be a URL"),
    "an address that is not ours": (("--host", "192.0.2.1"), "can't listen on 192.0.2.1:0: "),
    "fewer streams than workers": (("--max-streams", "2"), "--max-streams is below --workers"),
}


@pytest.mark.parametrize(("arguments", "said"), WRONG.values(), ids=list(WRONG))
def test_what_is_wrong_for_all_is_told_once(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    assert complaint(record(*arguments, cassettes=tmp_path)).startswith(said)


PROGRAM = """
import asyncio, os, signal, sys
from sseproxy.cli import serving
from sseproxy.cli.logs import configure
from sseproxy.errors import SseproxyError

async def main(seat):
    if seat.number == 1:
        {fault}
    seat.ready("sseproxy: all are there")
    await seat.stopped.wait()
    return 0

configure(verbose=False, quiet=False, json=False)
try:
    status = serving.serve(serving.Place("127.0.0.1", 0, workers=3), main, {{}})
except SseproxyError as error:
    sys.exit(f"Error: {{error}}")
sys.exit(status)
"""

FAULTS = {
    "can't start": ("raise SseproxyError('the port is taken')", 1, "^Error: the port is taken\n$"),
    "fails when it has begun": (
        "seat.ready('sseproxy: all are there'); raise SseproxyError('it can not go on')",
        1,
        "^(sseproxy: all are there\n)?Error: it can not go on\n$",
    ),
    # The parent hears of it before or after it is told.
    "has a fault of ours": (
        "raise ValueError('ours')",
        1,
        r"(?s)(?=.* a worker has died, and its streams with it \(process \d+\)\n).*\nValueError: ours\n",
    ),
    "is killed": (
        "os.kill(os.getpid(), signal.SIGKILL)",
        1,
        r"^\S+ error: a worker has died, and its streams with it \(process \d+\)\n$",
    ),
}


@pytest.mark.parametrize(("fault", "status", "said"), FAULTS.values(), ids=list(FAULTS))
def test_where_one_of_three_does_not_start_none_stays(fault: str, status: int, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(fault=fault)],
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    outcome = Outcome(done.returncode, done.stdout, done.stderr)
    assert outcome.status == status
    assert re.search(said, outcome.err), outcome.err
    assert outcome.out == ""
