"""`sseproxy exec`: a server for a command's tests, whatever the command is written in."""

from __future__ import annotations

import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sseproxy.cassette.rewriting import STAGE
from sseproxy.cassette.store import find, load
from tests.cli.builder import EVENTS, save, stream
from tests.cli.support import COMMAND, ENVIRONMENT, PATIENCE, complaint, sseproxy
from tests.support.live import Live, running

ASK = """
import os, sys, urllib.request
request = urllib.request.Request(
    os.environ["SSEPROXY_URL"] + "/api/v1/prediction/5f0c", b'{"question":"Hi","streaming":true}',
    {"Content-Type": "application/json"},
)
sys.stdout.write(urllib.request.urlopen(request).read().decode())
"""
PYTHON = (sys.executable, "-c")


def test_the_command_finds_the_server_and_gives_its_status(tmp_path: Path) -> None:
    save(tmp_path, stream())
    outcome = sseproxy("exec", "--cassettes", tmp_path, "--", *PYTHON, ASK + "sys.exit(7)")
    assert (outcome.status, outcome.stdout, outcome.err) == (7, b"".join(EVENTS), "")


def test_the_url_goes_by_names_that_are_chosen(tmp_path: Path) -> None:
    save(tmp_path, stream())
    show = "import os; print(*(os.environ[name] for name in ('SSEPROXY_URL', 'BASE', 'PLAIN')), sep='\\n')"
    names = ("--env", "BASE={url}/v1", "--env", "PLAIN=a=b")
    outcome = sseproxy("exec", "-q", "--cassettes", tmp_path, *names, *PYTHON, show)
    url, base, plain = outcome.out.splitlines()
    assert (base, plain) == (f"{url}/v1", "a=b")
    assert (outcome.status, outcome.err) == (0, "")


def test_what_was_missed_and_what_was_left_over_is_told(tmp_path: Path) -> None:
    path = save(tmp_path, stream(target=b"/other"))
    outcome = sseproxy("exec", "--cassettes", tmp_path, *PYTHON, ASK)
    assert outcome.status == 1  # Python's, for an answer of 404
    assert "miss: no cassette answers POST /api/v1/prediction/5f0c: " in outcome.err
    assert "to record this request: sseproxy exec --record-mode new_episodes" in outcome.err
    told = "sseproxy: 1 request was answered by no cassette\nsseproxy: 1 cassette was never asked for:\n"
    assert outcome.err.endswith(f"{told}  {path}\n")
    quiet = sseproxy("exec", "-q", "--cassettes", tmp_path, *PYTHON, "")
    assert (quiet.status, quiet.err) == (0, "")


def test_once_records_the_first_time(tmp_path: Path) -> None:
    library = tmp_path / "library"
    with running() as live:
        for _ in range(2):
            outcome = sseproxy(
                "exec", "--cassettes", library, "--record-mode", "once", "--upstream", live.url, *PYTHON, ASK
            )
            assert (outcome.status, outcome.stdout, outcome.err) == (0, Live.answer, "")
        assert live.asked == 1
    assert [load(path).body for path in find([library])] == [Live.answer]


