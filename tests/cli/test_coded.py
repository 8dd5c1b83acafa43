"""Compressed streams: decoded for eyes, kept as they are on the disk."""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import brotli
import pytest

from sseproxy.exchange import Ending, Exchange
from tests.cli.builder import EVENTS, STREAM, save, stream
from tests.cli.support import good, sseproxy

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def flushed_gzip() -> list[bytes]:
    """One member, flushed behind each event as a streaming server does it."""
    member = zlib.compressobj(wbits=31)
    pieces = [member.compress(event) + member.flush(zlib.Z_SYNC_FLUSH) for event in EVENTS]
    return [*pieces[:-1], pieces[-1] + member.flush()]


def flushed_brotli() -> list[bytes]:
    whole = brotli.Compressor()
    pieces = [whole.process(event) + whole.flush() for event in EVENTS]
    return [*pieces[:-1], pieces[-1] + whole.finish()]


def bare_deflate() -> list[bytes]:
    whole = zlib.compressobj(wbits=-15)
    return [b"", b"", whole.compress(b"".join(EVENTS)) + whole.flush()]


def coded(coding: bytes, *reads: bytes, ending: Ending = Ending.CLEAN) -> Exchange:
    return stream(*reads, headers=(*STREAM, (b"Content-Encoding", coding)), ending=ending)


AT_ONCE = [30_000] * 3
AS_READ = [10_000, 20_000, 30_000]
CODINGS = {
    "gzip, several members": (b"gzip", [gzip.compress(event) for event in EVENTS], AS_READ),
    "gzip, one member flushed": (b"X-GZIP", flushed_gzip(), AS_READ),
    "deflate": (b"deflate", [b"", b"", zlib.compress(b"".join(EVENTS))], AT_ONCE),
    "deflate without its wrapping": (b"deflate", bare_deflate(), AT_ONCE),
    "br": (b"br", flushed_brotli(), AS_READ),
    "zstd, several frames": (b"zstd", [zstd.compress(event) for event in EVENTS], AS_READ),
    "two codings": (b"br, gzip", [gzip.compress(piece) for piece in flushed_brotli()], AS_READ),
    "identity": (b"identity", list(EVENTS), AS_READ),
}


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("honest")
    for name, (coding, reads, _) in CODINGS.items():
        save(folder, coded(coding, *reads), f"{name}.sse.jsonl")
    return folder


@pytest.fixture(scope="module")
def decoded(honest: Path) -> dict[str, list[dict[str, object]]]:
    """The events of each, asked once for all."""
    return {
        Path(each["cassette"]).name: each["events"] for each in json.loads(good("show", "--json", honest))
    }


@pytest.mark.parametrize("name", CODINGS)
def test_events_are_decoded_as_they_came(decoded: dict[str, list[dict[str, object]]], name: str) -> None:
    events = decoded[f"{name}.sse.jsonl"]
    assert [(event["event"], event["data"]) for event in events] == [
        ("token", "Hal"),
        ("token", "lo"),
        ("end", "[DONE]"),
    ]
    assert [event["t"] for event in events] == CODINGS[name][2]


def test_raw_is_left_as_it_came(honest: Path) -> None:
    by_name = b"".join(
        b"".join(CODINGS[name][1]) for name in sorted(CODINGS, key=lambda name: f"{name}.sse.jsonl")
    )
    assert sseproxy("show", "--raw", honest).stdout == by_name
    assert sseproxy("validate", honest).status == 0


GZIP = gzip.compress(b"".join(EVENTS))
LIES = {
    "gzip": (coded(b"gzip", *EVENTS), "the body is not gzip as its head says"),
    "deflate": (coded(b"deflate", b"\x78\x9c\xff\xff\xff"), "the body is not deflate as its head says"),
    "br": (coded(b"br", b"\xff\xff\xff\xff"), "the body is not br as its head says"),
    "zstd": (coded(b"zstd", *EVENTS), "the body is not zstd as its head says"),
    "too short": (coded(b"gzip", GZIP[:-9]), "the gzip body ends too early"),
    "an unknown coding": (coded(b"compress", *EVENTS), "can't decode Content-Encoding compress"),
}


def test_a_body_that_is_not_coded_as_it_says_is_called_so(tmp_path: Path) -> None:
    for name, (value, _) in LIES.items():
        save(tmp_path, replace(value, head=replace(value.head, id=name)))
    odd = sseproxy("validate", tmp_path)
    assert odd.status == 1
    found = dict(line.removeprefix(f"{tmp_path}/").split(".sse.jsonl: ") for line in odd.out.splitlines())
    assert {name: found[name][: len(sentence)] for name, (_, sentence) in LIES.items()} == {
        name: sentence for name, (_, sentence) in LIES.items()
    }
    shown = good("show", tmp_path)
    assert [name for name, (_, sentence) in LIES.items() if f"\n{sentence}" not in shown] == []


def test_a_cut_stream_is_decoded_as_far_as_it_came_and_is_no_lie(tmp_path: Path) -> None:
    path = save(tmp_path, coded(b"gzip", *flushed_gzip()[:2], ending=Ending.TRUNCATED))
    (found,) = json.loads(good("show", "--json", path))
    assert [event["data"] for event in found["events"]] == ["Hal", "lo"]
    assert "gzip" not in good("show", path)
