"""The serializer: the bytes it writes, what the parser reads back from them, and what it refuses."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sseproxy.sse import EventStreamParser, serialize

from .strategies import thorough
from .vector import Message, Vector
from .vectors import VECTORS


@dataclass(frozen=True, slots=True)
class Fields:
    """What `serialize` takes, so that one value serves for writing and for the comparison."""

    data: str | None = None
    event: str = ""
    id: str | None = None
    retry: int | None = None
    comment: str | None = None

    def serialized(self) -> bytes:
        return serialize(self.data, event=self.event, id=self.id, retry=self.retry, comment=self.comment)


def lines(text: str) -> list[str]:
    """Section 9.2.5: CRLF, CR and LF each end one line, and a reader can't tell which it was."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


FORMS = [
    pytest.param(Fields(), b"\n", id="nothing is a blank line"),
    pytest.param(Fields("a"), b"data: a\n\n", id="data"),
    pytest.param(Fields(""), b"data: \n\n", id="empty data is an event"),
    pytest.param(Fields(" a"), b"data:  a\n\n", id="a leading space survives the one that is stripped"),
    pytest.param(Fields("a\nb"), b"data: a\ndata: b\n\n", id="LF in data"),
    pytest.param(Fields("a\rb"), b"data: a\ndata: b\n\n", id="CR in data"),
    pytest.param(Fields("a\r\nb"), b"data: a\ndata: b\n\n", id="CRLF in data is one line end"),
    pytest.param(Fields("a\n\rb"), b"data: a\ndata: \ndata: b\n\n", id="LF CR in data is two line ends"),
    pytest.param(Fields("a\n"), b"data: a\ndata: \n\n", id="a last LF is kept"),
    pytest.param(Fields("\n"), b"data: \ndata: \n\n", id="a lone LF"),
    pytest.param(
        Fields("a\u2028b\x85c\x0bd"), b"data: a\xe2\x80\xa8b\xc2\x85c\x0bd\n\n", id="no other line ends"
    ),
    pytest.param(
        Fields("id: 1\n\ndata"), b"data: id: 1\ndata: \ndata: data\n\n", id="data can't inject a field"
    ),
    pytest.param(Fields("\0"), b"data: \0\n\n", id="NUL in data"),
    pytest.param(Fields("\ufeff"), b"data: \xef\xbb\xbf\n\n", id="a BOM in data"),
    pytest.param(Fields("\U0001f600"), b"data: \xf0\x9f\x98\x80\n\n", id="data in UTF-8"),
    pytest.param(Fields("a", "t"), b"event: t\ndata: a\n\n", id="a type"),
    pytest.param(Fields("a", " "), b"event:  \ndata: a\n\n", id="a type of one space"),
    pytest.param(
        Fields("a", "\0\u2028"), b"event: \0\xe2\x80\xa8\ndata: a\n\n", id="a type with NUL and U+2028"
    ),
    pytest.param(Fields("a", id="1"), b"id: 1\ndata: a\n\n", id="an id"),
    pytest.param(Fields("a", id=""), b"id: \ndata: a\n\n", id="an empty id resets"),
    pytest.param(Fields(id="1"), b"id: 1\n\n", id="an id alone"),
    pytest.param(Fields(retry=0), b"retry: 0\n\n", id="a retry of zero"),
    pytest.param(Fields("a", retry=2**63 - 1), b"retry: 9223372036854775807\ndata: a\n\n", id="a long retry"),
    pytest.param(Fields(comment="c"), b": c\n\n", id="a comment"),
    pytest.param(Fields(comment=""), b": \n\n", id="an empty comment"),
    pytest.param(Fields(comment="c\r\nd\re\n"), b": c\n: d\n: e\n: \n\n", id="a comment on several lines"),
    pytest.param(Fields(comment="c\n\ndata: a"), b": c\n: \n: data: a\n\n", id="a comment can't inject data"),
    pytest.param(
        Fields("a\nb", "t", "1", 2, "c"),
        b": c\nevent: t\nid: 1\nretry: 2\ndata: a\ndata: b\n\n",
        id="all of them, in one order",
    ),
]

