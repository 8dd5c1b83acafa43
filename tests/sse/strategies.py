"""Streams for the properties: random bytes hardly ever hold a field, so these are made of its pieces."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

# The same examples on every run: a red build has to be about the change it is for. No deadline for one
# example: that a machine is busy says nothing about the parser.
thorough = settings(max_examples=500, deadline=None, derandomize=True)

PIECES = (
    *(b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r", b"\r\n\r\n", b"\n\r"),
    *(b"data", b"event", b"id", b"retry", b"Data", b"data:", b"data: a", b"id:1", b"event:t", b"retry:10"),
    *(
        b":",
        b": ",
        b" ",
        b"\t",
        b"\0",
        b"a",
        b"0",
        b"\xc2\xb2",
        b"\xc2\x85",
        b"\xe2\x80\xa8",
        b"\x0b",
        b"\x0c",
    ),
    # A BOM whole and in parts; sequences cut short, overlong, of surrogates and past U+10FFFF.
    *(b"\xef\xbb\xbf", b"\xef\xbb", b"\xef", b"\xbf", b"\xe2\x82", b"\xf0\x9f\x98", b"\xf0\x9f\x98\x80"),
    *(b"\xc3", b"\xc0\x8a", b"\xe0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xff"),
)

streams = st.lists(st.sampled_from(PIECES) | st.binary(max_size=3), max_size=40).map(b"".join)


@st.composite
def split_streams(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    """A stream, and the same bytes as the reads they might arrive in, some of them empty."""
    stream = draw(streams)
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    return stream, [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