@pytest.mark.parametrize(("status", "kept"), [(0, b"data: new\n\n"), (1, b"".join(EVENTS))])
def test_rewrite_replaces_the_library_where_the_command_is_content(
    tmp_path: Path, status: int, kept: bytes
) -> None:
    save(tmp_path, stream())
    with running() as live:
        live.answer = b"data: new\n\n"
        mode = ("--record-mode", "rewrite", "--upstream", live.url)
        outcome = sseproxy("exec", "--cassettes", tmp_path, *mode, *PYTHON, ASK + f"sys.exit({status})")
    assert outcome.status == status
    assert [load(path).body for path in find([tmp_path])] == [kept]
    assert not (tmp_path / STAGE).exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--", "no-such-program"), "no-such-program: can't be run: No such file or directory"),
        (("--env", "{url}", "--", "true"), "--env '{url}' should be NAME=TEXT, such as BASE_URL={url}/v1."),
        (("--env", "1 X={url}", "--", "true"), "--env '1 X={url}': '1 X' is no variable's name."),
        (("--env", "X={URL}", "--", "true"), "--env 'X={URL}': the URL's place is {url}, in small letters."),
        (("--env", "SSEPROXY_URL=x", "--", "true"), "--env 'SSEPROXY_URL=x': the command gets SSEPROXY_URL"),
        (("--record-mode", "all", "--", "true"), "record mode all needs an upstream to ask: --upstream URL"),
        (
            ("--record-mode", "verify", "--", "true"),
            "Invalid value for '--record-mode' (env var: 'SSEPROXY_RECORD_MODE'): 'verify'",
        ),
        ((), "Missing argument 'COMMAND...'."),
    ],
)
def test_what_can_not_be_run_is_told_in_a_line(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    save(tmp_path, stream())
    assert complaint(sseproxy("exec", "--cassettes", tmp_path, *arguments)).startswith(told)


def test_no_cassettes_is_trouble_before_the_command_runs(tmp_path: Path) -> None:
    outcome = sseproxy("exec", "--cassettes", tmp_path, *PYTHON, "print('ran')")
    told = f"{tmp_path}: no cassettes here to answer from; record them with --record-mode once --upstream URL"
    assert (complaint(outcome), outcome.out) == (told, "")


# Without print: the signal may come while `ready` is being printed, and print is not to be entered twice.
WAITS = """
import os, signal
def leave(number, _):
    os.write(1, f"got {signal.Signals(number).name}\\n".encode())
    os._exit(9)
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
    signal.signal(number, leave)
print("ready", flush=True)
while True:
    signal.pause()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_a_signal_is_passed_on(tmp_path: Path, number: signal.Signals) -> None:
    save(tmp_path, stream())
    with subprocess.Popen(
        [*COMMAND, "exec", "-q", "--cassettes", tmp_path, *PYTHON, WAITS],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=ENVIRONMENT,
        start_new_session=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(number)
        assert process.communicate(timeout=PATIENCE)[0] == f"got {number.name}\n".encode()
        assert process.returncode == 9


def test_ctrl_c_in_a_terminal_comes_once(tmp_path: Path) -> None:
    """The terminal signals the command as well: passed on, it would come twice, and the second be fatal."""
    save(tmp_path, stream())
    counts = """
import os, signal
seen = []
signal.signal(signal.SIGINT, lambda *_: (seen.append(1), os.write(1, b"woken")))
signal.signal(signal.SIGTERM, lambda *_: (os.write(1, b"interrupts: %d" % len(seen)), os._exit(0)))
print("ready", flush=True)
while True:
    signal.pause()
"""
    number, terminal = pty.fork()
    if number == 0:
        os.execve(
            COMMAND[0], [*COMMAND, "exec", "-q", "--cassettes", str(tmp_path), *PYTHON, counts], ENVIRONMENT
        )
    with open(terminal, "r+b", buffering=0) as ours:  # noqa: PTH123 - a number
        told = b""
        while b"ready" not in told:
            told += ours.read(1024)
        ours.write(b"\x03")
        while b"woken" not in told:
            told += ours.read(1024)
        os.kill(number, signal.SIGTERM)
        while not re.search(rb"interrupts: \d", told):
            told += ours.read(1024)
        _, status = os.waitpid(number, 0)
    assert b"interrupts: 1" in told
    assert os.waitstatus_to_exitcode(status) == 0


def test_a_command_that_a_signal_ends_is_told_as_by_a_shell(tmp_path: Path) -> None:
    save(tmp_path, stream())
    outcome = sseproxy("exec", "-q", "--cassettes", tmp_path, "sh", "-c", "kill -KILL $$")
    assert outcome.status == 128 + signal.SIGKILL


PAGE = Path(__file__).parents[2] / "docs" / "testing.md"


@pytest.mark.skipif(
    not (shutil.which("node") or os.environ.get("CI")), reason="node is not installed (never so in CI)"
)
def test_the_documented_suite_of_node(tmp_path: Path) -> None:
    suite, _ = re.findall(r"^```js\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    save(tmp_path / "cassettes", stream())
    (tmp_path / "chat.test.mjs").write_text(suite)
    outcome = sseproxy("exec", "--", "node", "--test", "--test-reporter=tap", cwd=tmp_path)
    assert (outcome.status, outcome.err) == (0, ""), outcome.out
    assert "# pass 1" in outcome.out
    assert "# fail 0" in outcome.out
