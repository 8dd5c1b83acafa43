"""Vectors for single lines: comments, field names, and what each field does with its value."""

from __future__ import annotations

from .vector import Message, Vector, has_nul, not_digits, said, unknown

LARGEST = 2**63 - 1

# 9.2.6, "if value starts with a U+0020 SPACE, remove it": one, that character only, and only before the
# value (wpt format-leading-space).
LEADING_SPACE = (
    Vector("one space after the colon goes", b"data: a\n\n", said("a")),
    Vector("with a space and without are the same", b"data:a\n\ndata: a\n\n", said("a", "a")),
    Vector("a second space stays", b"data:  a\n\n", said(" a")),
    Vector("a tab stays", b"data:\ta\rdata: \ndata:b\n\n", said("\ta\n\nb")),
    Vector("a tab after the space stays", b"data: \ta\n\n", said("\ta")),
    Vector("a space after a tab stays", b"data:\t a\n\n", said("\t a")),
    Vector("U+00A0 stays", b"data:\xc2\xa0a\n\n", said("\xa0a")),
    Vector("U+3000 stays", b"data:\xe3\x80\x80a\n\n", said("\u3000a")),
    Vector("trailing spaces stay", b"data: a  \n\n", said("a  ")),
    Vector("a value of one space is empty", b"data: \n\n", said("")),
    Vector("a value of two spaces is one space", b"data:  \n\n", said(" ")),
    Vector("the space goes on every line", b"data: a\ndata:  b\ndata:c\n\n", said("a\n b\nc")),
    Vector(
        "the space goes from an event type",
        b"event: t\ndata:a\n\nevent:  t\ndata:b\n\n",
        (Message("a", "t"), Message("b", " t")),
    ),
    Vector(
        "the space goes from an id",
        b"id: 1\ndata:a\n\nid:  1\ndata:b\n\n",
        (Message("a", id="1"), Message("b", id=" 1")),
    ),
    Vector("the space goes from a retry", b"retry: 10\ndata:a\n\n", said("a"), (10,)),
)

# 9.2.6, "collect the characters before the first colon": the rest are part of the value.
COLONS = (
    Vector("a second colon is the value", b"data::\n\n", said(":")),
    Vector("colons within the value stay", b"data:a:b:c\n\n", said("a:b:c")),
    Vector("a space after the second colon stays", b"data:: a\n\n", said(": a")),
    Vector("a space between two colons goes", b"data: :a\n\n", said(":a")),
    Vector("a URL is a value", b"data:https://example.org:80/?a:b\n\n", said("https://example.org:80/?a:b")),
    Vector("an event type with a colon", b"event:a:b\ndata:x\n\n", (Message("x", "a:b"),)),
    Vector("an id with a colon", b"id:a:b\ndata:x\n\n", (Message("x", id="a:b"),)),
    Vector("a value that looks like a field", b"data:id:7\n\n", said("id:7")),
    Vector(
        "a fullwidth colon separates nothing",
        b"data\xef\xbc\x9aa\n\n",
        ignored=unknown("data\uff1aa"),
        undispatched=1,
    ),
)

# 9.2.6, "otherwise, the string is not empty but has no colon": the whole line is the name, with an
# empty value.
NO_COLON = (
    Vector("data without a colon", b"data\n\n", said("")),
    Vector("event without a colon", b"event:t\nevent\ndata:a\n\n", said("a")),
    Vector("id without a colon", b"id:1\ndata:a\n\nid\ndata:b\n\n", (Message("a", id="1"), Message("b"))),
    Vector("retry without a colon", b"retry\ndata:a\n\n", said("a"), ignored=not_digits("retry")),
    Vector("an unknown name without a colon", b"words\ndata:a\n\n", said("a"), ignored=unknown("words")),
    Vector("a value without a name", b'{"a"}\n\n', ignored=unknown('{"a"}'), undispatched=1),
)

