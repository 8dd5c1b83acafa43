"""`sseproxy show`, for people and with `--raw`."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from sseproxy.exchange import End, Ending, Exchange
from tests.cli.builder import EVENTS, save, stream, unanswered
from tests.cli.support import complaint, good, sseproxy


def shown(folder: Path, value: Exchange) -> str:
    """What `show` prints of a cassette, white space at the ends of lines aside."""
    return "\n".join(line.rstrip() for line in good("show", save(folder, value)).splitlines())


def test_an_event_is_a_line_with_its_time_and_the_gap_before_it(tmp_path: Path) -> None:
    assert shown(tmp_path, stream()) == (
        "POST /api/v1/prediction/5f0c\n"
        "  recorded 2026-11-23T00:41:34.120415Z by sseproxy/0.1.0 from http://localhost:3000\n"
        '  asked    {"question":"Hi","streaming":true} (34 bytes)\n'
        "  answered 200 OK, chunked, text/event-stream after 0.005 s\n"
        "\n"
        "#   AT s  GAP ms  EVENT  DATA\n"
        "1  0.010    10.0  token  Hal\n"
        "2  0.020    10.0  token  lo\n"
        "3  0.030    10.0  end    [DONE]\n"
        "clean after 0.040 s: 3 events, 72 bytes in 3 reads"
    )


SHOWN: dict[str, tuple[Exchange, str]] = {
    "a comment has no number, for nobody hears it": (
        stream(b": beat\n\n", b"data: x\n\n"),
        "   0.010    10.0  (none)   : beat\n1  0.020    10.0  message  x",
    ),
    "id and retry stand behind the data": (
        stream(b"id: 7\nretry: 30\ndata: x\n\n"),
        "message  x  id 7  retry 30 ms",
    ),
    "line ends in data are spelled out": (stream(b"data: a\ndata: b\n\n"), r"message  a\nb"),
    "data that is no UTF-8 is shown as far as it is": (stream(b"data: a\xffb\n\n"), "message  a\ufffdb"),
    "an unfinished event is counted, not shown": (
        stream(b"data: a\n\n", b"data: b\n\n", b"data: c", ending=Ending.TRUNCATED),
        "truncated after 0.040 s: 2 events, 25 bytes in 3 reads; 7 bytes of an unfinished event at the end",
    ),
    "a body that is no stream is shown read by read": (
        stream(b'{"text":', b'"Hi"}', headers=((b"Content-Type", b"application/json"),)),
        ' AT s  BYTES  BODY\n0.010      8  {"text":\n0.020      5  "Hi"}\nclean after 0.030 s: 13 bytes in 2',
    ),
    "a client that had all of it may leave": (
        replace(stream(), end=End(40_000, Ending.CLEAN, 72, client_left=True)),
        "clean (the client left before the upstream was done) after 0.040 s",
    ),
    "why there was no answer": (
        unanswered(Ending.CONNECT_FAILED, "can't connect: refused"),
        "connect_failed after 0.010 s: 0 bytes in 0 reads\ncan't connect: refused",
    ),
    "a recorder that died": (stream(ending=None), "incomplete after 0.030 s: 3 events, 72 bytes in 3 reads"),
}


@pytest.fixture(scope="module")
def sections(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What is shown of each, asked once for all."""
    folder = tmp_path_factory.mktemp("shown")
    for number, (value, _) in enumerate(SHOWN.values()):
        save(folder, replace(value, head=replace(value.head, id=f"{number:02}")))
    whole = "\n".join(line.rstrip() for line in good("show", folder).splitlines())
    return dict(zip(SHOWN, whole.split("\n\nPOST "), strict=True))


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_shown(sections: dict[str, str], name: str) -> None:
    assert SHOWN[name][1] in sections[name]


def test_raw_is_the_body_to_the_byte_and_nothing_else(tmp_path: Path) -> None:
    body = b"data: \x00\xff\r\n\r", b"\ndata: unfinished"
    outcome = sseproxy("show", "--raw", save(tmp_path, stream(*body)))
    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, b"".join(body), b"")


def test_several_cassettes_are_shown_oldest_first(tmp_path: Path) -> None:
    new = save(tmp_path, stream(id="A", wall="2026-01-02T00:00:00.000000Z", target=b"/new"))
    old = save(tmp_path, stream(id="B", wall="2026-01-01T00:00:00.000000Z", target=b"/old"))
    assert re.findall("^POST (.*)", good("show", new, old), re.MULTILINE) == ["/old", "/new"]
    assert good("show", "--raw", new, old).encode() == b"".join(EVENTS) * 2


def test_raw_and_json_contradict_each_other(tmp_path: Path) -> None:
    assert complaint(sseproxy("show", "--raw", "--json", save(tmp_path, stream()))) == (
        "--raw and --json can't go together."
    )