REFUSED = [
    pytest.param(Fields(event="a\nb"), "event type can't hold a line end", id="a type with LF"),
    pytest.param(Fields(event="a\r"), "event type can't hold a line end", id="a type with CR"),
    pytest.param(Fields("a", event="\r\ndata: b"), "event type can't hold a line end", id="a type with CRLF"),
    pytest.param(Fields(id="a\nb"), "id can't hold a line end or NUL", id="an id with LF"),
    pytest.param(Fields(id="\ra"), "id can't hold a line end or NUL", id="an id with CR"),
    pytest.param(Fields(id="1\r\n\r\n"), "id can't hold a line end or NUL", id="an id with CRLF"),
    # The grammar could write it, but 9.2.6 has every reader ignore it.
    pytest.param(Fields(id="1\0"), "id can't hold a line end or NUL", id="an id with NUL"),
    pytest.param(Fields("a", retry=-1), "retry can't be negative", id="a negative retry"),
    # UTF-8 has no form for a lone surrogate.
    pytest.param(Fields("\ud800"), "surrogates not allowed", id="data with a lone surrogate"),
    pytest.param(Fields(event="\udfff"), "surrogates not allowed", id="a type with a lone surrogate"),
    pytest.param(Fields(id="\ud800"), "surrogates not allowed", id="an id with a lone surrogate"),
    pytest.param(Fields(comment="\ud800"), "surrogates not allowed", id="a comment with a lone surrogate"),
]

texts = st.text(st.sampled_from("\r\n :\0\ufeff\u2028\x85ad") | st.characters(codec="utf-8"), max_size=12)
names = texts.filter(lambda text: not re.search(r"[\r\n]", text))
any_fields = st.builds(
    Fields,
    data=st.none() | texts,
    event=names,
    id=st.none() | names.map(lambda text: text.replace("\0", "")),
    retry=st.none() | st.integers(0, 2**63 - 1),
    comment=st.none() | texts,
)


@pytest.mark.parametrize(("fields", "expected"), FORMS)
def test_an_event_is_written_as_the_standard_writes_its_examples(fields: Fields, expected: bytes) -> None:
    assert fields.serialized() == expected


@pytest.mark.parametrize(("fields", "why"), REFUSED)
def test_what_the_grammar_cannot_carry_is_refused(fields: Fields, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        fields.serialized()


@thorough
@given(st.lists(any_fields, max_size=5))
def test_the_parser_reads_back_what_was_written(written: list[Fields]) -> None:
    parser = EventStreamParser()
    events = parser.feed(b"".join(one.serialized() for one in written))
    assert parser.unfinished is None
    visible = [one for one in written if one != Fields()]
    last_id = ""
    for one, event in zip(visible, events, strict=True):
        # 9.2.6: an id that is not written leaves the last one standing.
        last_id = last_id if one.id is None else one.id
        assert event.dispatched == (one.data is not None)
        assert event.data == ("" if one.data is None else "\n".join(lines(one.data)))
        assert event.type == (one.event or "message")
        assert event.id == last_id
        assert event.retry == one.retry
        # A comment is all that follows the colon, the space for the eye included.
        expected = [] if one.comment is None else [f" {line}" for line in lines(one.comment)]
        assert list(event.comments) == expected
        assert event.ignored == ()


def test_a_retry_past_the_limit_is_read_back_as_the_limit() -> None:
    [event] = EventStreamParser().feed(serialize("a", retry=2**63))
    assert event.retry == 2**63 - 1


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.name)
def test_every_event_that_was_parsed_can_be_written_again(vector: Vector) -> None:
    for message in vector.dispatched:
        [event] = EventStreamParser().feed(serialize(message.data, event=message.type, id=message.id))
        assert Message(event.data, event.type, event.id) == message