# 9.2.6, "field names must be compared literally, with no case folding performed", and "otherwise, the
# field is ignored" (wpt format-field-parsing, format-field-unknown).
FIELD_NAMES = (
    Vector("Data is unknown", b"Data:a\n\n", ignored=unknown("Data:a"), undispatched=1),
    Vector("DATA is unknown", b"DATA:a\n\n", ignored=unknown("DATA:a"), undispatched=1),
    Vector("Event is unknown", b"Event:t\ndata:a\n\n", said("a"), ignored=unknown("Event:t")),
    Vector("ID is unknown", b"ID:1\ndata:a\n\n", said("a"), ignored=unknown("ID:1")),
    Vector("Id is unknown", b"Id:1\ndata:a\n\n", said("a"), ignored=unknown("Id:1")),
    Vector("Retry is unknown", b"Retry:1\ndata:a\n\n", said("a"), ignored=unknown("Retry:1")),
    Vector("a space before a name", b" data:a\n\n", ignored=unknown(" data:a"), undispatched=1),
    Vector("a space after a name", b"data :a\n\n", ignored=unknown("data :a"), undispatched=1),
    Vector("a space after a name without a colon", b"data \n\n", ignored=unknown("data "), undispatched=1),
    Vector("a tab before a name", b"\tdata:a\n\n", ignored=unknown("\tdata:a"), undispatched=1),
    Vector("a tab after a name", b"data\t:a\n\n", ignored=unknown("data\t:a"), undispatched=1),
    Vector("NUL before a name", b"\0data:a\n\n", ignored=unknown("\0data:a"), undispatched=1),
    Vector("NUL after a name", b"data\0:a\n\n", ignored=unknown("data\0:a"), undispatched=1),
    Vector("a shorter name", b"dat:a\n\n", ignored=unknown("dat:a"), undispatched=1),
    Vector("a longer name", b"datas:a\n\n", ignored=unknown("datas:a"), undispatched=1),
    Vector("a fullwidth name", b"\xef\xbd\x84ata:a\n\n", ignored=unknown("\uff44ata:a"), undispatched=1),
    Vector("a name with a soft hyphen", b"da\xc2\xadta:a\n\n", ignored=unknown("da\xadta:a"), undispatched=1),
    Vector(
        "names that are almost data",
        b"data:a\rdAta:b\n\0data:c\r\ndata:\ndata-:d\rdata.e\ndata\0\ndata:  f\r\n data\rdata:\0\n\n",
        said("a\n\n f\n\0"),
        ignored=unknown("dAta:b", "\0data:c", "data-:d", "data.e", "data\0", " data"),
    ),
    Vector(
        "unknown fields and words between data",
        b"data:a\n data\ndata\nother:b\nwords alone\n:c\ndata:d\n\n",
        said("a\n\nd"),
        comments=("c",),
        ignored=unknown(" data", "other:b", "words alone"),
    ),
)

