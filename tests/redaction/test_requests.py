"""A request as it is compared, and its body as it is written."""

from __future__ import annotations

import gzip
import json

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from sseproxy.exchange import Headers
from sseproxy.redaction import Rules, UploadMasker, mask_body, mask_request
from sseproxy.redaction.paths import compile_path
from sseproxy.redaction.requests import NOT_STORED
from tests.core import build
from tests.redaction.keys import BEHIND, KEYS, Key

JSON: Headers = ((b"Content-Type", b"application/json"),)
every_key = pytest.mark.parametrize("key", KEYS, ids=lambda key: f"{key.name} {key.public.decode()}")


@every_key
def test_a_request_equals_its_recording(key: Key) -> None:
    text = key.whole + BEHIND.get(key.name, b"")
    body = b'{"question":"is ' + text + b' right?","password":"hunter2","pin":1234}'
    rules = Rules(names=["pin"])
    asked = build.request("POST", b"/a?key=x&q=" + text.replace(b" ", b"+"), body, headers=JSON)
    recorded = build.request(
        "POST", mask_request(asked, rules)[0].target, mask_body(JSON, body, rules).data, headers=JSON
    )
    assert key.secret not in recorded.body
    assert mask_request(asked, rules)[0] == mask_request(recorded, rules)[0]
    assert mask_request(mask_request(asked, rules)[0], rules)[0] == mask_request(asked, rules)[0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b'{"password":"a"}', b'{"password":"something longer"}'),
        (b'{"q":"sk-%b"}' % KEYS[0].secret, b'{"q":"sk-%b"}' % KEYS[1].secret),
        (b'{"pin":1}', b'{"pin":123456}'),
        (b'{"email":"a@b"}', b'{"email":"somebody@example.com"}'),
        (b"I am EMP-1", b"I am EMP-123456789"),
        (b"pass is swordfish", b"pass is [redacted]"[:-1]),
    ],
)
def test_two_that_differ_in_secrets_alone_are_equal(one: bytes, other: bytes) -> None:
    rules = Rules(
        names=["pin"],
        paths=[compile_path("$.email")],
        patterns={"employee": regex.compile(rb"EMP-[0-9]+")},
        secrets={"env.PASS": b"swordfish"},
    )
    first, second = (
        mask_request(build.request("POST", b"/", body, headers=JSON), rules)[0] for body in (one, other)
    )
    assert first == second


@settings(deadline=None, derandomize=True)
@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_other_two_are_not(one: bytes, other: bytes) -> None:
    first, second = (mask_request(build.request("POST", b"/", body))[0] for body in (one, other))
    assert (first == second) == (one == other)


def test_what_was_masked_is_named() -> None:
    request = build.request(
        "POST", b"/?token=x", b'{"apiKey":"b"}', headers=((b"Authorization", b"Bearer x"), *JSON)
    )
    _, names = mask_request(request)
    assert names == ["target.token", "headers.authorization", "body.apiKey"]


def test_a_compressed_body_with_a_secret_is_not_stored() -> None:
    headers = (*JSON, (b"Content-Encoding", b"gzip"))
    body = gzip.compress(b'{"password":"hunter2"}')
    assert mask_body(headers, body, Rules()) == (b"", [NOT_STORED])
    masked, names = mask_request(build.request("POST", b"/", body, headers=headers))
    assert (masked.body, names) == (b"", [NOT_STORED])


def test_one_without_is() -> None:
    headers = (*JSON, (b"Content-Encoding", b"gzip"))
    body = gzip.compress(b'{"question":"hunter2"}')
    assert mask_body(headers, body, Rules()) == (body, [])


@pytest.mark.parametrize("coding", [b"", b"gzip"])
def test_a_body_that_comes_in_parts_is_masked_the_same(coding: bytes) -> None:
    plain = json.dumps({"a": "x" * 50, "password": "hunter2", "b": KEYS[0].whole.decode(), "c": "y"}).encode()
    headers = (*JSON, (b"Content-Encoding", coding)) if coding else JSON
    body = gzip.compress(plain) if coding else plain
    for offset in range(len(body) + 1):
        masker = UploadMasker(headers, Rules())
        parts = [masker.feed(body[:offset], final=False), masker.feed(body[offset:], final=True)]
        stored = b"".join(part.data for part in parts)
        if coding:
            assert masker.refused
            assert body.startswith(stored)
            assert len(stored) < len(body)
        else:
            assert stored == mask_body(headers, body, Rules()).data
        assert masker.held == 0


def test_what_is_held_of_an_upload_is_masked_where_nothing_comes_to_decide() -> None:
    masker = UploadMasker(JSON, Rules())
    assert masker.feed(b"sk-abc", final=False).data == b"sk-"
    assert masker.held == 3
    assert masker.flush() == (b"[re", ["sk-key"])
    assert masker.feed(b" x", final=True) == (b" x", [])
