"""`record --lint` and `lint --follow`, as processes."""

from __future__ import annotations

import json
import signal
import socket
from pathlib import Path

import pytest

from tests.cli.builder import encoded
from tests.cli.support import PATIENCE, Outcome, Server, complaint, request_head, serving, sseproxy, upstream
from tests.lint.mutants import MUTANTS

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
LATE = (b"event: metadata\ndata: {}\n\n", b"event: token\ndata: Hal\n\n", b"event: end\ndata: [DONE]\n\n")


def chunks(*events: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(event), event) for event in events) + b"0\r\n\r\n"


def answer(connection: socket.socket) -> None:
    request_head(connection)
    connection.sendall(HEAD + chunks(*LATE))


def get(url: str) -> bytes:
    """The whole answer of a server that then closes."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b""
        while more := client.recv(65_536):
            answer += more
        return answer


def test_findings_are_in_the_log_before_the_recorder_stops(tmp_path: Path) -> None:
    arguments = ("record", "--lint", "--cassettes", tmp_path, "--log-format", "json", "--upstream")
    with upstream(answer) as url, serving(*arguments, url) as server:
        assert get(server.url).endswith(b"0\r\n\r\n")
        done = server.stop()
    logged = [json.loads(line) for line in done.err.splitlines() if line.startswith("{")]
    (finding,) = [entry for entry in logged if "O301" in entry["message"]]
    assert (finding["level"], finding["logger"]) == ("error", "sseproxy.lint")
    (cassette,) = tmp_path.iterdir()
    assert finding["message"].endswith(f"({cassette}:5)")
    assert finding["exchange"] in cassette.name
    assert done.status == 0


def test_a_name_of_any_length_ends_no_lint(tmp_path: Path) -> None:
    name = b"x" * 100_000

    def answer_oddly(connection: socket.socket) -> None:
        request_head(connection)
        connection.sendall(HEAD + chunks(*LATE[1:], b"event: %b\ndata: {}\n\n" % name))

    arguments = ("record", "--lint", "--cassettes", tmp_path, "--upstream")
    with upstream(answer_oddly) as url, serving(*arguments, url) as server:
        get(server.url)
        done = server.stop()
    assert "Traceback" not in done.err
    assert "x" * 100 + "…" in done.err
    assert max(map(len, done.err.splitlines())) < 1_000
    assert done.status == 0


def test_a_configuration_that_lint_can_not_use_stops_the_recorder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sseproxy.toml").write_text('[contracts]\nplain = "("\n')
    done = sseproxy("record", "--lint", "--upstream", "http://127.0.0.1:9", "--port", "0", cwd=tmp_path)
    assert complaint(done).startswith("sseproxy.toml: [contracts] 'plain': contract, c")


class Following(Server):
    """A `lint --follow`, from the line on stderr that tells that it has begun."""

    def announced(self) -> str:
        return self.stderr.readline().decode()

    def line(self) -> str:
        return self.stdout.readline().decode()


@pytest.mark.parametrize(("how", "status"), [(signal.SIGTERM, 1), (signal.SIGINT, 130)])
def test_follow_tells_each_finding_at_once(how: int, status: int, tmp_path: Path) -> None:
    mutant = next(mutant for mutant in MUTANTS if mutant.code == "O302")
    following = Following(("lint", "--follow", tmp_path), None)
    assert following.announced() == f"sseproxy: lint follows {tmp_path}\n"
    path = tmp_path / "a.sse.jsonl"
    path.write_bytes(encoded(mutant.exchange))
    assert f"{path}:48: error O302 second-end" in following.line()
    assert following.stop(how) == Outcome(status, b"", b"")


def test_what_follow_can_not_read_is_in_its_exit_status(tmp_path: Path) -> None:
    following = Following(("lint", "--follow", tmp_path), None)
    following.announced()
    (tmp_path / "bad.sse.jsonl").write_text("{}\n")
    done = following.stop()
    assert (done.status, done.err.count("\n")) == (2, 1)