# 9.2.6, "if the line starts with a colon, ignore the line": a comment; 9.2.7 suggests one every 15 seconds
# or so to keep proxies from closing the connection (wpt format-comments).
COMMENTS = (
    Vector("a comment is not dispatched", b":c\n\n", comments=("c",), undispatched=1, spans=((0, 4),)),
    Vector("an empty comment", b":\n\n", comments=("",), undispatched=1, spans=((0, 3),)),
    Vector("a comment keeps its leading space", b": c\n\n", comments=(" c",), undispatched=1),
    Vector("a comment may hold colons", b"::c:\n\n", comments=(":c:",), undispatched=1),
    Vector("a field in a comment is a comment", b":data:a\n\n", comments=("data:a",), undispatched=1),
    Vector("a comment between two data lines", b"data:a\n:c\ndata:b\n\n", said("a\nb"), comments=("c",)),
    Vector("a comment does not end a block", b"data:a\n:\n:\ndata:b\n\n", said("a\nb"), comments=("", "")),
    Vector(
        "a space before the colon makes no comment", b" :c\ndata:a\n\n", said("a"), ignored=unknown(" :c")
    ),
    Vector("a comment with NUL", b":\0\ndata:a\n\n", said("a"), comments=("\0",)),
    Vector("a comment with invalid UTF-8", b":\xff\ndata:a\n\n", said("a"), comments=("\ufffd",)),
    Vector(
        "comments with every line end",
        b":\r\ndata:a\r:id:1\ndata:b\r\n:" + b"c" * 3000 + b"\r:" + b"d" * 3000 + b"\r\ndata:c\n:\0\r\r",
        said("a\nb\nc"),
        comments=("", "id:1", "c" * 3000, "d" * 3000, "\0"),
    ),
    Vector("a heartbeat", b":heartbeat\n\n", comments=("heartbeat",), undispatched=1, spans=((0, 12),)),
    Vector(
        "heartbeats between two events",
        b"data:a\n\n:heartbeat\n\n:heartbeat\n\ndata:b\n\n",
        said("a", "b"),
        comments=("heartbeat", "heartbeat"),
        undispatched=2,
        spans=((0, 8), (8, 20), (20, 32), (32, 40)),
    ),
    Vector(
        "a heartbeat of one line within an event",
        b":heartbeat\ndata:a\n\n",
        said("a"),
        comments=("heartbeat",),
        spans=((0, 19),),
    ),
    Vector(
        "a heartbeat keeps the id",
        b"id:1\ndata:a\n\n:\n\ndata:b\n\n",
        (Message("a", id="1"), Message("b", id="1")),
        comments=("",),
        undispatched=1,
    ),
)

# 9.2.6, field "data": append the value and an LF; one LF goes again at the dispatch (wpt format-field-data).
DATA = (
    Vector("an empty value is an event", b"data:\n\n", said("")),
    Vector("two empty values are one LF", b"data\ndata\n\n", said("\n")),
    Vector("three empty values are two LFs", b"data:\ndata\ndata: \n\n", said("\n\n")),
    Vector(
        "empty, doubled and filled in one stream",
        b"data:\n\ndata\ndata\n\ndata:a\n\n",
        said("", "\n", "a"),
        spans=((0, 7), (7, 18), (18, 26)),
    ),
    Vector("values are joined by LF", b"data:a\ndata:b\ndata:c\n\n", said("a\nb\nc")),
    Vector("an empty first value is kept", b"data:\ndata:a\n\n", said("\na")),
    Vector("empty last values are kept", b"data:a\ndata\ndata\n\n", said("a\n\n")),
    Vector(
        "other fields between data lines",
        b"data:a\nid:1\ndata:b\nevent:t\ndata:c\n\n",
        (Message("a\nb\nc", "t", "1"),),
    ),
    Vector("data does not outlive its block", b"data:a\n\ndata:b\n\n", said("a", "b")),
    Vector(
        "a thousand data lines", b"data:a\n" * 1000 + b"\n", said("\n".join("a" * 1000)), spans=((0, 7001),)
    ),
    Vector("a stock quote in three lines", b"data: ABCD\ndata: -3\ndata: 7.5\n\n", said("ABCD\n-3\n7.5")),
)

# 9.2.6, field "event" sets the type buffer, which each dispatch empties; an empty one means "message"
# (wpt format-field-event, format-field-event-empty).
EVENT_TYPE = (
    Vector("a type of one's own", b"event:t\ndata:a\n\n", (Message("a", "t"),)),
    Vector("a type lasts one block", b"event:t\ndata:a\n\ndata:b\n\n", (Message("a", "t"), Message("b"))),
    Vector("a type of a block without data is gone", b"event:t\n\ndata:a\n\n", said("a"), undispatched=1),
    Vector("an empty type is message", b"event:\ndata:a\n\n", said("a")),
    Vector("a type of one space is message", b"event: \ndata:a\n\n", said("a")),
    Vector("a type of two spaces is one space", b"event:  \ndata:a\n\n", (Message("a", " "),)),
    Vector("the last type wins", b"event:s\nevent:t\ndata:a\n\n", (Message("a", "t"),)),
    Vector("an empty type takes back one before", b"event:t\nevent:\ndata:a\n\n", said("a")),
    Vector("a type after the data", b"data:a\nevent:t\n\n", (Message("a", "t"),)),
    Vector("a type spelled out as message", b"event:message\ndata:a\n\n", said("a")),
    Vector("a type keeps its case", b"event:Message\ndata:a\n\n", (Message("a", "Message"),)),
    Vector("a type may be any text", b"event:\xe2\x9c\x93 \0\ndata:a\n\n", (Message("a", "\u2713 \0"),)),
    Vector("a type named error is just a name", b"event:error\ndata:a\n\n", (Message("a", "error"),)),
    Vector(
        "a ping with data and a comment",
        b"event: ping\n: c\ndata: {}\n\n",
        (Message("{}", "ping"),),
        comments=(" c",),
    ),
)

