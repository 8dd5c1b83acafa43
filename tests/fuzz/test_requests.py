"""Whatever a client sends: no fault, nothing recorded of what was refused, and the next client is served."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.fuzz.support import (
    GOOD,
    Bench,
    bench,
    bounded,
    converse,
    cuts,
    mutated,
    pieces,
    requests,
    unhurried,
)

pytestmark = unhurried

REFUSED = (b"HTTP/1.1 4", b"HTTP/1.1 5")

arbitrary = st.binary(max_size=300)
mutants = mutated(requests())


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("cassettes")) as made:
        yield made


@bounded
@given(sent=arbitrary | mutants, where=cuts)
@example(sent=b"\r\n\r\n\x16\x03\x01\x02", where=[])
@example(sent=b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", where=[])
@example(sent=b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", where=[])
@example(
    sent=b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", where=[]
)
def test_a_recorder_outlives_whatever_is_sent_and_records_nothing_that_it_refuses(
    servers: Bench, sent: bytes, where: list[float]
) -> None:
    servers.cassettes()
    got = servers.runner.run(converse(servers.recorder, pieces(sent, where)))
    servers.check()
    recorded = [each for each in servers.cassettes() if each.request and each.request.target != b"/good"]
    if got.startswith(REFUSED) and b"malformed body" not in got:
        assert recorded == []


@bounded
@given(sent=arbitrary | mutants, where=cuts)
@example(sent=GOOD[:-2], where=[])
def test_a_mock_server_outlives_whatever_is_sent(servers: Bench, sent: bytes, where: list[float]) -> None:
    servers.runner.run(converse(servers.mock, pieces(sent, where)))
    servers.check()
    assert servers.cassettes() == []
