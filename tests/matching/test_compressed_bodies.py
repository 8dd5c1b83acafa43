"""Request bodies that were sent compressed: what they say is compared, not how they were packed."""

from __future__ import annotations

import gzip
import zlib

import brotli
import pytest

from sseproxy.exchange import Request
from sseproxy.matching import Loaded, Rules
from sseproxy.matching.audit import audit
from sseproxy.redaction.body import INFLATE_LIMIT
from tests.core import build
from tests.matching.support import Asked, recorded

JSON = b'{"question":"Hi","chatId":"a"}'
BOMB = gzip.compress(bytes(INFLATE_LIMIT + 1), 9)
ZEROS = zlib.compress(bytes(1000))


def sent(body: bytes, coding: bytes = b"gzip") -> Request:
    headers = ((b"Content-Type", b"application/json"), (b"Content-Encoding", coding))
    return build.request("POST", b"/api/v1/prediction/5f0c", body, headers=headers)


@pytest.mark.parametrize(
    ("recording", "request_", "answered"),
    [
        (sent(gzip.compress(JSON, 1)), sent(gzip.compress(JSON, 9)), True),
        (sent(gzip.compress(JSON, mtime=1)), sent(gzip.compress(JSON, mtime=2)), True),
        (sent(gzip.compress(JSON)), sent(gzip.compress(JSON.replace(b",", b" , "))), True),
        (sent(gzip.compress(JSON)), sent(gzip.compress(JSON.replace(b'"a"', b'"fresh"'))), True),
        (sent(gzip.compress(JSON)), sent(gzip.compress(JSON.replace(b"Hi", b"Ho"))), False),
        (sent(gzip.compress(JSON)), sent(brotli.compress(JSON), b"br"), True),
        (sent(gzip.compress(JSON)), sent(brotli.compress(gzip.compress(JSON)), b"gzip, br"), True),
        (sent(gzip.compress(JSON)), sent(JSON, b"identity"), True),
        # What is not what its head says, or breaks off, is compared as it is.
        (sent(JSON), sent(JSON.replace(b" ", b"")), True),
        (sent(JSON), sent(JSON.replace(b"Hi", b"Ho")), False),
        (sent(gzip.compress(JSON)[:-1]), sent(gzip.compress(JSON)), False),
        # What is too much to be looked through is not stored: nothing of it can be compared.
        (sent(BOMB), sent(BOMB + BOMB), True),
        (sent(BOMB), sent(gzip.compress(JSON)), False),
        (sent(ZEROS, b"lzma"), sent(ZEROS, b"lzma"), True),
        (sent(ZEROS, b"lzma"), sent(ZEROS, b"deflate"), False),
    ],
)
def test_what_a_compressed_body_says_is_compared(
    recording: Request, request_: Request, answered: bool
) -> None:
    for one, other in ((recording, request_), (request_, recording)):
        assert Asked([recorded("1", 1, one)]).given(other) == ["1" if answered else "-"]


def test_rules_reach_into_it() -> None:
    asked = Asked([recorded("1", 1, sent(gzip.compress(JSON)))], rules=Rules(ignore=("$..question",)))
    assert asked.given(sent(gzip.compress(JSON.replace(b"Hi", b"Ho")))) == ["1"]


def test_and_so_does_audit() -> None:
    library = Loaded([recorded("1", 1, sent(gzip.compress(JSON)))])
    found = {each.place: each.changes for each in audit(library, Rules())}
    assert (found["$.question"], found["$.chatId"]) == (2, 2)
