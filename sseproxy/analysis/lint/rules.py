"""All that is looked for. docs/findings.md is written from this table."""

from __future__ import annotations

from sseproxy.analysis.lint.finding import Rule, Severity

INFO, WARNING, ERROR = Severity.INFO, Severity.WARNING, Severity.ERROR

GROUPS = {
    "W": ("Wire", "The bytes against the grammar of event streams (WHATWG HTML, section 9.2)."),
    "H": ("HTTP", "How the stream was sent."),
    "O": ("Order", "The events against the contract of their dialect, or yours."),
    "T": ("Timing", "When the bytes came."),
    "S": ("Session", "Streams that ran at the same time."),
    "R": ("Recording", "Whether the cassette holds what there was."),
    "C": (
        "Clients",
        "What libraries make of the stream, where that is not what the standard says. Each statement is"
        " checked by a test against the library itself.",
    ),
}

RULES: dict[str, Rule] = {}


def _rule(code: str, name: str, severity: Severity, summary: str, why: str) -> Rule:
    RULES[code] = Rule(code, name, severity, summary, why)
    return RULES[code]


UNFINISHED = _rule(
    *("W101", "unfinished-event", ERROR),
    "The stream ends without the blank line that completes its last event.",
    "A block without its blank line is dropped when the stream ends: listeners never get the event. End"
    " each event with an empty line, the last one too.",
)
MIXED_LINE_ENDS = _rule(
    *("W102", "mixed-line-ends", WARNING),
    "Lines end with more than one of LF, CRLF and CR.",
    "The grammar allows each of them, and many parsers know only LF. A mixture mostly means that two"
    " programs wrote the stream.",
)
BOM = _rule(
    *("W103", "bom", WARNING),
    "The stream begins with a byte order mark.",
    "The grammar drops it; parsers that do not take the first line for an unknown field, and lose the"
    " first event.",
)
INVALID_UTF8 = _rule(
    *("W104", "invalid-utf-8", ERROR),
    "An event has bytes that are no UTF-8.",
    "Event streams are UTF-8, whatever the head says. Strict readers fail here, others show U+FFFD."
    " Mostly a character was cut in two when the text was split into tokens.",
)
ID_HAS_NUL = _rule(
    *("W105", "id-has-nul", WARNING),
    "An `id` contains NUL and is ignored.",
    "The last event ID stays what it was, so that a client that reconnects asks for the wrong place.",
)
RETRY_NOT_DIGITS = _rule(
    *("W106", "retry-not-digits", WARNING),
    "A `retry` is not all ASCII digits and is ignored.",
    "Only whole milliseconds are understood: no unit, no sign, no fraction.",
)
GIANT_LINE = _rule(
    *("W107", "giant-line", WARNING),
    "A line is longer than 64 KiB.",
    "Line readers have limits: 64 KiB in Go's bufio.Scanner and in Python's asyncio.StreamReader. Split"
    " the data over several `data` lines, or send a reference.",
)
DROPPED = _rule(
    *("W108", "dropped-event", WARNING),
    "A block names an event and has no `data`, so that nobody gets it.",
    "Without a `data` line nothing is dispatched. An empty one (`data:`) is enough.",
)
UNKNOWN_FIELD = _rule(
    *("W109", "unknown-field", WARNING),
    "A line begins with no field that there is.",
    "Such lines are ignored. There are `data`, `event`, `id` and `retry`, in lower case, and comments,"
    " which begin with a colon. A line end inside the data does this too: each line needs a `data:` of"
    " its own. (The empty `message:` line of Flowise is known to be harmless and not reported.)",
)
BROKEN_JSON = _rule(
    *("W110", "broken-json", ERROR),
    "The data of an event is no JSON, in a dialect where it should be.",
    "Clients parse it and fail, mostly with the whole stream. Often an event was cut in two, or two"
    " were joined.",
)

