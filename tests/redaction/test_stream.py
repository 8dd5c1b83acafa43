"""Event streams: a secret in one event, over the lines of one, and spelled over several."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise

import orjson
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from sseproxy.exchange import Headers
from sseproxy.redaction import Rules, built_in
from sseproxy.redaction.body import Masker, Piece
from sseproxy.redaction.mask import Mark, masked
from sseproxy.redaction.paths import compile_path
from sseproxy.redaction.search import Search
from sseproxy.redaction.stream import StreamScanner
from sseproxy.sse import EventStreamParser
from tests.redaction.keys import BEHIND, KEYS, PEM_LINES, Key, pem

EVENT_STREAM = ((b"Content-Type", b"text/event-stream; charset=utf-8"),)


def compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def deployed(text: str) -> str:
    return f"message:\ndata:{compact({'event': 'token', 'data': text})}\n\n"


def documented(text: str) -> str:
    return f"event: token\ndata: {text}\n\n"


def openai(text: str) -> str:
    choice = {"index": 0, "delta": {"content": text}, "logprobs": None, "finish_reason": None}
    return f"data: {compact({'id': 'chatcmpl-B9MHDbslf', 'created': 1741570283, 'choices': [choice]})}\n\n"


def arguments(text: str) -> str:
    call = {"index": 0, "function": {"arguments": text}}
    return f"data: {compact({'choices': [{'index': 0, 'delta': {'tool_calls': [call]}}]})}\n\n"


def anthropic(text: str) -> str:
    delta = {"type": "text_delta", "text": text}
    return f"event: content_block_delta\ndata: {json.dumps({'type': 'x', 'index': 0, 'delta': delta})}\n\n"


def responses(text: str) -> str:
    """The number differs from event to event, so that no two are alike but for their text."""
    responses.number += 1  # type: ignore[attr-defined]
    event = {"type": "response.output_text.delta", "sequence_number": responses.number, "delta": text}  # type: ignore[attr-defined]
    return f"event: response.output_text.delta\ndata: {compact(event)}\n\n"


responses.number = 0  # type: ignore[attr-defined]

Dialect = Callable[[str], str]
DIALECTS: list[Dialect] = [deployed, documented, openai, arguments, anthropic, responses]
every_dialect = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda each: each.__name__)
every_key = pytest.mark.parametrize("key", KEYS, ids=lambda key: f"{key.name} {key.public.decode()}")

# One of each way to look for it: the rest of them are like the first.
BEGINNINGS = [KEYS[0], KEYS[9], KEYS[22], *KEYS[-6:]]
every_beginning = pytest.mark.parametrize(
    "key", BEGINNINGS, ids=lambda key: f"{key.name} {key.public.decode()}"
)

BEFORE = ["", "The", " key", " is", " "]


def marks_in(headers: Headers, body: bytes, rules: Rules | None = None) -> list[Mark]:
    search = Search(headers, rules or built_in())
    search.feed(0, body)
    return [secret.mark for secret in search.finish()]


def whole(body: bytes, rules: Rules | None = None) -> bytes:
    """What a stream becomes when all of it is known."""
    return masked(body, marks_in(EVENT_STREAM, body, rules))


def fed(reads: list[bytes], rules: Rules | None = None) -> tuple[bytes, StreamScanner]:
    """What it becomes as it comes."""
    scanner = StreamScanner(rules or built_in())
    data = b"".join(scanner.feed(read).data for read in reads)
    return data + scanner.feed(b"", final=True).data, scanner


def texts_of(body: bytes) -> str:
    """What a client of the stream makes of it."""
    said = []
    for event in EventStreamParser().feed(body):
        if not event.data.startswith("{"):
            said.append(event.data)
            continue
        data = orjson.loads(event.data)
        said.append(data["data"] if "event" in data else said_by_others(data))
    return "".join(said)


def said_by_others(data: dict[str, object]) -> str:
    match data:
        case {"choices": [{"delta": {"content": str(text)}}]}:
            return text
        case {"choices": [{"delta": {"tool_calls": [{"function": {"arguments": str(text)}}]}}]}:
            return text
        case {"delta": {"text": str(text)}} | {"delta": str(text)}:
            return text
    return ""


@every_dialect
@every_key
def test_a_key_in_one_event_is_masked_as_it_comes(dialect: Dialect, key: Key) -> None:
    text = (key.whole + BEHIND.get(key.name, b"")).decode()
    events = [dialect(word).encode() for word in [*BEFORE, f" {text} ", "and", " more"]]
    expected = b"".join(events).replace(key.whole, key.masked)
    assert key.masked in expected
    for reads in (events, [b"".join(events)]):
        assert fed(reads)[0] == expected
    assert whole(b"".join(events)) == expected


@every_dialect
@every_beginning
def test_a_key_spelled_over_events_is_known_at_the_end(dialect: Dialect, key: Key) -> None:
    text = (key.whole + BEHIND.get(key.name, b"") + b" end").decode()
    for size in (1, 2, 7):
        words = [*BEFORE, *(text[at : at + size] for at in range(0, len(text), size)), "and", " more"]
        events = [dialect(word).encode() for word in words]
        body = b"".join(events)
        for reads in (events, [body], [body[:99], body[99:300], body[300:]]):
            assert fed(reads)[1].spelled, size
        result = whole(body)
        assert len(result) == len(body)
        assert key.masked.decode() in texts_of(result)
        assert texts_of(result) == texts_of(body).replace(key.whole.decode(), key.masked.decode())
        assert whole(result) == result


@every_dialect
def test_a_key_cut_at_any_offset_over_two_events_is_found(dialect: Dialect) -> None:
    key = KEYS[0]
    text = key.whole.decode()
    for at in range(1, len(text)):
        body = "".join(map(dialect, [*BEFORE, text[:at], text[at:], " end"])).encode()
        assert texts_of(whole(body)) == " ".join(["The key is", key.masked.decode(), "end"])
        assert fed([body])[1].spelled or whole(body) == fed([body])[0]


@every_dialect
@pytest.mark.parametrize("value", ["x", "xo", "s", "hunter2", "hunter2 x"])
def test_a_value_that_the_end_of_the_stream_leaves_open_is_known_then(dialect: Dialect, value: str) -> None:
    """Also where it might yet have become another secret."""
    body = "".join(map(dialect, ['{"password":"', value])).encode()
    for reads in ([body], body.splitlines(keepends=True)):
        came, scanner = fed(reads)
        assert scanner.spelled or came == whole(body)


@every_dialect
def test_a_private_key_spelled_over_events_is_masked(dialect: Dialect) -> None:
    if dialect is documented:
        return  # a line end in a text is another line there
    text = pem(b"\n").decode()
    body = "".join(
        map(dialect, [*BEFORE, *(text[at : at + 5] for at in range(0, len(text), 5)), " x"])
    ).encode()
    result = texts_of(whole(body))
    assert len(whole(body)) == len(body)
    assert not any(line.decode() in result for line in PEM_LINES)
    assert result.count("PRIVATE KEY-----") == 2


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("field", [b"data: ", b"data:"])
@every_key
def test_a_key_over_the_lines_of_one_event_is_masked_as_it_comes(
    key: Key, field: bytes, line_end: bytes
) -> None:
    text = key.whole + BEHIND.get(key.name, b"")
    for at in range(1, len(key.whole)):
        if text[at : at + 1] == b" " and field.endswith(b":"):
            continue  # a space behind the colon is no part of the text
        event = field + b"a " + text[:at] + line_end + field + text[at:] + b" b" + line_end * 2
        result, _ = fed([event])
        assert len(result) == len(event)
        said, asked = (EventStreamParser().feed(each)[0].data.replace("\n", "") for each in (result, event))
        assert said == asked.replace(key.whole.decode(), key.masked.decode()), at
        cut = at * 37 % len(event)
        assert fed([event[:cut], event[cut:]])[0] == result, (at, cut)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"], ids=["LF", "CRLF", "CR"])
@every_beginning
def test_nor_does_it_matter_where_such_an_event_is_cut(key: Key, line_end: bytes) -> None:
    text = key.whole + BEHIND.get(key.name, b"")
    for at in (1, 2, len(key.public), len(key.public) + 5):
        event = b"data: a " + text[:at] + line_end + b"data: " + text[at:] + b" b" + line_end * 2
        result, _ = fed([event])
        for cut in range(len(event)):
            assert fed([event[:cut], event[cut:]])[0] == result, (at, cut)


@every_dialect
@pytest.mark.parametrize(
    "words",
    [
        ["sk", "-", "learn", " is", " a", " library"],
        [" risk", "-", "assessment", " of", " 20", " letters", "AND", "CAPITALS"],
        [" sk-"],
        ["AK", "IA", " is", " how", " they", " begin"],
        [" e", "y", "J", "ust", " kidding"],
        [" https", "://", "example", ".com", ":", "8080", "/", "path"],
        [" the", " pass", "word", ":", " is", " secret"],
        [" -----", "BEGIN", " CERT", "IFICATE", "-----"],
        ["A", "s", "i", "a"] * 20,
    ],
)
def test_what_only_looks_like_a_beginning_stays_byte_for_byte(dialect: Dialect, words: list[str]) -> None:
    events = [dialect(word).encode() for word in words]
    body = b"".join(events)
    for reads in (events, [body], [bytes([byte]) for byte in body]):
        data, scanner = fed(reads)
        assert data == body
        assert not scanner.spelled
    assert whole(body) == body


def test_two_answers_that_alternate_are_two_texts() -> None:
    def choice(index: int, text: str) -> str:
        return f"data: {compact({'choices': [{'index': index, 'delta': {'content': text}}]})}\n\n"

    key = KEYS[0]
    text = key.whole.decode()
    halves = [text[at : at + 6] for at in range(0, len(text), 6)]
    body = "".join(choice(0, half) + choice(1, " other") for half in halves).encode()
    assert fed([body])[1].spelled
    assert texts_of(whole(body)).replace(" other", "") == key.masked.decode()


def test_of_more_texts_than_are_listened_to_a_key_is_known_in_the_end() -> None:
    def choice(index: int, text: str) -> bytes:
        return f"data: {compact({'choices': [{'index': index, 'delta': {'content': text}}]})}\n\n".encode()

    key = KEYS[0]
    text = key.whole.decode()
    others = b"".join(choice(index, "") for index in range(1, 5000))
    body = choice(0, text[:10]) + others + choice(0, text[10:])
    assert fed([body[at : at + 65_536] for at in range(0, len(body), 65_536)])[1].spelled
    assert texts_of(whole(body)) == key.masked.decode()


SECRET = KEYS[0].secret.decode()
WORDS = st.sampled_from(
    [
        "",
        " the",
        "the",
        " s",
        "k",
        "sk",
        "-",
        "sk-",
        SECRET,
        SECRET[:9],
        SECRET[9:],
        " AKIA",
        "Q3EGUDF7",
        "EXAMPLEX",
        '"',
        "\\",
        "\n",
        "{",
        '{"password":"',
        "x",
        "é",
    ]
)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(
    st.sampled_from(DIALECTS),
    st.lists(WORDS, max_size=14),
    st.lists(st.integers(0, 1500), max_size=5),
    st.integers(0, 3),
)
def test_however_a_stream_was_cut_the_end_is_the_same(
    dialect: Dialect, words: list[str], cuts: list[int], torn: int
) -> None:
    if dialect is documented:
        words = [word.replace("\n", " ") for word in words]
    body = "".join(map(dialect, words)).encode()
    body = body[: len(body) - torn]
    offsets = sorted({0, len(body), *(offset for offset in cuts if offset < len(body))})
    reads = [body[start:stop] for start, stop in pairwise(offsets)]
    came, scanner = fed(reads)
    assert len(came) == len(body)
    expected = whole(body)
    assert whole(came) == expected
    if not scanner.spelled:
        assert came == expected


def test_events_between_are_no_part_of_the_frame() -> None:
    key = KEYS[0]
    metadata = b'message:\ndata:{"event":"metadata","data":{"apiKey":"%s","chatId":"1"}}\n\n' % key.whole
    tokens = [deployed(f" {number}").encode() for number in range(9)]
    body = b"".join([*tokens, metadata, *tokens])
    expected = body.replace(key.whole, b"[redacted]".ljust(len(key.whole), b"*"))
    assert fed([body])[0] == expected
    assert fed([*tokens, metadata + tokens[0]])[0] == expected[: len(b"".join(tokens) + metadata + tokens[0])]


@every_dialect
@pytest.mark.parametrize(
    "line", ["data: [DONE]", "data: ping", "data:ping", 'data: "hi"', ": hello\ndata: x"]
)
def test_a_line_of_plain_text_says_nothing_of_documents(dialect: Dialect, line: str) -> None:
    key = KEYS[0].whole.decode()
    words = [*BEFORE, *(key[at : at + 7] for at in range(0, len(key), 7)), " end"]
    spelling = "".join(map(dialect, words)).encode()
    plain = f"{line}\n\n".encode()
    rules = Rules()
    for reads in ([plain, plain, spelling], [plain * 2 + spelling], [plain, *spelling.splitlines(True)]):
        assert fed(reads, rules)[1].spelled
        assert fed([spelling], rules)[1].spelled  # in a later stream


def test_a_line_may_end_in_a_carriage_return_within_an_event() -> None:
    key = KEYS[0].whole
    lines = b"data: " + key[:9] + b"\rdata: " + key[9:] + b" b\n\n"
    assert KEYS[0].secret[9:] not in fed([b"data: ping\n\n", lines])[0]


@every_dialect
@every_beginning
@pytest.mark.parametrize("size", [24, 30, 40])
def test_a_key_of_which_the_first_part_was_masked_as_it_came_is_masked_on(
    dialect: Dialect, key: Key, size: int
) -> None:
    text = (key.whole + BEHIND.get(key.name, b"") + b" end").decode()
    words = [*BEFORE, *(text[at : at + size] for at in range(0, len(text), size)), "and", " more"]
    events = [dialect(word).encode() for word in words]
    came, scanner = fed(events)
    assert scanner.spelled or key.masked in came
    assert texts_of(whole(came)) == texts_of(whole(b"".join(events)))
    assert texts_of(whole(came)) == "".join(words).replace(key.whole.decode(), key.masked.decode())
    assert whole(whole(came)) == whole(came)


@every_dialect
def test_a_private_key_in_long_pieces_is_masked_to_its_end(dialect: Dialect) -> None:
    if dialect is documented:
        return  # a line end in a text is another line there
    text = pem(b"\n").decode()
    for size in (60, 90):
        pieces = (text[at : at + size] for at in range(0, len(text), size))
        came, _ = fed([dialect(word).encode() for word in [*BEFORE, *pieces, " x"]])
        said = texts_of(whole(came))
        assert not any(
            line[at : at + 8].decode() in said for line in PEM_LINES for at in range(len(line) - 8)
        )


@every_dialect
def test_so_is_one_of_which_the_stream_breaks_off_with_the_last_text(dialect: Dialect) -> None:
    text = KEYS[0].whole.decode()
    events = [dialect(word).encode() for word in [*BEFORE, text[:12], text[12:]]]
    events[-1] = events[-1].rstrip(b"\n") + b"\n"
    scanner = fed(events)[1]
    assert marks_in(EVENT_STREAM, b"".join(events))
    assert scanner.spelled


NDJSON = ((b"Content-Type", b"application/x-ndjson"),)


def ollama(text: str, **members: object) -> bytes:
    return f"{compact({'model': 'm', **members, 'response': text, 'done': False})}\n".encode()


def written(headers: Headers, reads: list[bytes], rules: Rules | None = None) -> tuple[bytes, Masker]:
    """What a recorder writes of a body before it looks at the whole."""
    masker = Masker(headers, rules or built_in())
    pieces = [piece for read in reads for piece in masker.feed(0, read)]
    return b"".join(piece.data for piece in [*pieces, *masker.finish()]), masker


@pytest.mark.parametrize("kind", [b"application/x-ndjson", b"application/jsonl; charset=utf-8"])
@pytest.mark.parametrize("size", [1, 7, 30])
@pytest.mark.parametrize("cut", [0, 1, 9, 1000], ids=["lines", "bytes", "9", "at once"])
def test_a_key_spelled_over_the_lines_of_ndjson_is_known_at_the_end(kind: bytes, size: int, cut: int) -> None:
    headers = ((b"Content-Type", kind),)
    text = KEYS[0].whole.decode()
    words = [*BEFORE, *(text[at : at + size] for at in range(0, len(text), size)), " end"]
    lines = [ollama(word) for word in words]
    body = b"".join(lines)
    came, masker = written(
        headers, [body[at : at + cut] for at in range(0, len(body), cut)] if cut else lines
    )
    assert masker.unfinished
    result = masked(came, marks_in(headers, came))
    said = "".join(orjson.loads(line)["response"] for line in result.splitlines())
    assert said == "".join(words).replace(text, KEYS[0].masked.decode())


@settings(deadline=None, derandomize=True, max_examples=150)
@given(st.lists(WORDS, max_size=14), st.lists(st.integers(0, 1500), max_size=5), st.integers(0, 9))
def test_so_are_all_that_ndjson_spells_however_it_was_cut(
    words: list[str], cuts: list[int], torn: int
) -> None:
    body = b"".join(ollama(word, index=at % 2) for at, word in enumerate(words))
    body = body[: len(body) - torn]
    offsets = sorted({0, len(body), *(offset for offset in cuts if offset < len(body))})
    came, masker = written(NDJSON, [body[start:stop] for start, stop in pairwise(offsets)])
    expected = masked(body, marks_in(NDJSON, body))
    assert masked(came, marks_in(NDJSON, came)) == expected
    if not masker.unfinished:
        assert came == expected


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""], ids=["LF", "CRLF", "torn"])
def test_a_key_that_the_last_line_completes_is_known(end: bytes) -> None:
    lines = [ollama(KEYS[0].whole[:12].decode()), ollama(KEYS[0].whole[12:].decode()).rstrip(b"\n") + end]
    assert written(NDJSON, lines)[1].unfinished


@pytest.mark.parametrize("size", [1, 9, 10_000])
def test_ndjson_that_spells_nothing_is_not_looked_at_again(size: int) -> None:
    body = b"".join(
        ollama(word, created_at=f"2026-11-23T00:00:{at:02}Z") for at, word in enumerate(BEFORE * 9)
    )
    came, masker = written(NDJSON, [body[at : at + size] for at in range(0, len(body), size)])
    assert came == body
    assert not masker.unfinished
    assert not marks_in(NDJSON, body)


def test_the_index_of_one_line_says_nothing_of_the_next() -> None:
    text = KEYS[0].whole.decode()
    lines = [ollama("", index=1), ollama(text[:15]), ollama("", index=2), ollama(text[15:])]
    assert written(NDJSON, lines)[1].unfinished
    assert marks_in(NDJSON, b"".join(lines))


def test_a_document_of_each_line_is_masked_by_a_path() -> None:
    rules = Rules(paths=[compile_path("$.user.email")])
    lines = [ollama("x", user={"email": address}) for address in ("a@b.example", "c@d.example")]
    came, masker = written(NDJSON, lines, rules)
    assert masker.unfinished
    result = masked(came, marks_in(NDJSON, came, rules))
    assert [orjson.loads(line)["user"]["email"] for line in result.splitlines()] == ["[redacted]*"] * 2


KEY = KEYS[0].whole.decode()


def seen_again(headers: Headers, reads: list[bytes | None], rules: Rules | None = None) -> bool:
    """Whether a recorder looks again at what has a secret. None: nothing more came in time."""
    masker = Masker(headers, rules or built_in())
    pieces = []
    for read in reads:
        if read is None:
            pieces += masker.flush()
        elif masker.passes(read):
            pieces.append(Piece(0, read, False, []))
        else:
            pieces += masker.feed(0, read)
    came = b"".join(piece.data for piece in [*pieces, *masker.finish()])
    looked = Search(headers, rules or built_in())
    looked.feed(0, came)
    assert any(not secret.is_masked for secret in looked.finish())
    return masker.unfinished


def plain(text: str, field: str = "data: ") -> bytes:
    return f"{field}{text}\n\n".encode()


def split(body: bytes, size: int = 65_536) -> list[bytes | None]:
    return [body[at : at + size] for at in range(0, len(body), size)]


LONG = "A" * 1_500_000
HALVES = [
    b'{"response":\n',
    f' "{KEY[:11]}"}}\n'.encode(),
    b"x" * 3000 + b'\n{"response":\n',
    f'"{KEY[11:]}"}}\n'.encode(),
]
BEARER = ollama("Bearer abcdefgh")
END = BEARER.index(b'","done')


MISSES: dict[str, tuple[Headers, list[bytes | None]]] = {
    "a line too long to be kept": (NDJSON, [ollama(KEY[:11]), *split(ollama(KEY[11:] + " " + LONG))]),
    "the same before it": (NDJSON, [*split(ollama(LONG + " " + KEY[:11])), ollama(KEY[11:])]),
    "lines that do not end": (
        NDJSON,
        split(b"".join(ollama(x).strip() for x in ["sk-", KEY[3:], *["x" * 50] * 25_000])),
    ),
    "lines that end in CR": (
        NDJSON,
        split(b"\r".join(ollama(x).strip() for x in ["sk-", KEY[3:], *["x" * 50] * 25_000])),
    ),
    "texts in the middle of a long event": (
        EVENT_STREAM,
        [
            *split(f'data: {{"pad":"{LONG}","content":"{KEY[:11]}","end":"{LONG}"}}\n\n'.encode()),
            plain(f'{{"content":"{KEY[11:]}"}}'),
        ],
    ),
    "masked for nothing more came": (NDJSON, [BEARER[:END], None, BEARER[END:], ollama("ijk lmn")]),
    "a mask that the upstream sends": (NDJSON, [ollama("sk-[redacted]*****"), ollama("abc is how")]),
    "the same in events": (EVENT_STREAM, [plain("sk-[redacted]*****"), plain("abc is how")]),
    "an event too long to be kept": (
        EVENT_STREAM,
        [openai(KEY[:11]).encode(), *split(openai(KEY[11:] + " " + LONG).encode()), plain("end")],
    ),
    "a field without a space before": (
        EVENT_STREAM,
        [plain("ping", "data:"), *map(plain, ["the ", "sk-", KEY[3:12], KEY[12:], " end"])],
    ),
}


@pytest.mark.parametrize(
    ("headers", "reads"),
    [pytest.param(*case, id=name) for name, case in MISSES.items()],
)
def test_what_was_spelled_is_seen_at_the_end(headers: Headers, reads: list[bytes | None]) -> None:
    assert seen_again(headers, reads)


def test_a_byte_order_mark_hides_no_text() -> None:
    body = b"\xef\xbb\xbf" + plain(KEY[:11]) + plain(KEY[11:])
    assert whole(body) == body.replace(KEY[:11].encode(), b"sk-[redacte").replace(
        KEY[11:].encode(), b"d]" + b"*" * (len(KEY) - 13)
    )


def test_a_member_of_ndjson_is_in_one_line() -> None:
    assert marks_in(NDJSON, b"".join(HALVES)) == []
    assert marks_in(NDJSON, b"".join(HALVES).replace(b":\n", b":"))


def test_an_image_is_not_looked_at_again() -> None:
    image = f'data: {{"type":"image","b64_json":"{LONG}"}}\n\n'.encode()
    masker = Masker(EVENT_STREAM, built_in())
    for read in [image[:9], image[9:70_000], image[70_000:], image]:
        masker.feed(0, read)
    masker.finish()
    assert not masker.unfinished


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"data: {}\r\r", b"data: {}\r\n\r\n"])
def test_a_path_looks_into_each_event(before: bytes) -> None:
    body = before + b'data: {"a":"one"}\n\n'
    (mark,) = marks_in(EVENT_STREAM, body, Rules(paths=[compile_path("$.a")]))
    assert body[mark.start : mark.stop] == b"one"


def test_what_a_pattern_looks_back_at_may_be_in_a_line_before() -> None:
    rules = Rules(patterns={"pin": regex.compile(rb"(?<=pin )[0-9]{6}")})
    assert seen_again(NDJSON, [ollama("x" * 2100 + " pin "), ollama("123456")], rules)


def test_a_document_of_several_lines_is_masked_by_a_path() -> None:
    document = json.dumps({"user": {"email": "a@b.example"}}, indent=1).encode()
    assert marks_in(NDJSON, document, Rules(paths=[compile_path("$.user.email")]))


def test_the_quotation_mark_behind_a_private_key_is_still_escaped() -> None:
    line = ollama('use "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B..." as key')
    for size in (1, 7, len(line)):
        reads = [line[at : at + size] for at in range(0, len(line), size)]
        came, _ = written(NDJSON, reads)
        assert orjson.loads(came)["response"].endswith('" as key')
        assert b"MIIE" not in came