# 9.2.6, field "id" sets the last event ID buffer, which no dispatch empties and every block's end commits;
# a value with NUL is ignored (wpt format-field-id, format-field-id-2, -3, -null).
EVENT_ID = (
    Vector("an id", b"id:1\ndata:a\n\n", (Message("a", id="1"),)),
    Vector("an id that isn't ASCII", b"id:\xe2\x80\xa6\ndata:a\n\n", (Message("a", id="\u2026"),)),
    Vector("an id persists", b"id:1\ndata:a\n\ndata:b\n\n", (Message("a", id="1"), Message("b", id="1"))),
    Vector(
        "an id changes and persists",
        b"id:1\ndata:a\n\nid:2\ndata:b\n\ndata:c\n\n",
        (Message("a", id="1"), Message("b", id="2"), Message("c", id="2")),
    ),
    Vector(
        "an id is reset and stays so",
        b"id:1\ndata:a\n\nid:\ndata:b\n\ndata:c\n\n",
        (Message("a", id="1"), Message("b"), Message("c")),
    ),
    Vector(
        "an id of one space resets", b"id:1\ndata:a\n\nid: \ndata:b\n\n", (Message("a", id="1"), Message("b"))
    ),
    Vector("an id after the data", b"data:a\nid:1\n\n", (Message("a", id="1"),)),
    Vector("the last id wins", b"id:1\nid:2\ndata:a\n\n", (Message("a", id="2"),)),
    Vector("a reset wins over an id before it", b"id:1\nid\ndata:a\n\n", said("a")),
    Vector(
        "an id of a block without data is committed",
        b"id:1\n\ndata:a\n\n",
        (Message("a", id="1"),),
        undispatched=1,
    ),
    Vector(
        "a reset of a block without data is committed",
        b"id:1\ndata:a\n\nid\n\ndata:b\n\n",
        (Message("a", id="1"), Message("b")),
        undispatched=1,
    ),
    Vector(
        "an id is not for the event before it",
        b"data:a\n\nid:1\ndata:b\n\n",
        (Message("a"), Message("b", id="1")),
    ),
    Vector("an id of NULs is ignored", b"id:\0\0\ndata:a\n\n", said("a"), ignored=has_nul("id:\0\0")),
    Vector(
        "an id with NUL in the middle is ignored",
        b"id: 1\x002\ndata:a\n\n",
        said("a"),
        ignored=has_nul("id: 1\x002"),
    ),
    Vector(
        "an id with NUL keeps the one before",
        b"id:1\ndata:a\n\nid:2\0\ndata:b\n\n",
        (Message("a", id="1"), Message("b", id="1")),
        ignored=has_nul("id:2\0"),
    ),
    Vector(
        "an id with NUL keeps the one in its block",
        b"id:1\nid:\0\ndata:a\n\n",
        (Message("a", id="1"),),
        ignored=has_nul("id:\0"),
    ),
    Vector(
        "an id after one with NUL",
        b"id:\0\nid:1\ndata:a\n\n",
        (Message("a", id="1"),),
        ignored=has_nul("id:\0"),
    ),
    Vector("a name of id and NUL is unknown", b"id\0\ndata:a\n\n", said("a"), ignored=unknown("id\0")),
    Vector("an id keeps its spaces at the end", b"id: a b \ndata:a\n\n", (Message("a", id="a b "),)),
    Vector(
        "an id survives a block with another type",
        b"id:1\ndata:a\n\nevent:t\ndata:b\n\n",
        (Message("a", id="1"), Message("b", "t", "1")),
    ),
)