CONTENT_TYPE = _rule(
    *("H201", "content-type", WARNING),
    "The body is an event stream, and its Content-Type says otherwise.",
    "EventSource and many libraries refuse what is not `text/event-stream`, and intermediaries that"
    " know the type don't buffer it.",
)
NOT_STREAMED = _rule(
    *("H202", "not-streamed", WARNING),
    "The request asked for a stream and got one piece of JSON.",
    "Flowise answers so where a flow can't stream; elsewhere an intermediary may have collected the stream.",
)
COMPRESSED = _rule(
    *("H203", "compressed", WARNING),
    "The stream is compressed.",
    "Compressors hold bytes back until they have a block, unless they are flushed after each event. The"
    " gain is small: events are short.",
)
CACHEABLE = _rule(
    *("H204", "cacheable", WARNING),
    "The head allows caches to keep the stream.",
    "A cache has to have the whole of it first, and gives it to the next client at once. Send"
    " `Cache-Control: no-cache` or `no-store`.",
)
NO_CACHE_CONTROL = _rule(
    *("H205", "no-cache-control", INFO),
    "The head does not forbid caching.",
    "Answers to POST are not kept by default, those to GET may be. `Cache-Control: no-cache` makes it plain.",
)
BUFFERING = _rule(
    *("H206", "buffering-allowed", INFO),
    "The head does not ask proxies not to buffer.",
    "nginx collects responses unless it is configured not to, or the head has `X-Accel-Buffering: no`.",
)
FIXED_LENGTH = _rule(
    *("H207", "fixed-length", WARNING),
    "The stream has a Content-Length: somebody had all of it before the first byte was sent.",
    "A stream is sent as it comes to be, so that its length can't be known: it is chunked in HTTP/1.1.",
)
UNFRAMED = _rule(
    *("H208", "unframed", INFO),
    "The stream ends by closing the connection: its end can't be told from a cut.",
    "With chunked framing a client knows whether it has everything. HTTP/1.0 has no such framing; an"
    " intermediary that speaks it (nginx does by default, to its upstreams) is the usual reason.",
)
CUT = _rule(
    *("H209", "cut", ERROR),
    "The stream was cut: its framing says that more was to come, or the connection broke.",
    "What the client has is a part. Whether it noticed depends on its library.",
)

LATE_TOKEN = _rule(
    *("O301", "late-token", ERROR),
    "A token came when the answer was over.",
    "Clients stop reading at the end, or have stored the answer when the metadata came: this text is"
    " lost, or is shown and then gone.",
)
SECOND_END = _rule(
    *("O302", "second-end", ERROR),
    "The last event came twice.",
    "Clients that close at the first don't see the second; others finish the answer twice.",
)
MISSING_END = _rule(
    *("O303", "missing-end", ERROR),
    "The stream is over, and its last event never came.",
    "Clients that wait for it show the answer as unfinished, or wait until they time out.",
)
ERROR_WITHOUT_END = _rule(
    *("O304", "error-without-end", ERROR),
    "The stream stops after an error, without its last event.",
    "The contract wants an end after an error too: clients that wait for it hang, though they were told"
    " of the error.",
)
UNEXPECTED = _rule(
    *("O305", "unexpected-event", ERROR),
    "An event came where the contract does not allow it.",
    "A client that keeps to the contract ignores it, or fails.",
)
MISSING_EVENT = _rule(
    *("O306", "missing-event", ERROR),
    "An event that the contract demands did not come.",
    "What it would have told (ids, usage, how the answer ended) is missing.",
)
OUT_OF_ORDER = _rule(
    *("O307", "out-of-order", ERROR),
    "An event came behind one that it should come before.",
    "The classical one is `end` before `metadata`: clients that close at the end never see it.",
)
FOREIGN_ID = _rule(
    *("O308", "foreign-id", ERROR),
    "An event carries another id than the request or the events before it.",
    "It belongs to another answer: streams were mixed up, or answers are kept by a key that is not unique.",
)
REPEATED = _rule(
    *("O309", "repeated-event", WARNING),
    "The same event came twice.",
    "A reconnect or a retry inside the server sent it again. Clients that add up (tokens, tool calls)"
    " have it twice.",
)

