"""https on either side."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from sseproxy.clock import SystemClock
from sseproxy.errors import SseproxyError
from sseproxy.exchange import Ending
from sseproxy.matching import Answers, Loaded
from sseproxy.mock import Mock
from sseproxy.mock import Options as MockOptions
from sseproxy.server import Running, serving_context
from sseproxy.upstream import tls_context
from tests.support.net import PATIENCE, Peer, ask, only_cassette, recorder, upstream
from tests.transparency.support import OK, Origin, closing, get, recordings, replayed

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\ndata: a\n\r\n1\r\n\n\r\n0\r\n\r\n"


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(ca: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(path)
    return path


@contextlib.asynccontextmanager
async def https_upstream(
    ca: trustme.CA, answer: bytes, *, name: str = "localhost", tls_max: ssl.TLSVersion | None = None
) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Answers one request of each connection and closes it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(name).configure_cert(context)
    if tls_max:
        context.maximum_version = tls_max
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            heard.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer)
            await writer.drain()
        writer.close()
        with contextlib.suppress(OSError, ssl.SSLError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://localhost:{server.sockets[0].getsockname()[1]}", heard


async def ask_securely(server: Running, request: bytes, ca_file: Path) -> bytes:
    """All that comes back from a server that has a certificate for localhost."""
    reader, writer = await asyncio.open_connection(
        server.host, server.port, ssl=ssl.create_default_context(cafile=ca_file), server_hostname="localhost"
    )
    writer.write(request)
    async with asyncio.timeout(PATIENCE):
        got = await reader.read()
        writer.close()
        with contextlib.suppress(OSError, ssl.SSLError):
            await writer.wait_closed()
    return got


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("answer", [OK, CHUNKED, b"HTTP/1.1 200 OK\r\n\r\nuntil the close"])
async def test_an_https_upstream_is_verified_and_its_bytes_pass(
    answer: bytes, version: ssl.TLSVersion, ca: trustme.CA, ca_file: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "cassettes"
    context = tls_context(ca_file, insecure=False)
    async with (
        https_upstream(ca, answer, tls_max=version) as (url, heard),
        recorder(url, folder, upstream_tls=context) as proxy,
    ):
        got = await ask(proxy.url, get(b"/%2F"))
    assert got == (closing(answer), "eof")
    assert heard == [b"GET /%%2F HTTP/1.1\r\nHost: %b\r\n\r\n" % url.removeprefix("https://").encode()]
    cassette = only_cassette(folder)
    assert cassette.head.upstream == url
    if b"\r\n8\r\n" not in answer:
        assert await replayed([cassette], get(b"/%2F")) == got[0]


UNTRUSTED = {
    "signed by nobody we know": (None, "localhost", "unable to get local issuer certificate"),
    "for another host": (
        "ours",
        "other.test",
        "Hostname mismatch, certificate is not valid for 'localhost'",
    ),
}


@pytest.mark.parametrize(("who", "name", "why"), UNTRUSTED.values(), ids=UNTRUSTED.keys())
async def test_an_upstream_that_can_not_be_trusted_is_a_502_that_says_so(
    who: str | None, name: str, why: str, ca: trustme.CA, ca_file: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "cassettes"
    context = tls_context(ca_file, insecure=False) if who else None
    async with (
        https_upstream(ca, OK, name=name) as (url, heard),
        recorder(url, folder, upstream_tls=context) as proxy,
    ):
        got, how = await ask(proxy.url, get())
    where = url.removeprefix("https://")
    sentence = f"the certificate of {where} is not trusted: {why} (--upstream-ca FILE, or --insecure)"
    head, _, body = got.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    assert (body, how) == (f"sseproxy: {sentence}\n".encode(), "eof")
    assert heard == []
    cassette = only_cassette(folder)
    assert cassette.end
    assert (cassette.ending, cassette.end.detail) == (Ending.CONNECT_FAILED, sentence)
    assert await replayed([cassette], get()) == got


@pytest.mark.parametrize("name", ["localhost", "other.test"])
async def test_an_insecure_upstream_is_taken_as_it_is(name: str, ca: trustme.CA, tmp_path: Path) -> None:
    async with (
        https_upstream(ca, OK, name=name) as (url, _),
        recorder(url, tmp_path, upstream_tls=tls_context(None, insecure=True)) as proxy,
    ):
        assert await ask(proxy.url, get()) == (closing(OK), "eof")


async def test_an_upstream_that_speaks_no_tls_is_a_502(ca_file: Path, tmp_path: Path) -> None:
    async def script(peer: Peer) -> None:
        await peer.read()
        await peer.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    folder = tmp_path / "cassettes"
    async with upstream(script) as url:
        secure = url.replace("http://", "https://")
        async with recorder(secure, folder, upstream_tls=tls_context(ca_file, insecure=False)) as proxy:
            got, how = await ask(proxy.url, get())
    assert got.startswith(b"HTTP/1.1 502 ")
    body = got.partition(b"\r\n\r\n")[2]
    where = url.removeprefix("http://").encode()
    assert body == b"sseproxy: no TLS connection to %b: wrong version number; is it http://?\n" % where
    assert how == "eof"
    assert [each.ending for each in recordings(folder)] == [Ending.CONNECT_FAILED]


async def test_recorder_and_replay_serve_https(ca: trustme.CA, ca_file: Path, tmp_path: Path) -> None:
    """Over one file with everything in it, and over two."""
    issued = ca.issue_cert("localhost")
    both, key, chain = tmp_path / "both.pem", tmp_path / "key.pem", tmp_path / "chain.pem"
    issued.private_key_and_cert_chain_pem.write_to_path(both)
    issued.private_key_pem.write_to_path(key)
    for blob in issued.cert_chain_pems:
        blob.write_to_path(chain, append=True)
    folder = tmp_path / "cassettes"
    origin = Origin(CHUNKED)
    async with upstream(origin) as url, recorder(url, folder, tls=serving_context(both, None)) as proxy:
        assert proxy.url == f"https://127.0.0.1:{proxy.port}"
        first = await ask_securely(proxy, get(b"/a"), ca_file)
    assert first == closing(CHUNKED)
    options = MockOptions(port=0, tls=serving_context(chain, key))
    mock = Mock(Answers(Loaded(recordings(folder))), options, SystemClock())
    again = await ask_securely(await mock.start(), get(b"/a"), ca_file)
    await mock.stop()
    assert again.partition(b"\r\n\r\n")[0] == first.partition(b"\r\n\r\n")[0]
    assert again.endswith(b"data: a\n\n\r\n0\r\n\r\n")


async def test_what_is_no_tls_on_an_https_port_gets_nothing_and_is_not_recorded(
    ca: trustme.CA, tmp_path: Path
) -> None:
    both = tmp_path / "both.pem"
    ca.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(both)
    origin = Origin()
    folder = tmp_path / "cassettes"
    async with upstream(origin) as url, recorder(url, folder, tls=serving_context(both, None)) as proxy:
        got, _ = await ask(f"http://127.0.0.1:{proxy.port}", get())
    assert b"HTTP" not in got
    assert origin.connections == []
    assert not folder.exists()


def test_files_that_hold_no_certificates_are_refused_in_a_sentence(ca: trustme.CA, tmp_path: Path) -> None:
    text = tmp_path / "text.pem"
    text.write_text("hello")
    missing = tmp_path / "missing.pem"
    key = tmp_path / "key.pem"
    ca.issue_cert("localhost").private_key_pem.write_to_path(key)
    for path in (text, missing, key):
        with pytest.raises(SseproxyError, match=rf"^--cert {path}: .+") as error:
            serving_context(path, None)
        assert "\n" not in str(error.value)
    for path in (text, missing):
        with pytest.raises(SseproxyError, match=rf"^--upstream-ca {path}: .+") as error:
            tls_context(path, insecure=False)
        assert "\n" not in str(error.value)