# 9.2.6, field "retry": "if the field value consists of only ASCII digits", read in base ten.
# The standard sets no largest one; the parser holds them at 2**63-1 (wpt format-field-retry).
RETRY = (
    Vector("a retry", b"retry:3000\ndata:a\n\n", said("a"), (3000,)),
    Vector("a retry of zero", b"retry:0\ndata:a\n\n", said("a"), (0,)),
    Vector("leading zeros are decimal", b"retry:0010\ndata:a\n\n", said("a"), (10,)),
    Vector("the last retry wins", b"retry:1\nretry:2\ndata:a\n\n", said("a"), (2,)),
    Vector(
        "a retry belongs to its block",
        b"retry:1\ndata:a\n\ndata:b\n\nretry:2\n\n",
        said("a", "b"),
        (1, 2),
        undispatched=1,
    ),
    Vector("a retry of 2**63-1", b"retry:9223372036854775807\n\n", retries=(LARGEST,), undispatched=1),
    Vector("a retry of 2**63-2", b"retry:9223372036854775806\n\n", retries=(LARGEST - 1,), undispatched=1),
    Vector("a retry of 2**63", b"retry:9223372036854775808\n\n", retries=(LARGEST,), undispatched=1),
    Vector("a retry of 10**19", b"retry:1" + b"0" * 19 + b"\n\n", retries=(LARGEST,), undispatched=1),
    Vector("a retry of 10**20", b"retry:1" + b"0" * 20 + b"\n\n", retries=(LARGEST,), undispatched=1),
    Vector("a retry of 5000 digits", b"retry:" + b"9" * 5000 + b"\n\n", retries=(LARGEST,), undispatched=1),
    Vector("a retry of 5000 zeros", b"retry:" + b"0" * 5000 + b"\n\n", retries=(0,), undispatched=1),
    Vector(
        "a retry of 5000 zeros and a seven", b"retry:" + b"0" * 5000 + b"7\n\n", retries=(7,), undispatched=1
    ),
)

# 9.2.6, field "retry", "otherwise, ignore the field": signs, spaces and the digits of other scripts, all of
# which int() or str.isdigit() lets through, are no ASCII digits, and an empty value is no integer (wpt
# format-field-retry-bogus, format-field-retry-empty).
RETRY_BOGUS = (
    Vector(
        "a bogus retry keeps the one before",
        b"retry:2000\nretry:1000x\ndata:a\n\n",
        said("a"),
        (2000,),
        ignored=not_digits("retry:1000x"),
    ),
    Vector(
        "a retry after a bogus one",
        b"retry:x\nretry:5\ndata:a\n\n",
        said("a"),
        (5,),
        ignored=not_digits("retry:x"),
    ),
    Vector("an empty retry", b"retry:\ndata:a\n\n", said("a"), ignored=not_digits("retry:")),
    Vector("a retry of one space", b"retry: \ndata:a\n\n", said("a"), ignored=not_digits("retry: ")),
    Vector("a retry after two spaces", b"retry:  1\n\n", ignored=not_digits("retry:  1"), undispatched=1),
    Vector("a retry before a space", b"retry:1 \n\n", ignored=not_digits("retry:1 "), undispatched=1),
    Vector("a retry after a tab", b"retry:\t1\n\n", ignored=not_digits("retry:\t1"), undispatched=1),
    Vector(
        "a retry with a space inside", b"retry:1 000\n\n", ignored=not_digits("retry:1 000"), undispatched=1
    ),
    Vector("a retry with a plus", b"retry:+1\n\n", ignored=not_digits("retry:+1"), undispatched=1),
    Vector("a retry with a minus", b"retry:-1\n\n", ignored=not_digits("retry:-1"), undispatched=1),
    Vector("a retry with a decimal point", b"retry:1.5\n\n", ignored=not_digits("retry:1.5"), undispatched=1),
    Vector("a retry with an exponent", b"retry:1e3\n\n", ignored=not_digits("retry:1e3"), undispatched=1),
    Vector("a retry in hexadecimal", b"retry:0x10\n\n", ignored=not_digits("retry:0x10"), undispatched=1),
    Vector(
        "a retry with an underscore", b"retry:1_000\n\n", ignored=not_digits("retry:1_000"), undispatched=1
    ),
    Vector("a retry with NUL", b"retry:1\0\n\n", ignored=not_digits("retry:1\0"), undispatched=1),
    Vector("a retry in superscript", b"retry:\xc2\xb2\n\n", ignored=not_digits("retry:\xb2"), undispatched=1),
    Vector(
        "a retry in Arabic-Indic digits",
        b"retry:\xd9\xa3\n\n",
        ignored=not_digits("retry:\u0663"),
        undispatched=1,
    ),
    Vector(
        "a retry in fullwidth digits",
        b"retry:\xef\xbc\x91\n\n",
        ignored=not_digits("retry:\uff11"),
        undispatched=1,
    ),
    Vector(
        "a retry in both kinds of digits",
        b"retry:1\xd9\xa3\n\n",
        ignored=not_digits("retry:1\u0663"),
        undispatched=1,
    ),
    Vector(
        "a retry with an invalid byte",
        b"retry:1\xff\n\n",
        ignored=not_digits("retry:1\ufffd"),
        undispatched=1,
    ),
)

