"""`sseproxy record`, with clients as users have them."""

from __future__ import annotations

import json
import re
import signal
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3

from sseproxy.cassette.store import find, load
from sseproxy.exchange import Ending, Exchange
from tests.cli.support import (
    PATIENCE,
    Server,
    address,
    bound_socket,
    complaint,
    good,
    request_head,
    serving,
    sseproxy,
    upstream,
)

FLOW = "/api/v1/prediction/"
ASK: dict[str, Any] = {"question": "Hi", "streaming": True}
SECRET = "sk-0123456789"


def only(folder: Path) -> Exchange:
    """The exchange of the one cassette in a folder."""
    (path,) = find([folder])
    return load(path)


def test_a_password_for_the_upstream_is_not_announced(tmp_path: Path) -> None:
    server = Server(
        ("record", "--upstream", f"http://me:{SECRET}@127.0.0.1:9", "--port", "0", "--cassettes", tmp_path)
    )
    told = server.announced()
    assert "http://[redacted]@127.0.0.1:9" in told
    assert SECRET not in told + server.stop().err


def test_a_client_gets_its_stream_and_the_cassette_holds_it_without_secrets(tmp_path: Path) -> None:
    with serving("record", "--upstream", "demo", "--cassettes", tmp_path / "new") as server:
        answer = requests.post(
            f"{server.url}{FLOW}error?token={SECRET}",
            json=ASK,
            headers={"Authorization": f"Bearer {SECRET}"},
            timeout=PATIENCE,
        )
        stopped = server.stop()
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/event-stream")
    assert b'{"event":"end","data":"[DONE]"}' in answer.content
    assert good("show", "--raw", tmp_path / "new").encode() == answer.content
    (path,) = find([tmp_path / "new"])
    assert SECRET not in path.read_text() + path.name
    # What was announced has been read already; one line an exchange is left.
    assert (stopped.status, stopped.out, stopped.err.count("\n")) == (0, "", 1)
    assert f"POST {FLOW}error?token=[redacted] 200, {len(answer.content)} bytes in " in stopped.err
    assert stopped.err.endswith(f" s, clean [{only(tmp_path / 'new').head.id}]\n")


def test_quiet_says_nothing_of_a_good_exchange(tmp_path: Path) -> None:
    for command, *options in (["record", "--upstream", "demo"], ["replay"]):
        with serving(command, "-q", "--cassettes", tmp_path, *options) as server:
            answer = requests.post(f"{server.url}{FLOW}error", json=ASK, timeout=PATIENCE)
            stopped = server.stop()
        assert answer.status_code == 200
        assert (stopped.status, stopped.out, stopped.err) == (0, "", "")