STALL = _rule(
    *("T401", "stall", INFO),
    "Nothing that a listener hears came for a second or more, ten times as long as is usual in this stream.",
    "A model or a tool that thinks. People take it for a hang unless something tells them. Comments end no"
    " stall: nobody hears them. `timeline` and `stats` mean the same by the word.",
)
BURST = _rule(
    *("T402", "burst", WARNING),
    "After a pause, many tokens came in one read, where they had come one by one before.",
    "Something between the model and here held them back: a proxy's buffer, a compressor, a blocked"
    " event loop.",
)
ONE_READ = _rule(
    *("T403", "one-read", WARNING),
    "All tokens came in one read: nothing was streamed.",
    "A hop on the way collects the response before it passes it on. Look for proxy buffering and"
    " compression.",
)
SILENCE = _rule(
    *("T404", "silence", WARNING),
    "Not a byte came for 55 seconds or more.",
    "Load balancers and proxies cut idle connections, many after 60 seconds. Send a comment"
    " (`:heartbeat`) every 15 to 30 seconds.",
)

TAKEN_OVER = _rule(
    *("S501", "taken-over", ERROR),
    "A second request with the same chat id took the stream over: this one got no end.",
    "Flowise keeps one connection for each chat id. A request that comes while another is being"
    " answered gets the tokens of both, until the first of the two answers is done: its metadata and end"
    " come, and what is left of the other is lost. The first client hangs. Use a chat id for one request"
    " at a time, or none.",
)

INCOMPLETE = _rule(
    *("R701", "incomplete", WARNING),
    "The recording is not whole: its recorder died, was stopped, came to a limit or lost something.",
    "What is missing can't be judged: that nothing is found here does not say that nothing was wrong.",
)
CLIENT_LEFT = _rule(
    *("R702", "client-left", INFO),
    "The client left before the stream was over.",
    "What would have come is not known, and not judged. A client that closes at the last event has had the"
    " whole stream and is not meant.",
)
TIMES_GO_BACK = _rule(
    *("R703", "times-go-back", WARNING),
    "The times of the cassette's records go back.",
    "A recorder's clock never does: a hand or a program has edited it. The bytes stay in the order in which"
    " they stand; `timeline` shows them in the order of their times, and gaps that go back count as none.",
)
UNDECODED = _rule(
    *("R704", "undecoded", WARNING),
    "The body can't be decoded, so that its events were not looked at.",
    "Its Content-Encoding is not known here, or what stands in it is broken.",
)

HTTPX_SSE = _rule(
    *("C601", "httpx-sse", INFO),
    "httpx-sse (Python) sees something else.",
    "It takes a byte order mark for text, and gives blocks without data as events, once an id was seen"
    " for each heartbeat too.",
)
OPENAI_SDK = _rule(
    *("C602", "openai-sdk", INFO),
    "The OpenAI SDK (Python) sees something else.",
    "It takes a byte order mark for text, parses the data of every block as JSON, also where there is"
    " none, reads UTF-8 strictly, and stops at `[DONE]`.",
)
ANTHROPIC_SDK = _rule(
    *("C603", "anthropic-sdk", INFO),
    "The Anthropic SDK (Python) sees something else.",
    "It takes a byte order mark for text, reads UTF-8 strictly, and passes over events without a name.",
)
FLOWISE_PYTHON = _rule(
    *("C604", "flowise-python", INFO),
    "The Flowise library for Python sees something else.",
    "It reads line by line: names of events are lost, each `data` line is an event of its own, and"
    " every `data:` inside of one is removed.",
)
FLOWISE_TYPESCRIPT = _rule(
    *("C605", "flowise-typescript", INFO),
    "The Flowise library for TypeScript sees something else.",
    "It splits at LF alone and parses each `data` line as JSON: one that is none ends the stream with"
    " an exception.",
)