# 9.2.6 as the servers in the wild meet it: JSON is just text, and a type in the wrong place is no type.
ENVELOPES = (
    Vector(
        "a type as a field name",
        b'message:\ndata:{"event":"token","data":"x"}\n\n',
        said('{"event":"token","data":"x"}'),
        ignored=unknown("message:"),
        spans=((0, 44),),
    ),
    Vector(
        "a type as a field name without a colon",
        b'message\ndata:{"event":"token","data":"x"}\n\n',
        said('{"event":"token","data":"x"}'),
        ignored=unknown("message"),
        spans=((0, 43),),
    ),
    Vector(
        "two envelopes in a row",
        b'message:\ndata:{"a":1}\n\nmessage:\ndata:{"a":2}\n\n',
        said('{"a":1}', '{"a":2}'),
        ignored=unknown("message:", "message:"),
        spans=((0, 23), (23, 46)),
    ),
    Vector(
        "an envelope whose type is a field too",
        b'event: token\ndata: {"event":"end"}\n\n',
        (Message('{"event":"end"}', "token"),),
    ),
    Vector("JSON on several lines", b'data: {\ndata:   "a": 1\ndata: }\n\n', said('{\n  "a": 1\n}')),
    Vector("JSON with an escaped line end", b'data: {"a":"b\\nc"}\n\n', said('{"a":"b\\nc"}')),
    Vector(
        "JSON with an unescaped line end", b'data: {"a":"b\nc"}\n\n', said('{"a":"b'), ignored=unknown('c"}')
    ),
    Vector("JSON without a field name", b'{"a":1}\n\n', ignored=unknown('{"a":1}'), undispatched=1),
    Vector("JSON lines without a field name", b'{"a":1}\n{"a":2}\n', unfinished=0),
    Vector(
        "a marker of the end",
        b'data: {"a":1}\n\ndata: [DONE]\n\n',
        said('{"a":1}', "[DONE]"),
        spans=((0, 15), (15, 29)),
    ),
    Vector(
        "a document that is no event stream",
        b"<!doctype html>\n<p>a: b\n\n",
        ignored=unknown("<!doctype html>", "<p>a: b"),
        undispatched=1,
    ),
)

FIELDS = (
    *LEADING_SPACE,
    *COLONS,
    *NO_COLON,
    *FIELD_NAMES,
    *COMMENTS,
    *DATA,
    *EVENT_TYPE,
    *EVENT_ID,
    *RETRY,
    *RETRY_BOGUS,
    *ENVELOPES,
)
