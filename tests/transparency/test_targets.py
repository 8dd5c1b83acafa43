"""A request's target passes as the client sent it: nothing decodes, encodes, joins or shortens it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.wire import Response
from tests.transparency.support import OK, closing, get, replayed, sent, trip

TARGETS = {
    "root": b"/",
    "an encoded slash": b"/a%2Fb",
    "an encoded slash in lower case": b"/a%2fb",
    "encoded letters": b"/%61%7Eb",
    "two slashes": b"//a",
    "slashes everywhere": b"///a//b//",
    "what looks like a host": b"//evil.test/a",
    "what looks like a host and a port": b"//evil.test:80",
    "a parent": b"/a/../b",
    "many parents": b"/../../../etc/passwd",
    "encoded parents": b"/%2e%2e/%2e%2e%2fetc",
    "dots": b"/a/./b/.",
    "an empty query": b"/a?",
    "a question mark in the query": b"/a??",
    "an empty parameter": b"/a?&&=&b=",
    "a slash in the query": b"/a?b=/c/../d",
    "a fragment": b"/a#b",
    "an empty fragment": b"/a?b#",
    "a percent sign that encodes nothing": b"/a%zz%",
    "an encoded NUL": b"/a%00b",
    "UTF-8": "/ä/日本?ö=☃".encode(),
    "bytes that are no UTF-8": b"/\xff\xfe/\xe4?\x80=\xbf",
    "path parameters": b"/a;b=c;d",
    "a pipe": b"/a|b?c|d",
    "quotes": b"/\"a'`",
    "braces, brackets, backslash, caret": b"/{a}[b]\\c^d<e>",
    "a plus and an encoded space": b"/a+b%20c?d+e",
    "a colon and an at sign": b"/a:b@c",
    "a URL within": b"/http://b.test/c?d=https://e.test",
    "very long": b"/" + b"long/" * 12_000,
    "very long and not ASCII": b"/" + "länge/".encode() * 8_000,
    "a very long query": b"/a?b=" + b"x" * 60_000,
}


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS.keys())
async def test_a_target_passes_byte_for_byte_and_is_kept_and_answered_as_it_was_sent(
    target: bytes, tmp_path: Path
) -> None:
    done = await trip(get(target), tmp_path)
    assert done.upstream == sent(target)
    assert done.client == closing(OK)
    assert done.cassette.request
    assert done.cassette.request.target == target
    assert await replayed(done.cassettes, get(target)) == done.client


def files(folder: Path) -> list[Path]:
    """All files in a folder and its folders."""
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS.keys())
async def test_no_part_of_a_target_leads_out_of_the_folder_or_stands_raw_in_a_name(
    target: bytes, tmp_path: Path
) -> None:
    folder = tmp_path / "cassettes"
    await trip(get(target), folder)
    (cassette,) = files(tmp_path)
    assert cassette.parent == folder
    assert re.fullmatch(
        r"[0-9-]{10}_[0-9-]{8}\.[0-9]{3}_GET_[A-Za-z0-9.-]+_[0-9A-Z]{16}\.sse\.jsonl", cassette.name
    )
    assert ".." not in cassette.name
    assert len(cassette.name) < 128


@pytest.mark.parametrize("method", [b"A!#$%&'*+-.^_`|~", b"..", b"M" * 300, b"~"])
async def test_no_part_of_a_method_stands_raw_in_a_name(method: bytes, tmp_path: Path) -> None:
    folder = tmp_path / "cassettes"
    done = await trip(get(method=method), folder)
    assert done.upstream == sent(method=method)
    (cassette,) = files(tmp_path)
    assert cassette.parent == folder
    assert re.fullmatch(r"[0-9_.-]+_[A-Za-z]{1,16}_root_[0-9A-Z]{16}\.sse\.jsonl", cassette.name)


NEIGHBOURS = [(b"/a%2Fb", b"/a%2fb"), (b"/a?", b"/a"), (b"//a", b"/a"), (b"/a/../b", b"/b"), (b"/a#b", b"/a")]


@pytest.mark.parametrize(("recorded", "asked"), NEIGHBOURS)
async def test_a_replay_takes_no_target_for_another(recorded: bytes, asked: bytes, tmp_path: Path) -> None:
    done = await trip(get(recorded), tmp_path)
    miss = Response.of(get(asked), await replayed(done.cassettes, get(asked)), "eof")
    assert miss.status == 404
    assert miss.header(b"x-sseproxy-miss") == b"1"


ABSOLUTE = {
    b"http://other.test/a?b": b"/a?b",
    b"HTTP://other.test:81//a": b"//a",
    b"https://other.test/a/../b": b"/a/../b",
    b"http://other.test": b"/",
    b"http://other.test?a": b"/?a",
    b"http://[::1]:8080/%2F": b"/%2F",
}


@pytest.mark.parametrize(("target", "origin_form"), ABSOLUTE.items())
async def test_of_an_absolute_target_the_upstream_gets_the_origin_form(
    target: bytes, origin_form: bytes, tmp_path: Path
) -> None:
    done = await trip(get(target), tmp_path)
    assert done.upstream == sent(origin_form)
    assert done.client == closing(OK)
    assert done.cassette.request
    assert done.cassette.request.target == target
    assert await replayed(done.cassettes, get(target)) == done.client


async def test_options_for_the_server_as_a_whole_pass(tmp_path: Path) -> None:
    done = await trip(get(b"*", method=b"OPTIONS"), tmp_path)
    assert done.upstream == sent(b"*", method=b"OPTIONS")
    assert done.client == closing(OK)
    assert done.cassette.request
    assert done.cassette.request.target == b"*"
    assert await replayed(done.cassettes, get(b"*", method=b"OPTIONS")) == done.client
