"""Content codings, fed in every possible way, and bodies that are not what they say they are."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Callable

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sseproxy.coding import PIECE, CodingError, decoder

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

thorough = settings(max_examples=100, deadline=None, derandomize=True)

PLAIN = b"".join(b'data:{"event":"token","data":"%d"}\n\n' % i for i in range(50))


def raw_deflate(data: bytes) -> bytes:
    pack = zlib.compressobj(wbits=-15)
    return pack.compress(data) + pack.flush()


def brotlied(data: bytes) -> bytes:
    packed: bytes = brotli.compress(data)
    return packed


ENCODERS: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    "identity": (b"identity", bytes),
    "gzip": (b"gzip", gzip.compress),
    "x-gzip": (b"x-gzip", gzip.compress),
    "deflate": (b"deflate", zlib.compress),
    "bare deflate": (b"deflate", raw_deflate),
    "br": (b"br", brotlied),
    "zstd": (b"zstd", zstd.compress),
}
COMPRESSED = [name for name in ENCODERS if name != "identity"]


def decoded(codings: list[bytes], body: bytes, size: int | None = None) -> bytes:
    """The plain body, fed in pieces of this size."""
    decode = decoder(codings)
    plain = b"".join(
        decode.feed(body[i : i + (size or len(body))]) for i in range(0, len(body), size or len(body))
    )
    decode.finish()
    return plain


@pytest.mark.parametrize("size", [None, 1, 2, 7], ids=["whole", "byte by byte", "in twos", "in sevens"])
@pytest.mark.parametrize("name", ENCODERS)
def test_a_body_is_decoded_however_it_comes(name: str, size: int | None) -> None:
    coding, encode = ENCODERS[name]
    assert decoded([coding], encode(PLAIN), size) == PLAIN


@pytest.mark.parametrize("name", ENCODERS)
def test_an_empty_document_has_a_body_all_the_same(name: str) -> None:
    coding, encode = ENCODERS[name]
    assert decoded([coding], encode(b"") or b"", 1) == b""


@pytest.mark.parametrize("name", ENCODERS)
def test_no_body_at_all_is_an_empty_one(name: str) -> None:
    # An answer to HEAD, or a 304, names the coding it would have had.
    coding, _ = ENCODERS[name]
    decode = decoder([coding])
    decode.finish()
    assert decode.feed(b"") == b""


def test_no_coding_changes_nothing() -> None:
    assert decoded([], PLAIN, 3) == PLAIN


@pytest.mark.parametrize("name", ["gzip", "zstd"])
@pytest.mark.parametrize("size", [None, 1])
def test_several_members_one_after_the_other_are_one_body(name: str, size: int | None) -> None:
    coding, encode = ENCODERS[name]
    body = encode(b"one ") + encode(b"") + encode(b"two ") + encode(PLAIN)
    assert decoded([coding], body, size) == b"one two " + PLAIN


@pytest.mark.parametrize(
    "names",
    [
        ["gzip", "br"],
        ["br", "gzip"],
        ["deflate", "zstd"],
        ["zstd", "bare deflate"],
        ["gzip", "gzip"],
        ["identity", "br", "identity"],
        ["gzip", "deflate", "br", "zstd"],
    ],
    ids=", ".join,
)
@pytest.mark.parametrize("size", [None, 1])
def test_a_chain_is_undone_from_its_end(names: list[str], size: int | None) -> None:
    body, codings = PLAIN, []
    for name in names:
        coding, encode = ENCODERS[name]
        codings.append(coding)
        body = encode(body)
    assert decoded(codings, body, size) == PLAIN


@thorough
@given(st.sampled_from(sorted(ENCODERS)), st.lists(st.binary(max_size=40), max_size=4), st.integers(1, 20))
def test_any_body_comes_back(name: str, parts: list[bytes], size: int) -> None:
    coding, encode = ENCODERS[name]
    assert decoded([coding], encode(b"".join(parts)), size) == b"".join(parts)


def flushed(name: str) -> tuple[bytes, list[bytes]]:
    """What a server that flushes after each event sends: the coding and a read for each event."""
    if name == "br":
        compressor = brotli.Compressor()
        return b"br", [compressor.process(b"data:%d\n\n" % i) + compressor.flush() for i in range(3)]
    if name == "zstd":
        frame = zstd.ZstdCompressor()
        return b"zstd", [
            frame.compress(b"data:%d\n\n" % i, zstd.ZstdCompressor.FLUSH_BLOCK) for i in range(3)
        ]
    coding, wbits = {"gzip": (b"gzip", 31), "deflate": (b"deflate", 15), "bare deflate": (b"deflate", -15)}[
        name
    ]
    pack = zlib.compressobj(wbits=wbits)
    return coding, [pack.compress(b"data:%d\n\n" % i) + pack.flush(zlib.Z_SYNC_FLUSH) for i in range(3)]


@pytest.mark.parametrize("name", ["gzip", "deflate", "bare deflate", "br", "zstd"])
def test_what_the_server_flushed_comes_out_at_once(name: str) -> None:
    coding, reads = flushed(name)
    decode = decoder([coding])
    assert [decode.feed(read) for read in reads] == [b"data:0\n\n", b"data:1\n\n", b"data:2\n\n"]


@pytest.mark.parametrize("name", COMPRESSED)
def test_a_body_cut_anywhere_ends_too_early(name: str) -> None:
    coding, encode = ENCODERS[name]
    body = encode(PLAIN)
    shown = {"x-gzip": "gzip", "bare deflate": "deflate"}.get(name, name)
    for size in range(1, len(body)):
        with pytest.raises(CodingError) as caught:
            decoded([coding], body[:size])
        assert str(caught.value) == f"the {shown} body ends too early"


def test_so_does_one_cut_in_its_second_member() -> None:
    for coding, encode in (ENCODERS["gzip"], ENCODERS["zstd"]):
        with pytest.raises(CodingError, match="ends too early"):
            decoded([coding], encode(PLAIN) + encode(PLAIN)[:-1])


def test_so_does_an_inner_one() -> None:
    with pytest.raises(CodingError, match=r"^the gzip body ends too early$"):
        decoded([b"gzip", b"br"], brotlied(gzip.compress(PLAIN)[:-3]))


@pytest.mark.parametrize("name", COMPRESSED)
@pytest.mark.parametrize("size", [None, 1], ids=["whole", "byte by byte"])
@pytest.mark.parametrize("body", [PLAIN, b"\xff" * 100], ids=["plain text", "no coding at all"])
def test_a_body_that_is_not_what_its_head_says_is_an_error(name: str, size: int | None, body: bytes) -> None:
    coding, _ = ENCODERS[name]
    shown = {"x-gzip": "gzip", "bare deflate": "deflate"}.get(name, name)
    with pytest.raises(CodingError) as caught:
        decoded([coding], body, size)
    assert str(caught.value).startswith(f"the body is not {shown} as its head says")


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd"])
def test_a_body_that_is_damaged_in_the_middle_is_an_error(name: str) -> None:
    coding, encode = ENCODERS[name]
    body = bytearray(encode(PLAIN))
    # Each of them begins with a few bytes that nothing checks.
    for place in range(len(body) // 2, len(body)):
        body[place] ^= 0xFF
    with pytest.raises(CodingError):
        decoded([coding], bytes(body))


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd"])
@pytest.mark.parametrize("size", [None, 1], ids=["whole", "byte by byte"])
def test_bytes_behind_the_end_of_the_coding_are_an_error(name: str, size: int | None) -> None:
    # Passed over without a word they would be lost from all that is shown.
    coding, encode = ENCODERS[name]
    with pytest.raises(CodingError):
        decoded([coding], encode(PLAIN) + b"data: lost\n\n", size)


@pytest.mark.parametrize(
    ("codings", "unknown"),
    [
        ([b"compress"], "compress"),
        ([b"gzip", b"rot13", b"br", b"dcb"], "rot13, dcb"),
        ([b"GZIP"], "GZIP"),  # whoever asks has lower-cased them
        ([b"\xff"], "\xff"),
    ],
)
def test_a_coding_that_is_not_known_is_named(codings: list[bytes], unknown: str) -> None:
    with pytest.raises(CodingError) as caught:
        decoder(codings)
    assert str(caught.value) == f"can't decode Content-Encoding {unknown}"


@pytest.mark.parametrize("name", COMPRESSED)
def test_a_body_that_inflates_a_thousandfold_comes_in_pieces(name: str) -> None:
    coding, encode = ENCODERS[name]
    plain = bytes(4 * 2**20)
    pieces = list(decoder([b"gzip", coding]).pieces(encode(gzip.compress(plain))))
    assert max(map(len, pieces)) <= PIECE
    assert b"".join(pieces) == plain
