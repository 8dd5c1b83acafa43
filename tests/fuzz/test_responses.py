"""Whatever an upstream answers: no fault, and a clean end only where the answer had one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sseproxy.exchange import Ending, Exchange
from tests.fuzz.support import Bench, bench, bounded, cuts, judge, mutated, pieces, responses, unhurried
from tests.support.net import ask, replayer
from tests.support.wire import How

pytestmark = unhurried

REQUEST = b"GET /answer HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
OWN = (502, 504)

heads = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"",
    ]
)
arbitrary = st.builds(bytes.__add__, heads, st.binary(max_size=200))


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("cassettes")) as made:
        yield made


@pytest.mark.parametrize("sent", responses())
def test_a_response_that_is_not_mutated_is_passed_on_whole(servers: Bench, sent: bytes) -> None:
    servers.answer = [sent]
    got = judge(*servers.runner.run(ask(servers.recorder, REQUEST)))
    assert got == judge(sent, "eof")
    assert got.complete


@bounded
@given(sent=arbitrary | mutated(responses()), where=cuts)
@example(sent=b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", where=[])
@example(
    sent=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n3\r\nabc\r\n", where=[]
)
@example(sent=b"HTTP/1.1 101 X\r\nUpgrade: x\r\n\r\n", where=[])
@example(sent=b"", where=[])
def test_a_client_gets_a_clean_end_only_of_a_response_that_had_one(
    servers: Bench, sent: bytes, where: list[float]
) -> None:
    async def exchange() -> tuple[tuple[bytes, How], tuple[bytes, How]]:
        first = await ask(servers.recorder, REQUEST)
        cassettes.extend(servers.cassettes())  # the recording is complete when the client has its end
        async with replayer(cassettes) as mock:
            return first, await ask(mock.url, REQUEST)

    servers.cassettes()
    cassettes: list[Exchange] = []
    servers.answer = pieces(sent, where)
    first, again = servers.runner.run(exchange())
    servers.check()
    (cassette,) = cassettes
    got, replayed, meant = judge(*first), judge(*again), judge(sent, "eof")
    own = cassette.response is None
    assert replayed == got
    if own:
        assert got.status in OWN
        assert got.complete
        assert not cassette.ending.whole
    else:
        assert got.body == cassette.body
        assert meant.body.startswith(got.body)
        assert cassette.ending.whole == got.complete
        if got.complete:
            assert meant == got
            assert cassette.ending in (Ending.CLEAN, Ending.EOF_UNFRAMED)
