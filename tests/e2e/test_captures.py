"""The real server's responses, recorded and replayed over real sockets."""

from __future__ import annotations

from pathlib import Path

import pytest

from sseproxy.exchange import Ending, Exchange
from tests.support.captures import Capture, arrivals, captures, fetch_in_lockstep, play
from tests.support.net import Turns, fetch, only_cassette, recorded, replayer
from tests.support.wire import BODILESS, Response

ALL = captures()
every_capture = pytest.mark.parametrize("capture", ALL.values(), ids=ALL.keys())
short_captures = pytest.mark.parametrize("name", ["err400", "midfail", "conversation"])


async def in_lockstep(capture: Capture, folder: Path) -> Response:
    """Records the capture; the upstream sends a read only when the client has the one before."""
    turns = Turns()
    async with recorded(play(capture, timed=False, turns=turns), folder) as proxy:
        return await fetch_in_lockstep(proxy.url, capture, turns)


def end_to_end(response: Response) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in response.headers if name.lower() != b"connection"]


def data_of(exchange: Exchange) -> list[bytes]:
    return [arrival.data for arrival in exchange.arrivals]


@every_capture
def test_a_capture_reads_as_the_index_says(capture: Capture) -> None:
    response = capture.response()
    assert len(capture.reads) == capture.summary["recvs"]
    assert len(response.raw) == capture.summary["bytes"]
    assert response.start_line.decode() == capture.summary["status"]
    assert [f"{name.decode()}: {value.decode()}" for name, value in response.headers] == capture.summary[
        "headers"
    ]
    assert response.fate == "whole"
    assert b"".join(read.data for read in arrivals(capture)) == response.body
    if capture.summary["body"] is not None:
        assert response.body.decode() == capture.summary["body"]


@every_capture
async def test_a_recorded_stream_reaches_its_client_read_by_read_and_unchanged(
    capture: Capture, tmp_path: Path
) -> None:
    real = capture.response()
    got = await in_lockstep(capture, tmp_path)
    assert got.fate == "whole"
    assert got.body == real.body
    assert got.chunks == real.chunks
    assert got.start_line == real.start_line
    assert end_to_end(got) == end_to_end(real)
    assert got.header(b"connection") == b"close"


@every_capture
async def test_a_cassette_holds_the_exchange_as_it_was_on_the_wire(capture: Capture, tmp_path: Path) -> None:
    real = capture.response()
    await in_lockstep(capture, tmp_path)
    cassette = only_cassette(tmp_path)

    assert data_of(cassette) == [read.data for read in arrivals(capture)]
    assert cassette.response is not None
    status_line = b"HTTP/%b %d %b" % (
        cassette.response.version.encode(),
        cassette.response.status,
        cassette.response.reason,
    )
    assert status_line == real.start_line
    assert list(cassette.response.headers) == real.headers

    assert cassette.request is not None
    head, _, body = capture.request.partition(b"\r\n\r\n")
    start, *fields = head.split(b"\r\n")
    method, target, version = start.split(b" ")
    assert cassette.request.method.encode() == method
    assert cassette.request.target == target
    assert f"HTTP/{cassette.request.version}".encode() == version
    assert [b": ".join(pair) for pair in cassette.request.headers] == fields
    assert cassette.request.body == body
    assert cassette.request.complete

    assert cassette.end is not None
    framed = real.chunks is not None or real.header(b"content-length") or real.status in BODILESS
    assert cassette.end.reason is (Ending.CLEAN if framed else Ending.EOF_UNFRAMED)
    assert cassette.end.bytes == len(real.body)
    assert not cassette.end.client_left


@every_capture
async def test_a_replay_gives_the_same_head_and_body_arrival_for_arrival(
    capture: Capture, tmp_path: Path
) -> None:
    first = await in_lockstep(capture, tmp_path)
    cassette = only_cassette(tmp_path)
    async with replayer([cassette]) as mock:
        again = await fetch(mock.url, capture.request)
    assert again.fate == "whole"
    assert again.head == first.head
    assert again.body == first.body
    if again.chunks is not None:
        assert again.chunks == data_of(cassette)


@short_captures
async def test_a_replay_in_the_recorded_time_keeps_bytes_order_and_chunks(name: str, tmp_path: Path) -> None:
    capture = ALL[name]
    async with recorded(play(capture), tmp_path) as proxy:
        first = await fetch(proxy.url, capture.request)
    cassette = only_cassette(tmp_path)
    assert first.body == capture.response().body
    async with replayer([cassette], speed=1) as mock:
        again = await fetch(mock.url, capture.request)
    assert again.fate == "whole"
    assert again.head == first.head
    assert again.body == first.body
    assert again.chunks == data_of(cassette)
