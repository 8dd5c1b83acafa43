"""Vectors for the stream as a whole: its lines, its encoding, its blocks and its end."""

from __future__ import annotations

from .vector import Message, Vector, said, unknown

BOM = b"\xef\xbb\xbf"

# 9.2.5, end-of-line: CRLF, CR and LF each end one line, and LF CR ends two. A block is complete at the
# first byte of its blank line's end, which is where its span stops (wpt format-newlines).
LINE_ENDS = (
    Vector("LF ends lines", b"data:a\n\n", said("a"), spans=((0, 8),)),
    Vector("CR ends lines", b"data:a\r\r", said("a"), spans=((0, 8),)),
    Vector("CRLF ends lines", b"data:a\r\n\r\n", said("a"), spans=((0, 9),)),
    Vector("one CRLF is one line end", b"data:a\r\n", unfinished=0),
    Vector("one CR is one line end", b"data:a\r", unfinished=0),
    Vector("LF CR is two line ends", b"data:a\n\r", said("a"), spans=((0, 8),)),
    Vector("LF CRLF is two line ends", b"data:a\n\r\n", said("a"), spans=((0, 8),)),
    Vector("CR CRLF is two line ends", b"data:a\r\r\n", said("a"), spans=((0, 8),)),
    Vector("CRLF LF is two line ends", b"data:a\r\n\n", said("a"), spans=((0, 9),)),
    Vector("CRLF CR is two line ends", b"data:a\r\n\r", said("a"), spans=((0, 9),)),
    Vector(
        "CR LF LF is a CRLF and an LF", b"data:a\r\n\ndata:b\n\n", said("a", "b"), spans=((0, 9), (9, 17))
    ),
    Vector("LF CR twice", b"data:a\n\rdata:b\n\r", said("a", "b"), spans=((0, 8), (8, 16))),
    Vector("CR CR twice", b"data:a\r\rdata:b\r\r", said("a", "b"), spans=((0, 8), (8, 16))),
    Vector("CRLF CRLF twice", b"data:a\r\n\r\ndata:b\r\n\r\n", said("a", "b"), spans=((0, 9), (10, 19))),
    Vector(
        "the LF of a blank CRLF opens no block",
        b"data:a\r\r\ndata:b\r\r",
        said("a", "b"),
        spans=((0, 8), (9, 17)),
    ),
    Vector(
        "LF CR LF LF is three line ends",
        b"data:a\n\r\n\ndata:b\n\n",
        said("a", "b"),
        spans=((0, 8), (10, 18)),
    ),
    Vector("LF CR CR is three line ends", b"data:a\n\r\rdata:b\n\n", said("a", "b"), spans=((0, 8), (9, 17))),
    Vector(
        "every line with an end of its own", b"data:a\rdata:b\ndata:c\r\ndata:d\r\r\n", said("a\nb\nc\nd")
    ),
    Vector(
        "a last CR dispatches without its LF",
        b"data:a\r\ndata\ndata:c\r\n\r",
        said("a\n\nc"),
        spans=((0, 22),),
    ),
    Vector("CRLF within a block splits nothing", b"data:a\r\ndata:b\r\n\r\n", said("a\nb"), spans=((0, 17),)),
    Vector(
        "two blocks with different line ends",
        b"data:a\r\rdata:b\n\n",
        said("a", "b"),
        spans=((0, 8), (8, 16)),
    ),
)

# 9.2.5: nothing but CR and LF ends a line; what Unicode and str.splitlines() hold for line breaks is data.
NOT_LINE_ENDS = (
    Vector("VT is data", b"data:a\x0bdata:b\n\n", said("a\x0bdata:b")),
    Vector("FF is data", b"data:a\x0cdata:b\n\n", said("a\x0cdata:b")),
    Vector("FS, GS and RS are data", b"data:a\x1cb\x1dc\x1ed\n\n", said("a\x1cb\x1dc\x1ed")),
    Vector("U+0085 is data", b"data:a\xc2\x85data:b\n\n", said("a\x85data:b")),
    Vector("U+2028 is data", b"data:a\xe2\x80\xa8data:b\n\n", said("a\u2028data:b")),
    Vector("U+2029 is data", b"data:a\xe2\x80\xa9data:b\n\n", said("a\u2029data:b")),
    Vector("a doubled U+2028 ends no block", b"data:a\xe2\x80\xa8\xe2\x80\xa8", unfinished=0),
    Vector("an escaped line end is two characters", rb"data:a\n\r" b"\n\n", said(r"a\n\r")),
    Vector(
        "a line of a lone space is no blank line",
        b"data:a\n \ndata:b\n\n",
        said("a\nb"),
        ignored=unknown(" "),
    ),
    Vector(
        "a line of a lone tab is no blank line",
        b"data:a\n\t\ndata:b\n\n",
        said("a\nb"),
        ignored=unknown("\t"),
    ),
    Vector(
        "a line of a lone NUL is no blank line",
        b"data:a\n\0\ndata:b\n\n",
        said("a\nb"),
        ignored=unknown("\0"),
    ),
)

