"""Cassettes that stand: what is masked in them, and what stays byte for byte."""

from __future__ import annotations

import json
import tracemalloc
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from sseproxy import redaction
from sseproxy.cassette import encode
from sseproxy.cassette.decode import decode
from sseproxy.errors import CassetteError
from sseproxy.exchange import End, Ending, Framing, Head, Headers, Request, ResponseHead
from sseproxy.redaction import Finding, Rules, search
from tests.redaction.keys import KEYS
from tests.support import captures

KEY = KEYS[0]
HEAD = Head("01KAQ3M5Z8T7QRSV", "sseproxy/0.1.0", "2026-11-23T00:41:34.120415Z", "01KAQ3KX", 0, "http://host")
STREAM: Headers = ((b"Content-Type", b"text/event-stream"),)


def cassette(
    *lines: bytes,
    target: bytes = b"/",
    headers: Headers = (),
    body: bytes = b"",
    answered: Headers = STREAM,
    end: End | None = None,
) -> bytes:
    """A cassette that nobody masked."""
    request = Request("POST", target, "1.1", headers, body)
    response = ResponseHead(5, 200, b"OK", "1.1", answered, Framing.CHUNKED)
    last = encode.end(end) if end else b""
    return b"".join([encode.head(HEAD), encode.request(request), encode.response(response), *lines, last])