@pytest.mark.parametrize(("how", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
@pytest.mark.parametrize("command", [("record", "--upstream"), ("replay", "--cassettes")])
def test_a_signal_ends_it_without_a_word(
    tmp_path: Path, command: tuple[str, ...], how: signal.Signals, status: int
) -> None:
    (tmp_path / "open.sse.jsonl.part").touch()
    where = "demo" if command[0] == "record" else tmp_path
    with serving(*command, where) as server:
        stopped = server.stop(how)
    assert (stopped.status, stopped.out, stopped.err) == (status, "", "")


@pytest.fixture
def open_stream(tmp_path: Path) -> Iterator[tuple[Callable[[int], object], bytes, requests.Response]]:
    """A recorder that holds an endless stream: how to stop it, what the client has, and the rest."""

    def endless(connection: socket.socket) -> None:
        request_head(connection)
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        connection.sendall(b"b\r\ndata: one\n\n\r\n")
        connection.recv(1)  # until the proxy leaves

    with (
        upstream(endless) as url,
        serving("record", "--upstream", url, "--cassettes", tmp_path, "--grace", "0") as server,
        requests.get(server.url, stream=True, timeout=PATIENCE) as answer,
    ):
        yield server.stop, answer.raw.read(11), answer


OpenStream = tuple[Callable[[int], object], bytes, requests.Response]


def test_an_open_stream_is_told_from_an_abandoned_one(tmp_path: Path, open_stream: OpenStream) -> None:
    stop, seen, _ = open_stream
    assert seen == b"data: one\n\n"
    assert "recording" in good("ls", tmp_path)
    assert "recording after" in good("show", tmp_path)
    stop(signal.SIGKILL)
    assert "incomplete" in good("ls", tmp_path)
    assert good("show", "--raw", tmp_path).encode() == seen
    odd = sseproxy("validate", tmp_path)
    assert (odd.status, ": incomplete: " in odd.out) == (1, True)


def test_a_stop_breaks_an_open_stream_off_and_says_so(tmp_path: Path, open_stream: OpenStream) -> None:
    stop, seen, answer = open_stream
    stop(signal.SIGTERM)
    with pytest.raises(urllib3.exceptions.ProtocolError):
        answer.raw.read()
    kept = only(tmp_path)
    assert (kept.ending, kept.body) == (Ending.PROXY_STOPPED, seen)
    assert "proxy_stopped" in good("ls", tmp_path)


def greet(connection: socket.socket) -> None:
    """As SSH, SMTP and FTP do."""
    connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
    connection.recv(65_536)


def babble(connection: socket.socket) -> None:
    request_head(connection)
    connection.sendall(b"+OK ready\r\n")


def hang_up(connection: socket.socket) -> None:
    request_head(connection)


def reset(connection: socket.socket) -> None:
    request_head(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hang(connection: socket.socket) -> None:
    while connection.recv(65_536):
        pass


def switch(connection: socket.socket) -> None:
    request_head(connection)
    connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")


UNANSWERED = {
    "greets before it is asked": (greet, (), 502, "the upstream sent ", Ending.ERROR),
    "is no HTTP": (babble, (), 502, "the upstream sent no HTTP response (", Ending.ERROR),
    "hangs up": (hang_up, (), 502, "the upstream closed the connection before it answered", Ending.TRUNCATED),
    "resets": (reset, (), 502, "the upstream broke the connection: ", Ending.UPSTREAM_RESET),
    "hangs": (
        hang,
        ("--idle-timeout", "0.3"),
        504,
        "the upstream was silent for 0.3 s",
        Ending.UPSTREAM_TIMEOUT,
    ),
    "switches protocols": (switch, (), 502, "the upstream switched protocols", Ending.ERROR),
}


@pytest.mark.parametrize(
    ("script", "options", "status", "sentence", "ending"), UNANSWERED.values(), ids=list(UNANSWERED)
)
def test_the_client_of_an_upstream_that_fails_is_told_why(
    tmp_path: Path,
    script: Callable[[socket.socket], object],
    options: tuple[str, ...],
    status: int,
    sentence: str,
    ending: Ending,
) -> None:
    with (
        upstream(script) as url,
        serving("record", "--upstream", url, "--cassettes", tmp_path, *options) as server,
    ):
        answer = requests.get(f"{server.url}/x", timeout=20)
        stopped = server.stop()
    assert answer.status_code == status
    assert answer.text.startswith(f"sseproxy: {sentence}")
    assert answer.text.count("\n") == 1
    assert only(tmp_path).ending is ending
    assert (stopped.status, stopped.err.count("\n"), "Traceback" in stopped.err) == (0, 1, False)


def test_an_upstream_that_refuses_answers_502_and_so_does_its_replay(tmp_path: Path) -> None:
    with bound_socket() as nobody:
        where = address(nobody)
        with serving("record", "--upstream", where.url, "--cassettes", tmp_path) as server:
            first = requests.get(f"{server.url}/x", timeout=PATIENCE)
    with serving("replay", "--cassettes", tmp_path) as server:
        second = requests.get(f"{server.url}/x", timeout=PATIENCE)
    assert first.status_code == 502
    assert first.text == f"sseproxy: can't connect to 127.0.0.1:{where.port}: connection refused\n"
    assert (second.status_code, second.text) == (first.status_code, first.text)


def test_an_upstream_that_accepts_nobody_answers_504(tmp_path: Path) -> None:
    with ExitStack() as stack:
        listener = stack.enter_context(bound_socket())
        listener.listen(0)
        for _ in range(4):  # more than wait in line
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(address(listener))
        options = ("--cassettes", tmp_path, "--connect-timeout", "0.3")
        server = stack.enter_context(serving("record", "--upstream", address(listener).url, *options))
        answer = requests.get(f"{server.url}/x", timeout=PATIENCE)
    assert answer.status_code == 504
    assert answer.text.endswith(" within 0.3 s\n")


def test_an_upstream_without_the_tls_it_is_asked_for_answers_502(tmp_path: Path) -> None:
    def answer_plainly(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with upstream(answer_plainly) as url:
        secure = url.replace("http:", "https:")
        with serving("record", "--upstream", secure, "--cassettes", tmp_path) as server:
            answer = requests.get(f"{server.url}/x", timeout=PATIENCE)
    assert answer.status_code == 502
    assert answer.text.startswith("sseproxy: no TLS connection to ")


def test_where_nothing_can_be_written_the_stream_goes_on_and_the_exit_status_tells(tmp_path: Path) -> None:
    taken = tmp_path / "folder"
    with serving("record", "--upstream", "demo", "--cassettes", taken) as server:
        taken.rmdir()
        taken.write_text("in the way")
        answer = requests.post(f"{server.url}{FLOW}error", json=ASK, timeout=PATIENCE)
        stopped = server.stop()
    assert answer.content.endswith(b'"[DONE]"}\n\n')
    assert stopped.status == 1
    assert "is not fully recorded: " in stopped.err
    assert "Traceback" not in stopped.err


def test_settings_come_from_the_environment_too_and_options_go_before_them(tmp_path: Path) -> None:
    env = {
        "SSEPROXY_UPSTREAM": "demo",
        "SSEPROXY_CASSETTES": str(tmp_path / "environment"),
        "SSEPROXY_HOST": "localhost",
    }
    with serving("record", "--cassettes", tmp_path / "option", "--host", "127.0.0.1", env=env) as server:
        requests.get(f"{server.url}/api/v1/chatflows-streaming/cut", timeout=PATIENCE)
    assert server.url.startswith("http://127.0.0.1:")
    assert [path.name for path in tmp_path.iterdir()] == ["option"]


UPSTREAMS = {
    "a word": "localhost",
    "another scheme": "ftp://localhost",
    "a host with a space": "http://local host:3000",
    "a port too high": "http://localhost:99999",
    "a query": "http://localhost?x=1",
}


@pytest.mark.parametrize("url", UPSTREAMS.values(), ids=list(UPSTREAMS))
def test_an_upstream_that_is_no_url_is_refused_at_once(url: str) -> None:
    # A port that is in use ends the command even where the URL is taken for one.
    with bound_socket() as taken:
        outcome = sseproxy("record", "--upstream", url, "--port", str(address(taken).port))
    shown = re.sub(r"\?.*", "?…", url)  # a query may have a key in it
    assert complaint(outcome).startswith(f"--upstream {shown!r}: ")


REFUSED = {
    "a rule that is none": (
        ("--keep", "many"),
        "--keep 'many': should be a number (500), a size (2GB) or an age (7d)",
    ),
    "a pattern that is none": (("--only", "POST"), "'POST' should be a path pattern"),
    "two upstreams for one path": (
        ("--upstream", "http://localhost"),
        "--upstream 'http://localhost': '/' has an upstream",
    ),
    "two that contradict": (
        ("--insecure", "--upstream-ca", "x"),
        "--insecure and --upstream-ca can't go together.",
    ),
    "a key without a certificate": (("--key", "x"), "--key goes with --cert."),
    "a certificate that is missing": (("--cert", "none.pem"), "--cert none.pem: No such file or directory"),
    "certificates that are none": (("--upstream-ca", __file__), f"--upstream-ca {__file__}: "),
}


@pytest.mark.parametrize(("options", "problem"), REFUSED.values(), ids=list(REFUSED))
def test_what_is_refused_at_the_start(tmp_path: Path, options: tuple[str, ...], problem: str) -> None:
    outcome = sseproxy("record", "--upstream", "demo", "--port", "0", *options, cwd=tmp_path)
    assert complaint(outcome).startswith(problem)


def test_a_metrics_port_in_use_is_told_too(tmp_path: Path) -> None:
    with bound_socket() as taken:
        port = str(address(taken).port)
        outcome = sseproxy("record", "--upstream", "demo", "--port", "0", "--admin-port", port, cwd=tmp_path)
    assert complaint(outcome).startswith(f"can't listen on 127.0.0.1:{port} (--admin-port): ")


def test_log_lines_may_be_json(tmp_path: Path) -> None:
    with serving("record", "--upstream", "demo", "--cassettes", tmp_path, "--log-format", "json") as server:
        requests.get(f"{server.url}/api/v1/chatflows-streaming/cut", timeout=PATIENCE)
        (line,) = server.stop().err.splitlines()
    entry = json.loads(line)
    assert (entry["level"], entry["exchange"]) == ("info", only(tmp_path).head.id)


@pytest.mark.parametrize("command", [("record", "--upstream"), ("replay", "--cassettes")])
def test_a_port_in_use_is_told_with_the_way_out(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "open.sse.jsonl.part").touch()
    where = "demo" if command[0] == "record" else tmp_path
    with bound_socket() as taken:
        port = str(address(taken).port)
        outcome = sseproxy(*command, where, "--port", port)
    assert complaint(outcome) == (
        f"can't listen on 127.0.0.1:{port}: the port is in use; choose another with --port (0 takes any)"
    )


def test_an_address_of_another_machine_is_told(tmp_path: Path) -> None:
    outcome = sseproxy("record", "--upstream", "demo", "--host", "192.0.2.1", "--port", "0", cwd=tmp_path)
    assert complaint(outcome).startswith("can't listen on 192.0.2.1:0: ")