# 9.2.6, UTF-8 decode: one BOM is stripped, from the very start of the stream alone; anywhere else it
# is the character U+FEFF (wpt format-bom, format-bom-2).
BYTE_ORDER_MARK = (
    Vector("a BOM is stripped", BOM + b"data:a\n\n", said("a"), spans=((0, 11),)),
    Vector("a BOM is stripped before each field: event", BOM + b"event:t\ndata:a\n\n", (Message("a", "t"),)),
    Vector("a BOM is stripped before each field: id", BOM + b"id:1\ndata:a\n\n", (Message("a", id="1"),)),
    Vector("a BOM is stripped before each field: retry", BOM + b"retry:1\ndata:a\n\n", said("a"), (1,)),
    Vector("a BOM is stripped before a comment", BOM + b":c\ndata:a\n\n", said("a"), comments=("c",)),
    Vector("a BOM is stripped before a field without a colon", BOM + b"data\n\n", said("")),
    Vector("a BOM before a blank line is no block", BOM + b"\ndata:a\n\n", said("a"), spans=((4, 12),)),
    Vector("a BOM before a blank CRLF is no block", BOM + b"\r\ndata:a\n\n", said("a"), spans=((5, 13),)),
    Vector("a BOM and a blank line is an empty stream", BOM + b"\n"),
    Vector(
        "only the first event has its BOM stripped",
        BOM + b"data:a\n\n" + BOM + b"data:b\n\ndata:c\n\n",
        said("a", "c"),
        ignored=unknown("\ufeffdata:b"),
        undispatched=1,
        spans=((0, 11), (11, 22), (22, 30)),
    ),
    Vector(
        "a second BOM belongs to the field name",
        BOM + BOM + b"data:a\n\ndata:b\n\n",
        said("b"),
        ignored=unknown("\ufeffdata:a"),
        undispatched=1,
        spans=((0, 14), (14, 22)),
    ),
    Vector(
        "a third BOM belongs to the field name",
        BOM * 3 + b"data:a\n\n",
        ignored=unknown("\ufeff\ufeffdata:a"),
        undispatched=1,
    ),
    Vector(
        "two BOMs and a blank line are a block",
        BOM + BOM + b"\n\n",
        ignored=unknown("\ufeff"),
        undispatched=1,
    ),
    Vector(
        "a BOM on the second line stays",
        b"data:a\n" + BOM + b"data:b\n\n",
        said("a"),
        ignored=unknown("\ufeffdata:b"),
    ),
    Vector(
        "a BOM after a blank line stays",
        b"\n" + BOM + b"data:a\n\n",
        ignored=unknown("\ufeffdata:a"),
        undispatched=1,
    ),
    Vector(
        "a BOM after a BOM and a blank line stays",
        BOM + b"\n" + BOM + b"data:a\n\n",
        ignored=unknown("\ufeffdata:a"),
        undispatched=1,
    ),
    Vector(
        "a BOM after a space stays",
        b" " + BOM + b"data:a\n\n",
        ignored=unknown(" \ufeffdata:a"),
        undispatched=1,
    ),
    Vector("a BOM in a value stays", b"data:" + BOM + b"a" + BOM + b"\n\n", said("\ufeffa\ufeff")),
    Vector(
        "a BOM before a colon makes no comment",
        b"data:a\n" + BOM + b":c\n\n",
        said("a"),
        ignored=unknown("\ufeff:c"),
    ),
    Vector(
        "two bytes of a BOM are no BOM",
        b"\xef\xbbdata:a\n\n",
        ignored=unknown("\ufffddata:a"),
        undispatched=1,
    ),
    Vector("one byte of a BOM is no BOM", b"\xefdata:a\n\n", ignored=unknown("\ufffddata:a"), undispatched=1),
    Vector("two bytes of a BOM are a line", b"\xef\xbb\n\n", ignored=unknown("\ufffd"), undispatched=1),
    Vector(
        "two bytes of a BOM and then a BOM",
        b"\xef\xbb" + BOM + b"\n\n",
        ignored=unknown("\ufffd\ufeff"),
        undispatched=1,
    ),
    Vector(
        "a UTF-16 BOM is two invalid bytes",
        b"\xff\xfedata:a\n\n",
        ignored=unknown("\ufffd\ufffddata:a"),
        undispatched=1,
    ),
)