@pytest.fixture(autouse=True)
def short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that nothing is found for lying in one block alone."""
    monkeypatch.setattr(search, "BLOCK", 1)


def mask_cassette(
    data: bytes, rules: Rules | None = None, *, part: bool = False
) -> tuple[bytes, list[Finding]]:
    """What is masked is also what is found where nothing is."""
    result, findings = redaction.mask_cassette(data, rules, part=part)
    assert redaction.find_secrets(BytesIO(data), rules, part=part) == findings
    return result, findings


def records(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.splitlines()]


def test_what_is_masked_is_no_finding() -> None:
    location = (b"Location", b"https://bob:pw@x.test/a?code=1#access_token=2")
    link = (b"Link", b"<https://x.test/?api_key=1>; rel=next")
    data = cassette(encode.data(7, b"data: a\n\n"), answered=(location, link, *STREAM))
    once, findings = mask_cassette(data)
    assert len(findings) == 4
    assert mask_cassette(once) == (once, [])


def test_everything_that_a_recorder_masks_is_masked() -> None:
    data = cassette(
        encode.data(7, b'data: {"password":"hunter2"}\n\ndata: ' + KEY.whole + b"\n\n"),
        encode.note(8, "the key was " + KEY.whole.decode()),
        target=b"/a?token=t",
        headers=(
            (b"Authorization", b"Bearer b"),
            (b"X", b"y " + KEY.whole),
            (b"Content-Type", b"text/plain"),
        ),
        body=b"see " + KEY.whole,
        answered=((b"Set-Cookie", b"a=b"), *STREAM),
        end=End(9, Ending.CLEAN, 88, ((b"X-Token", b"trailing"),), detail="with " + KEY.whole.decode()),
    ).replace(b"http://host", b"http://u:p@host")
    result, findings = mask_cassette(data)
    assert [tuple(finding) for finding in findings] == [
        (1, "upstream"),
        (2, "headers.authorization"),
        (2, "headers.x: sk-key"),
        (2, "sk-key"),
        (2, "target.token"),
        (3, "headers.set-cookie"),
        (4, "body.password"),
        (5, "sk-key"),
        (6, "text"),
        (7, "detail"),
        (7, "trailers.x-token"),
    ]
    for secret in (KEY.secret, b"hunter2", b"u:p@", b"Bearer b", b"a=b", b"trailing", b"token=t"):
        assert secret not in result
    for number, record in enumerate(records(result), 1):
        assert sorted(record["redacted"]) == [finding.name for finding in findings if finding.line == number]
    assert decode(result).body.startswith(b'data: {"password":"[redact"}\n\n')
    assert len(decode(result).body) == len(decode(data).body)
    assert mask_cassette(result) == (result, [])


def test_a_key_that_several_events_spell_is_masked_in_each() -> None:
    words = [b"The", b" key", b" sk-", KEY.secret[:6], KEY.secret[6:30], KEY.secret[30:], b" end"]
    events = [b'data: {"event":"token","data":"%b"}\n\n' % word for word in words]
    data = cassette(*(encode.data(t, event) for t, event in enumerate(events)))
    result, findings = mask_cassette(data)
    assert findings == [Finding(7, "sk-key"), Finding(8, "sk-key"), Finding(9, "sk-key")]
    lines, before = result.splitlines(), data.splitlines()
    assert [number for number, line in enumerate(lines) if line != before[number]] == [6, 7, 8]
    assert KEY.masked in b"".join(event.data for event in decode(result).arrivals).replace(
        b'"}\n\ndata: {"event":"token","data":"', b""
    )


def test_of_a_long_stream_nothing_is_held(tmp_path: Path) -> None:
    path = tmp_path / "a.sse.jsonl"
    words = [b"sk-", KEY.secret[:6], KEY.secret[6:], *[b"on and on"] * 20_000]
    events = (b'data: {"event":"token","data":"%b"}\n\n' % word for word in words)
    path.write_bytes(cassette(*(encode.data(t, event) for t, event in enumerate(events))))
    with path.open("rb") as file:
        tracemalloc.start()
        try:
            lines, findings = redaction.mask_lines(file)
            size = sum(map(len, lines))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert len(findings) == 3
    assert peak < path.stat().st_size / 2 < size


def test_what_is_not_known_is_kept_and_so_are_lines_without_a_finding() -> None:
    strange = b'{"k":"data" , "t":7,"text":"data: a\\n\\n","x":{"password":"p"}}\n{"k":"other","y":1.50}\n'
    data = cassette(strange, encode.data(8, b"data: " + KEY.whole + b"\n\n"))
    result, findings = mask_cassette(data)
    assert strange in result
    assert findings == [Finding(6, "sk-key")]
    changed = json.loads(result.splitlines()[5])
    assert list(changed) == ["k", "t", "text", "redacted"]


def test_keys_of_a_changed_record_keep_their_order_and_what_stood_there() -> None:
    line = b'{"k":"data","z":1,"t":7,"b64":"/w==","more":true,"redacted":["before"]}\n'
    rest = encode.data(7, KEY.whole + b"\n\n")
    result, _ = mask_cassette(cassette(line, rest))
    assert line in result
    line = line.replace(b'"b64":"/w=="', json.dumps({"text": KEY.whole.decode()})[1:-1].encode())
    result, findings = mask_cassette(cassette(line))
    changed = json.loads(result.splitlines()[3])
    assert list(changed) == ["k", "z", "t", "text", "more", "redacted"]
    assert changed["redacted"] == ["before", "sk-key"]
    assert findings == [Finding(4, "sk-key")]


@pytest.mark.parametrize("torn", [b"", b'{"k":"da'])
def test_a_part_stays_a_part(torn: bytes) -> None:
    data = cassette(encode.data(7, KEY.whole + b"\n\n")) + torn
    result, _ = mask_cassette(data, part=True)
    assert result.endswith(b'"redacted":["sk-key"]}\n' + torn)


def test_an_upload_is_masked_over_its_parts() -> None:
    data = cassette(
        encode.upload(6, KEY.secret[10:]),
        encode.upload_end(6, 99, complete=True),
        headers=((b"Content-Type", b"text/plain"),),
        body=b"x " + KEY.public + KEY.secret[:10],
    )
    result, findings = mask_cassette(data)
    assert findings == [Finding(2, "sk-key"), Finding(4, "sk-key")]
    request = decode(result).request
    assert request
    assert request.body == b"x " + KEY.masked


def test_of_a_compressed_body_what_comes_from_the_secret_on_is_dropped() -> None:
    plain = [b"data: a\n\n", b"data: " + KEY.whole + b"\n\n", b"data: b\n\n"]
    coder = zlib.compressobj(wbits=31)
    reads = [coder.compress(each) + coder.flush(zlib.Z_SYNC_FLUSH) for each in plain]
    data = cassette(
        *(encode.data(t, read) for t, read in enumerate(reads)),
        answered=((b"Content-Encoding", b"gzip"), *STREAM),
        end=End(9, Ending.CLEAN, sum(map(len, reads))),
    )
    result, findings = mask_cassette(data)
    assert findings == [Finding(5, "sk-key")]
    exchange = decode(result)
    assert [arrival.data for arrival in exchange.arrivals] == reads[:1]
    assert exchange.end == End(
        9, Ending.LOSSY, len(reads[0]), detail="the compressed body has a secret in it, and can't be masked"
    )
    assert mask_cassette(result) == (result, [])


def test_rules_of_a_user_hold_here_too() -> None:
    data = cassette(encode.data(7, b'data: {"tenant":"acme"}\n\n'))
    result, findings = mask_cassette(data, Rules(names=["tenant"]))
    assert findings == [Finding(4, "body.tenant")]
    assert b"acme" not in result


@pytest.mark.parametrize("data", [b"", b"hello\n", b'{"k":"head"}\n', cassette() + b"[]\n"])
def test_what_is_no_cassette_is_refused(data: bytes) -> None:
    with pytest.raises(CassetteError) as one:
        redaction.mask_cassette(data)
    with pytest.raises(CassetteError) as other:
        redaction.find_secrets(BytesIO(data))
    assert str(one.value) == str(other.value)


REPOSITORY = Path(__file__).parent.parent.parent


@pytest.mark.parametrize(
    "path", sorted((REPOSITORY / "cassettes").rglob("*.sse.jsonl")), ids=lambda path: path.name
)
def test_nothing_is_taken_for_a_secret_in_what_a_real_server_sends(path: Path) -> None:
    data = path.read_bytes()
    assert mask_cassette(data) == (data, [])


@pytest.mark.parametrize("name", captures.captures())
def test_nor_in_what_was_captured_of_it(name: str) -> None:
    capture = captures.captures()[name]
    arrivals = captures.arrivals(capture)
    data = cassette(
        *(encode.data(read.t, read.data) for read in arrivals),
        body=capture.request.partition(b"\r\n\r\n")[2],
        headers=((b"Content-Type", b"application/json"),),
    )
    assert mask_cassette(data) == (data, [])
