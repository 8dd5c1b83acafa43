"""A body that is looked at block by block: the same is found wherever a block ends."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sseproxy.redaction import Rules, search
from sseproxy.redaction.mask import masked
from sseproxy.redaction.paths import compile_path
from sseproxy.redaction.search import Search, Secret
from tests.redaction.keys import KEYS, PEM_LINES

KEY = KEYS[0]
RULES = Rules(names=["pin"], secrets={"env.PASS": b"correct/horse"}, paths=[compile_path("$..address")])
WORDS = [
    *(b"The key", b" is ", b"ta", b"s", b"sk", b"-", b"sk-", b"AKIA", b"Bearer ", b"://", b"a:b@", b"pin=\\"),
    *(KEY.secret[:9], KEY.secret[9:], KEY.masked, KEY.masked[:9], b"correct/", b"horse", b"-----BEGIN "),
    *(
        b"PRIVATE KEY-----",
        PEM_LINES[0],
        PEM_LINES[0][:20],
        b"-----END",
        b'\\"password\\":\\"',
        b"x\\n",
        b".",
    ),
]
FORMS = [
    b'data: {"event":"token","data":"%b"}\n\n',
    b'data: {"index":1,"text":"%b"}\n\n',
    b"event: token\ndata: %b\n\n",
    b"data: %b\r\ndata: and more\r\n\r\n",
    b'data: {"password":"%b","pin":12,"address":"x"}\n\n',
    b": %b\n",
]
LINES = [
    b'{"model":"m","response":"%b","done":false}\n',
    b'{"index":1,"text":"%b"}\r\n',
    b'{"password":"%b","pin":12,"address":"x"}\n',
    b'"%b"\n',
    b"%b\n",
    b"%b",
]


def made(forms: list[bytes]) -> st.SearchStrategy[list[bytes]]:
    one = st.builds(lambda form, word: form % word, st.sampled_from(forms), st.sampled_from(WORDS))
    return st.lists(one, max_size=14)


def secrets(pieces: list[bytes], block: int, kind: bytes = b"text/event-stream") -> list[Secret]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "BLOCK", block)
        looked = Search(((b"Content-Type", kind),), RULES)
        for number, piece in enumerate(pieces):
            looked.feed(number, piece)
        return looked.finish()


@settings(deadline=None, derandomize=True, max_examples=400)
@given(
    st.one_of(
        st.tuples(st.just(b"text/event-stream"), made(FORMS)),
        st.tuples(st.just(b"application/x-ndjson"), made(LINES)),
    ),
    st.integers(1, 120),
)
def test_what_is_found_does_not_hang_on_where_a_block_ends(
    kind_and_events: tuple[bytes, list[bytes]], size: int
) -> None:
    kind, events = kind_and_events
    body = b"".join(events)
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    whole = secrets(pieces, len(body) + 1, kind)
    assert secrets(pieces, 1, kind) == whole
    for mark, data, those in whole:
        assert data == body[mark.start : mark.stop]
        some = range(mark.start // size, (mark.stop - 1) // size + 1)
        assert list(those) == [(number, number * size) for number in some]


def test_a_key_is_found_though_a_block_ends_in_each_part_of_it() -> None:
    words = [b"task", b" sk-", *(KEY.secret[at : at + 5] for at in range(0, len(KEY.secret), 5)), b" end."]
    pieces = [b'data: {"event":"token","data":"%b"}\n\n' % word for word in words]
    found = secrets(pieces, 1)
    assert [number for secret in found for number, _ in secret.pieces] == list(range(2, len(words) - 1))
    assert b"".join(secret.data for secret in found) == KEY.secret
    body = masked(b"".join(pieces), [secret.mark for secret in found])
    assert all(secret.is_masked for secret in secrets([body], 1))
    said = b"".join(json.loads(line[6:])["data"].encode() for line in body.split(b"\n\n")[:-1])
    assert said == b"task " + KEY.masked + b" end."