# 9.2.6, "streams must be decoded using the UTF-8 decode algorithm", whatever charset the response names
# (wpt format-utf-8). Encoding Standard, UTF-8 decoder: one U+FFFD for each maximal part that could still
# have become a character, and the byte that breaks a sequence is read again, so it ends its line.
DECODING = (
    Vector("a sequence of two bytes", b"data:\xc3\xa9\n\n", said("\xe9")),
    Vector("a sequence of three bytes", b"data:ok\xe2\x80\xa6\n\n", said("ok\u2026")),
    Vector("a sequence of four bytes", b"data:\xf0\x9f\x98\x80\n\n", said("\U0001f600")),
    Vector(
        "the first and the last character of each length",
        b"data:\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\n\n",
        said("\x7f\x80\u07ff\u0800\uffff\U00010000\U0010ffff"),
    ),
    Vector(
        "the characters around the surrogates", b"data:\xed\x9f\xbf\xee\x80\x80\n\n", said("\ud7ff\ue000")
    ),
    Vector("U+FFFD itself", b"data:\xef\xbf\xbd\n\n", said("\ufffd")),
    Vector("a continuation alone", b"data:a\x80b\n\n", said("a\ufffdb")),
    Vector("three continuations alone", b"data:\x80\xbf\x80\n\n", said("\ufffd" * 3)),
    Vector("0xFE and 0xFF", b"data:\xfe\xff\n\n", said("\ufffd" * 2)),
    Vector("windows-1252 is not UTF-8", b"data:caf\xe9\n\n", said("caf\ufffd")),
    Vector("0x85 of windows-1252 ends no line", b"data:a\x85b\n\n", said("a\ufffdb")),
    Vector("an overlong solidus in two bytes", b"data:\xc0\xaf\n\n", said("\ufffd" * 2)),
    Vector("an overlong solidus in three bytes", b"data:\xe0\x80\xaf\n\n", said("\ufffd" * 3)),
    Vector("an overlong solidus in four bytes", b"data:\xf0\x80\x80\xaf\n\n", said("\ufffd" * 4)),
    Vector("an overlong LF ends no line", b"data:a\xc0\x8a\xc0\x8ab\n\n", said("a\ufffd\ufffd\ufffd\ufffdb")),
    Vector(
        "an overlong colon separates nothing",
        b"data\xc0\xbaa\n\n",
        ignored=unknown("data\ufffd\ufffda"),
        undispatched=1,
    ),
    Vector("an overlong NUL is no NUL", b"id:\xc0\x80\ndata:a\n\n", (Message("a", id="\ufffd\ufffd"),)),
    Vector("a high surrogate", b"data:\xed\xa0\x80\n\n", said("\ufffd" * 3)),
    Vector("a low surrogate", b"data:\xed\xbf\xbf\n\n", said("\ufffd" * 3)),
    Vector("a pair of surrogates", b"data:\xed\xa0\xbd\xed\xb8\x80\n\n", said("\ufffd" * 6)),
    Vector("a character past U+10FFFF", b"data:\xf4\x90\x80\x80\n\n", said("\ufffd" * 4)),
    Vector("a lead byte past 0xF4", b"data:\xf5\x80\x80\x80\n\n", said("\ufffd" * 4)),
    Vector("a sequence of five bytes", b"data:\xf8\x88\x80\x80\x80\n\n", said("\ufffd" * 5)),
    Vector("one byte of two before LF", b"data:\xc3\n\n", said("\ufffd")),
    Vector("two bytes of three before LF", b"data:\xe2\x82\ndata:a\n\n", said("\ufffd\na")),
    Vector("two bytes of three before CR", b"data:\xe2\x82\rdata:a\r\r", said("\ufffd\na")),
    Vector("three bytes of four before CRLF", b"data:\xf0\x9f\x98\r\n\r\n", said("\ufffd"), spans=((0, 11),)),
    Vector("two bytes of three before a letter", b"data:\xe2\x82A\n\n", said("\ufffdA")),
    Vector(
        "two bytes of three before a whole sequence", b"data:\xe2\x82\xe2\x82\xac\n\n", said("\ufffd\u20ac")
    ),
    Vector("a lead byte before another", b"data:\xf0\xf0\x9f\x98\x80\n\n", said("\ufffd\U0001f600")),
    Vector("a broken sequence and a stray continuation", b"data:\xe2\x28\xa1\n\n", said("\ufffd(\ufffd")),
    Vector(
        "a sequence that an LF cuts in two",
        b"data:\xe2\x82\n\xac\n\n",
        said("\ufffd"),
        ignored=unknown("\ufffd"),
    ),
    Vector(
        "a lead byte does not swallow the colon",
        b"data\xc3:a\n\n",
        ignored=unknown("data\ufffd:a"),
        undispatched=1,
    ),
    Vector(
        "a lead byte does not swallow the blank line",
        b"data:a\n\xc3\n\n",
        said("a"),
        ignored=unknown("\ufffd"),
    ),
    Vector("an event type with an invalid byte", b"event:\xff\ndata:a\n\n", (Message("a", "\ufffd"),)),
    Vector("an id with an invalid byte", b"id:\xff\ndata:a\n\n", (Message("a", id="\ufffd"),)),
)

