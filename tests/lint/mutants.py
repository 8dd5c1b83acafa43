"""Broken streams: real ones with one thing changed, and what each is to be found guilty of."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from sseproxy.exchange import Arrival, End, Ending, Exchange, Framing
from tests.lint.streams import Change, Piece, Pieces, pieces, spoken, with_pieces


@dataclass(frozen=True, slots=True)
class Mutant:
    code: str
    base: str
    what: str
    change: Callable[[Exchange], Exchange]
    also: tuple[str, ...] = ()
    """Codes of what the same thing is beside that, by its nature."""

    @property
    def exchange(self) -> Exchange:
        return self.change(spoken(self.base))


MUTANTS: list[Mutant] = []


def body(code: str, base: str, what: str, change: Change, also: tuple[str, ...] = ()) -> None:
    """A stream whose blocks were changed."""
    MUTANTS.append(Mutant(code, base, what, lambda was: with_pieces(was, change(pieces(was))), also))


def whole(
    code: str, base: str, what: str, change: Callable[[Exchange], Exchange], also: tuple[str, ...] = ()
) -> None:
    MUTANTS.append(Mutant(code, base, what, change, also))


def at(found: Pieces, kind: str, which: int = 0) -> int:
    """Where the block of this kind is; `which` of several."""
    return [number for number, piece in enumerate(found) if piece.kind == kind][which]


def without(kind: str) -> Change:
    return lambda found: [piece for piece in found if piece.kind != kind]


def twice(kind: str) -> Change:
    def change(found: Pieces) -> Pieces:
        here = at(found, kind)
        return [*found[: here + 1], found[here], *found[here + 1 :]]

    return change


def moved(kind: str, behind: str, which: int = -1) -> Change:
    """The block (of several the last) comes right behind the last one of another kind."""

    def change(found: Pieces) -> Pieces:
        piece = found[at(found, kind, which)]
        rest = [each for each in found if each is not piece]
        place = at(rest, behind, -1)
        return [*rest[: place + 1], Piece(rest[place].t, piece.block), *rest[place + 1 :]]

    return change


def added(block: bytes, behind: str) -> Change:
    def change(found: Pieces) -> Pieces:
        place = at(found, behind, -1)
        return [*found[: place + 1], Piece(found[place].t, block), *found[place + 1 :]]

    return change


def edited(kind: str, old: bytes, new: bytes, which: int = 0) -> Change:
    def change(found: Pieces) -> Pieces:
        here = at(found, kind, which)
        assert old in found[here].block, found[here]
        block = found[here].block.replace(old, new, 1)
        return [*found[:here], Piece(found[here].t, block), *found[here + 1 :]]

    return change


def header(name: bytes, value: bytes | None) -> Callable[[Exchange], Exchange]:
    """The response with a header of another value; None: without it."""

    def change(was: Exchange) -> Exchange:
        assert was.response
        kept = tuple(pair for pair in was.response.headers if pair[0].lower() != name.lower())
        mine = ((name, value),) if value is not None else ()
        return replace(was, response=replace(was.response, headers=kept + mine))

    return change


def ended(reason: Ending, *, keep: float = 1.0) -> Callable[[Exchange], Exchange]:
    """The stream stopped for this reason after a part of its reads."""

    def change(was: Exchange) -> Exchange:
        arrivals = was.arrivals[: int(len(was.arrivals) * keep)]
        t = arrivals[-1].t + 1_000
        return replace(was, arrivals=arrivals, end=End(t, reason, sum(len(data) for _, data in arrivals)))

    return change


def unended(was: Exchange) -> Exchange:
    return replace(was, end=None)


def ending_at(seconds: float) -> Callable[[Exchange], Exchange]:
    def change(was: Exchange) -> Exchange:
        assert was.end
        return replace(was, end=replace(was.end, t=round(seconds * 1e6)))

    return change


def earlier(read: int, seconds: float) -> Callable[[Exchange], Exchange]:
    """One read has a time before that of the read in front of it."""

    def change(was: Exchange) -> Exchange:
        t, data = was.arrivals[read]
        changed = Arrival(t - round(seconds * 1e6), data)
        return replace(was, arrivals=(*was.arrivals[:read], changed, *was.arrivals[read + 1 :]))

    return change


def framing(kind: Framing) -> Callable[[Exchange], Exchange]:
    def change(was: Exchange) -> Exchange:
        assert was.response
        headers = tuple(pair for pair in was.response.headers if pair[0].lower() != b"transfer-encoding")
        if kind is Framing.LENGTH:
            headers += ((b"Content-Length", b"%d" % len(was.body)),)
        return replace(was, response=replace(was.response, headers=headers, framing=kind))

    return change


def asked(body: bytes, method: str = "POST") -> Callable[[Exchange], Exchange]:
    def change(was: Exchange) -> Exchange:
        assert was.request
        return replace(was, request=replace(was.request, body=body, method=method))

    return change


def gzipped(was: Exchange) -> Exchange:
    """Compressed and flushed after each read, so that the times are what they were."""
    packer = zlib.compressobj(wbits=31)
    coded = [Arrival(t, packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH)) for t, data in was.arrivals]
    coded.append(Arrival(coded[-1].t, packer.flush()))
    assert gzip.decompress(b"".join(data for _, data in coded)) == was.body
    return header(b"Content-Encoding", b"gzip")(replace(was, arrivals=tuple(coded)))


def together(first: str, *, from_token: int = 0) -> Change:
    """The tokens from a certain one on came in one read, with the last of them."""

    def change(found: Pieces) -> Pieces:
        tokens = [number for number, piece in enumerate(found) if piece.kind == first][from_token:]
        t = found[tokens[-1]].t
        return [Piece(t, piece.block) if number in tokens else piece for number, piece in enumerate(found)]

    return change


def later(seconds: float, kind: str, which: int) -> Change:
    """A pause before a block."""

    def change(found: Pieces) -> Pieces:
        here = at(found, kind, which)
        more = round(seconds * 1e6)
        return [Piece(piece.t + more * (number >= here), piece.block) for number, piece in enumerate(found)]

    return change


def both(*changes: Change) -> Change:
    def change(found: Pieces) -> Pieces:
        for each in changes:
            found = each(found)
        return found

    return change


def last_bytes(dropped: int) -> Change:
    return lambda found: [*found[:-1], Piece(found[-1].t, found[-1].block[:-dropped])]


def everywhere(old: bytes, new: bytes, *, but: int) -> Change:
    """All blocks changed except one."""
    return lambda found: [
        piece if number == but else Piece(piece.t, piece.block.replace(old, new))
        for number, piece in enumerate(found)
    ]


SAID = (
    b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk",'
    b'"choices":[{"index":0,"delta":{"content":"!"}}]}\n\n'
)
DELTA = (
    b"event: content_block_delta\n"
    b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"!"}}\n\n'
)

# The wire.
body("W101", "conversation", "one line end is missing at the end", last_bytes(1))
body("W101", "agentflow_agent", "both are", last_bytes(2))
body("W101", "err400", "of a stream of two events", last_bytes(1))
body("W101", "named", "of a documented one", last_bytes(1))
body("W101", "chat", "of OpenAI's", last_bytes(1))
body("W101", "anthropic", "of Anthropic's, in the middle of the data", last_bytes(12))
body("W101", "ollama", "the last line has no end", last_bytes(1))
body("W102", "conversation", "one block has CRLF", edited("token", b"\n\n", b"\r\n\r\n", 7))
body("W102", "retrieval", "all but one have CRLF", everywhere(b"\n", b"\r\n", but=5))
body("W102", "named", "one block has CR", edited("token", b"\n\n", b"\r\r", 1))
body(
    "W103",
    "conversation",
    "at the front",
    lambda found: [Piece(found[0].t, b"\xef\xbb\xbf" + found[0].block), *found[1:]],
)
body(
    "W103",
    "chat",
    "at OpenAI's front",
    lambda found: [Piece(found[0].t, b"\xef\xbb\xbf" + found[0].block), *found[1:]],
)
body("W104", "conversation", "a letter cut in two", edited("token", "ï".encode(), b"\xc3", 6))
body("W104", "named", "Latin-1", edited("token", b" upon", b" \xfcber", 1))
body("W104", "toolagent", "a lone continuation byte", edited("token", b"quick", b"\x80quick", 1))
body("W105", "conversation", "in a token", edited("token", b"message:", b"id: a\0b", 3))
body("W105", "named", "in the end", edited("[DONE]", b"event", b"id: \0\nevent"))
body("W106", "conversation", "with a unit", edited("token", b"message:", b"retry: 3s", 3))
body("W106", "named", "a fraction", edited("event: start", b"event", b"retry: 1.5\nevent"))
body("W106", "anthropic", "negative", edited("message_start", b"event", b"retry: -1\nevent"))
body("W107", "conversation", "a token", edited("token", b"quick", b"q" * 70_000, 1))
body(
    "W107",
    "agentflow_agent",
    "what an agent did",
    edited("agentFlowExecutedData", b"capital", b"capital" * 10_000),
)
body("W108", "named", "tools", edited("usedTools", b'data: [{"tool":"clock"}]\n', b""))
body("W108", "named", "a token", edited("token", b"data:  upon\n", b"", 1))
body("W108", "anthropic", "a ping", edited("", b'data: {"type":"ping"}\n', b""))
body("W109", "conversation", "a misspelt field", edited("token", b"message:", b"dta: x", 3))
body("W109", "named", "a line end in the data", edited("token", b" upon", b" upon\na", 1))
body("W109", "named", "a capital", edited("event: start", b"event", b"Event: start\nevent"))
body(
    "W109", "chat", "HTML in front", lambda found: [Piece(found[0].t, b"<br>\n" + found[0].block), *found[1:]]
)
body("W110", "conversation", "cut in two", edited("token", b'"}', b"", 3))
body("W110", "chat", "two in one line", edited('"content"', b"}]}", b"}]}{}", 1))
body("W110", "anthropic", "single quotes", edited("content_block_delta", b'"index":0', b"'index':0"))
body("W110", "ollama", "a line of something else", added(b"data: x\n", '"role"'))

# HTTP.
whole("H201", "conversation", "plain text", header(b"Content-Type", b"text/plain; charset=utf-8"))
whole("H201", "conversation", "JSON", header(b"Content-Type", b"application/json"))
whole("H201", "named", "nothing", header(b"Content-Type", None))
whole("H202", "conversation_nonstreaming", "Flowise", asked(b'{"question":"Hi","streaming":true}'))
whole("H202", "conversation_nonstreaming", "OpenAI", asked(b'{"messages":[],"stream":true}'))
whole("H203", "conversation", "gzip", gzipped)
whole("H204", "conversation", "for a minute", header(b"Cache-Control", b"public, max-age=60"))
whole("H204", "mcp", "a GET", lambda was: header(b"Cache-Control", None)(asked(b"", "GET")(was)))
whole("H205", "conversation", "a POST", header(b"Cache-Control", None))
whole("H206", "conversation", "nothing said", header(b"X-Accel-Buffering", None))
whole("H206", "chat", "yes", header(b"X-Accel-Buffering", b"yes"))
whole("H207", "conversation", "Flowise", framing(Framing.LENGTH))
whole("H207", "chat", "OpenAI", framing(Framing.LENGTH))
whole(
    "H208",
    "conversation",
    "closed at the end",
    lambda was: framing(Framing.CLOSE)(ended(Ending.EOF_UNFRAMED)(was)),
)
whole("H209", "conversation", "truncated", ended(Ending.TRUNCATED, keep=0.5))
whole("H209", "agentflow_agent", "reset", ended(Ending.UPSTREAM_RESET, keep=0.9))
whole("H209", "anthropic", "timed out", ended(Ending.UPSTREAM_TIMEOUT, keep=0.5))
whole("H209", "chat", "malformed", ended(Ending.ERROR, keep=0.5))

# Order.
body("O301", "conversation", "behind the metadata", moved("token", "metadata"))
body("O301", "toolagent", "several behind the metadata", both(*[moved("token", "metadata")] * 3))
body("O301", "retrieval", "behind the end", moved("token", "[DONE]"))
body("O301", "midfail", "behind an error", moved("token", '"error"'))
body("O301", "named", "behind the end, documented", moved("token", "[DONE]"))
body("O301", "chat", "behind the reason to stop", added(SAID, '"stop"'))
body("O301", "anthropic", "behind message_stop", added(DELTA, "message_stop"))
body("O302", "conversation", "Flowise", twice("[DONE]"))
body("O302", "named", "documented", twice("[DONE]"))
body("O302", "chat", "OpenAI", twice("[DONE]"))
body("O302", "anthropic", "Anthropic", twice("message_stop"))
body("O303", "conversation", "Flowise", without("[DONE]"))
body("O303", "agentflow_agent", "neither metadata nor end", both(without("metadata"), without("[DONE]")))
body("O303", "named", "documented", without("[DONE]"))
body("O303", "chat", "OpenAI", without("[DONE]"))
body("O303", "responses", "responses", without("response.completed"))
body("O303", "anthropic", "Anthropic", without("message_stop"))
body("O303", "vercel", "the AI SDK", without("[DONE]"))
body("O303", "ollama", "Ollama", without('"done":true'))
body("O304", "err400", "at once", without("[DONE]"))
body("O304", "midfail", "after tokens", without("[DONE]"))
body("O305", "conversation", "a second start", moved('"start"', "token", 0))
body("O305", "toolagent", "tools behind the metadata", moved("usedTools", "metadata"))
body("O305", "conversation", "metadata twice", twice("metadata"))
body("O305", "anthropic", "a second message_start", twice("message_start"))
body("O306", "conversation", "metadata", without("metadata"))
body("O306", "chat", "the reason to stop", without('"stop"'))
body("O306", "anthropic", "the start of a block", without("content_block_start"))
body("O306", "anthropic", "the end of a block", without("content_block_stop"))
body("O306", "vercel", "the end of a step", without("finish-step"))
body("O307", "conversation", "end before metadata", moved("metadata", "[DONE]"))
body("O307", "agentflow_agent", "end before metadata in an agent flow", moved("metadata", "[DONE]"))
body("O307", "named", "documented", moved("metadata", "[DONE]"))
body("O307", "chat", "the reason to stop behind the end", moved('"stop"', "[DONE]"))
body("O307", "anthropic", "a block's end behind message_delta", moved("content_block_stop", "message_delta"))
whole(
    "O308",
    "conversation",
    "not the chat asked for",
    asked(b'{"question":"Hi","streaming":true,"chatId":"mine"}'),
)
body("O308", "chat", "a chunk of another completion", edited('"content"', b"chatcmpl-1", b"chatcmpl-2", 1))
body("O308", "responses", "another response's end", edited("response.completed", b"resp_1", b"resp_2"))
body("O308", "mcp", "the answer to another request", edited("result", b'"id":2', b'"id":3'))
body("O309", "toolagent", "tools", twice("usedTools"))
body("O309", "retrieval", "documents", twice("sourceDocuments"))
body("O309", "agentflow_agent", "a node", twice("nextAgentFlow"))
body("O309", "mcp", "an id of the wire", edited("result", b"id: 2", b"id: 1"))
body("O309", "responses", "a sequence number", twice("output_text.delta"))

# Timing.
body("T401", "conversation", "three seconds between tokens", later(3, "token", 20))
body("T401", "named", "two before the end", later(2, "[DONE]", 0))
whole("T401", "midfail", "before the ending", ending_at(9))
body(
    "T402",
    "conversation",
    "half of the answer",
    both(together("token", from_token=20), later(2, "token", 20)),
)
body("T403", "conversation", "a conversation", together("token"))
body("T403", "agentflow_agent", "an agent flow", together("token"))
body("T404", "conversation", "a minute of nothing", later(60, "token", 20))
body("T404", "slow_heartbeat", "a minute before the heartbeat", later(60, "heartbeat", 0))

# The recording.
whole("R701", "conversation", "no end", unended)
whole("R701", "chat", "the recorder was stopped", ended(Ending.PROXY_STOPPED, keep=0.5))
whole("R701", "retrieval", "more than was to be kept", ended(Ending.LIMIT, keep=0.5))
whole("R701", "agentflow_agent", "a part was lost", ended(Ending.LOSSY, keep=0.9))
whole("R702", "conversation", "the client left", ended(Ending.CLIENT_LEFT, keep=0.5))
whole("R703", "conversation", "a read before the last one", earlier(20, 0.3))
whole("R703", "anthropic", "a read before the head", earlier(0, 0.008))
whole(
    "R704",
    "conversation",
    "a coding that nobody knows",
    header(b"Content-Encoding", b"snappy"),
    also=("H203",),
)
whole("R704", "named", "bytes that are no gzip", header(b"Content-Encoding", b"gzip"), also=("H203",))

# Clients.
body("C601", "mcp", "a heartbeat behind an id", added(b": beat\n\n", "notifications"))
body("C601", "vercel", "a block of retry alone", added(b"retry: 3000\n\n", '"start"'))
body("C602", "chat", "a block of retry alone", added(b"retry: 3000\n\n", '"role"'), also=("C601",))
body("C603", "anthropic", "a ping without its name", edited("", b"event: ping\n", b""))
body("C604", "midfail", "a token that says `data:`", edited("token", b"quick", b"data:quick", 1))
body(
    "C605",
    "err400",
    "an envelope in two lines",
    edited('"error"', b',"data"', b'\ndata:,"data"'),
    also=("C604",),
)