# 9.2.5, any-char: every character but CR and LF may be in a value (wpt format-null-character).
ANY_CHARACTER = (
    Vector("NUL in data", b"data:\0\n\n", said("\0")),
    Vector("NUL around data", b"data: \0a\0\n\n", said("\0a\0")),
    Vector("control characters in data", b"data:\x01\x08\x1b\x7f\n\n", said("\x01\x08\x1b\x7f")),
    Vector("noncharacters in data", b"data:\xef\xbf\xbe\xef\xb7\x90\n\n", said("\ufffe\ufdd0")),
    Vector("combining characters are left as they are", b"data:e\xcc\x81\n\n", said("e\u0301")),
)

# 9.2.5 sets no limit to the length of a line.
LONG_LINES = (
    Vector("a long value", b"data:" + b"a" * 70_000 + b"\n\n", said("a" * 70_000), spans=((0, 70_007),)),
    Vector("a long comment", b":" + b"a" * 70_000 + b"\n\n", comments=("a" * 70_000,), undispatched=1),
    Vector("a long field name", b"a" * 70_000 + b"\n\n", ignored=unknown("a" * 70_000), undispatched=1),
    Vector("a long line without its end", b"data:a\n\n" + b"data:" + b"a" * 70_000, said("a"), unfinished=8),
    Vector(
        "a long value of long sequences",
        b"data:" + b"\xf0\x9f\x98\x80" * 10_000 + b"\n\n",
        said("\U0001f600" * 10_000),
    ),
)

# 9.2.6, "if the data buffer is an empty string, … return": a block without data is over and unseen.
NO_DATA = (
    Vector("an event type alone", b"event:t\n\n", undispatched=1, spans=((0, 9),)),
    Vector("an id alone", b"id:1\n\n", undispatched=1),
    Vector("a retry alone", b"retry:1\n\n", retries=(1,), undispatched=1),
    Vector("an unknown field alone", b"a:b\n\n", ignored=unknown("a:b"), undispatched=1),
    Vector("everything but data", b":c\nevent:t\nid:1\nretry:2\nx\n\n", (), (2,), ("c",), unknown("x"), 1),
    Vector("an empty stream", b""),
    Vector("one blank line", b"\n", spans=()),
    Vector("blank lines only", b"\n\r\r\n\n\n\r\n", spans=()),
    Vector("a lone CR", b"\r", spans=()),
    Vector("blank lines before the first event", b"\n\r\n\rdata:a\n\n", said("a"), spans=((4, 12),)),
    Vector(
        "blank lines between two events",
        b"data:a\n\n\n\n\r\ndata:b\n\n",
        said("a", "b"),
        spans=((0, 8), (12, 20)),
    ),
    Vector("blank lines after the last event", b"data:a\n\n\n\n", said("a"), spans=((0, 8),)),
)

# 9.2.6, "once the end of the file is reached, any pending data must be discarded" (wpt
# format-data-before-final-empty-line).
END_OF_STREAM = (
    Vector("a line without its end", b"data:a", unfinished=0),
    Vector("a block without its blank line", b"data:a\n", unfinished=0),
    Vector(
        "a second event without its blank line",
        b"retry:9\ndata:a\n\nid:1\ndata:b\n",
        said("a"),
        (9,),
        unfinished=16,
    ),
    Vector("a second event without any line end", b"data:a\n\nid:1\ndata:b", said("a"), unfinished=8),
    Vector("an unfinished block after CRLF", b"data:a\r\n\r\ndata:b\r\n", said("a"), unfinished=10),
    Vector("an unfinished block after blank lines", b"data:a\n\n\n\nx", said("a"), unfinished=10),
    Vector("an unfinished comment", b"data:a\n\n:heart", said("a"), unfinished=8),
    Vector("an unfinished sequence of UTF-8", b"data:\xe2\x82", unfinished=0),
    Vector("the last event ends with the stream", b"data:a\n\ndata:b\n\n", said("a", "b"), unfinished=None),
)

STREAM = (
    *LINE_ENDS,
    *NOT_LINE_ENDS,
    *BYTE_ORDER_MARK,
    *DECODING,
    *ANY_CHARACTER,
    *LONG_LINES,
    *NO_DATA,
    *END_OF_STREAM,
)
