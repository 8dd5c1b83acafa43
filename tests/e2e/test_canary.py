"""A canary in every place that a secret may stand in, through a real recorder: nothing of it is written."""

from __future__ import annotations

import base64
import gzip
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.faults.support import program, recordings
from tests.support.disk import only_file
from tests.support.net import (
    Peer,
    Turns,
    client,
    eventually,
    fetch,
    only_cassette,
    recorded,
    upstream,
)
from tests.support.wire import Response

KEY = b"sk-proj-c4n4rySINGSinTHEc04lM1NE00"
"""By its looks."""
NAMED = b"tweet-tweet"
"""By the name of its place."""
KNOWN = b'c4n/"ry'
"""By its value, which an environment variable holds, in three spellings."""
SPELLINGS = [KNOWN, b"c4n%2F%22ry", rb"c4n\/\"ry", rb"c4n/\"ry", rb"c4n/\u0022ry"]
CODED = base64.b64encode(b"joe:" + KNOWN)
FRAGMENTS = [
    *(CODED[at : at + 6] for at in range(len("joe:") * 8 // 6 + 1, len(CODED) - 6)),
    *(KEY[at : at + 8] for at in range(len(b"sk-"), len(KEY) - 7)),
    *(NAMED[at : at + 6] for at in range(len(NAMED) - 5)),
    *(KNOWN[at : at + 6] for at in range(len(KNOWN) - 5)),
    *SPELLINGS,
    *(json.dumps(each.decode())[1:-1].encode() for each in SPELLINGS),
]
"""What must not be found: of a long secret, no part either."""

UNCUT = 10**6
NEAR = 14
"""Letters before a secret, its name mostly, where a read is cut too."""

RULES = """
[redact]
names = ["perch"]
json = ["$.mine.shaft"]
patterns = { seed = "SEED-[a-z]+-[a-z]+" }
"""

STREAM = b"Content-Type: text/event-stream\r\n"
JSON = b"Content-Type: application/json\r\n"


@dataclass(frozen=True, slots=True)
class Place:
    """A secret somewhere in an exchange. `@` stands for it in the part that is cut at every offset."""

    name: str
    secret: bytes
    target: bytes = b"/"
    headers: bytes = b""
    body: bytes = b""
    answer: bytes = b"200 OK"
    fields: bytes = STREAM
    says: bytes = b"data: fine\n\n"
    spelled: bool = False
    """Whether it is known at the end of the stream alone."""

    def cut(self, at: int) -> tuple[bytes, ...]:
        """The response's body in reads, cut within or beside the secret."""
        before, _, behind = self.says.partition(b"@")
        secret = self.secret if b"@" in self.says else b""
        whole = before + secret + behind
        offset = min(max(0, len(before) + at), len(whole))
        # With a last one to come, what is written is looked at while the stream is open.
        return tuple(part for part in (whole[:offset], whole[offset:], b"\n") if part)


def event(text: bytes) -> bytes:
    return b'message:\ndata:{"event":"token","data":"%b"}\n\n' % text


def chat(text: bytes) -> bytes:
    return b'data: {"id":"1","choices":[{"index":0,"delta":{"content":"%b"}}]}\n\n' % text


def spell(secret: bytes, size: int, dialect: Callable[[bytes], bytes]) -> bytes:
    words = [b"The", b" key", b" is", b" ", *(secret[at : at + size] for at in range(0, len(secret), size))]
    return b"".join(dialect(word) for word in [*words, b" so", b" there"])


def form(value: bytes) -> bytes:
    part = b'--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n%b\r\n--b--\r\n'
    return part % value


def within(depth: int, name: bytes) -> bytes:
    """A document with a secret in it, within strings of documents."""
    document = b'{"%b":"@"}' % name
    for _ in range(depth):
        document = json.dumps({"a": document.decode()}).encode()
    return document


def mixed(value: bytes) -> bytes:
    head = b'--b\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: multipart/mixed; boundary=c\r\n'
    return head + b"\r\n" + form(value).replace(b"--b", b"--c") + b"--b--\r\n"


ENCODED = b"%7B%22a%22%3A1%2C%22password%22%3A%22@%22%7D"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
MULTIPART = b"Content-Type: multipart/form-data; boundary=b\r\n"

PLACES = [
    # What the client sends.
    Place("header", NAMED, headers=b"Authorization: Bearer @\r\n"),
    Place("api key header", NAMED, headers=b"x-API-key: @\r\n"),
    Place("key header of a made-up name", NAMED, headers=b"X-Aviary-Key: @\r\nX-Sid: @\r\n"),
    Place("header by value, in base64", CODED, headers=b"X-Note: Basic @\r\n"),
    Place("cookie", NAMED, headers=b"Cookie: sid=@\r\n"),
    Place("header of another name", KEY, headers=b"X-Note: see @ there\r\n"),
    Place("referer", NAMED, headers=b"Referer: http://a/?token=@\r\n"),
    Place("query", NAMED, target=b"/?Token=@&a=b"),
    Place("query by looks", KEY, target=b"/?q=@&a=b"),
    Place("document in a query", NAMED, target=b"/?p=" + ENCODED),
    Place("path", KEY, target=b"/v1/@/x"),
    Place("known, in the path", SPELLINGS[1], target=b"/v1/@/x"),
    Place("request by name", NAMED, headers=JSON, body=b'{"a":[{"apiKey":"@"}]}'),
    Place("request by looks", KEY, headers=JSON, body=b'{"question":"is @ right?"}'),
    Place("request by value", SPELLINGS[3], headers=JSON, body=b'{"x":"@"}'),
    Place("request by value, in base64", CODED, headers=JSON, body=b'{"x":"@"}'),
    Place("document three deep", NAMED, headers=JSON, body=within(2, b"password")),
    Place("document in a form", NAMED, headers=FORM, body=b"p=" + ENCODED + b"&c=d"),
    Place("form of no type", NAMED, body=b"a=b&password=@&c=d"),
    Place("multipart of no type", NAMED, body=form(b"@")),
    Place("multipart in a part", NAMED, headers=MULTIPART, body=mixed(b"@")),
    Place("form", NAMED, headers=FORM, body=b"a=b&password=@&c=d"),
    Place("multipart", NAMED, headers=MULTIPART, body=form(b"@")),
    # What the server answers.
    Place("reason", KEY, answer=b"401 @ is wrong"),
    Place("set-cookie", NAMED, fields=b"Set-Cookie: a=@\r\n"),
    Place("location", NAMED, fields=b"Location: /?code=@\r\n"),
    Place("answer by name", NAMED, fields=JSON, says=b'{"a":{"access_token":"@"}}'),
    Place("answer by looks", KEY, fields=JSON, says=b'{"a":"@"}'),
    Place("answer in plain text", KEY, fields=b"Content-Type: text/plain\r\n", says=b"it is @.\n"),
    Place("event", KEY, says=event(b"a") + event(b" it is @ then") + event(b"b")),
    Place("event of a chat", KEY, says=chat(b"a") + chat(b" it is @ then") + chat(b"b")),
    Place("event by name", NAMED, says=event(b"a") + b'data: {"password":"@"}\n\n' + event(b"b")),
    Place("event by value", SPELLINGS[3], says=event(b"@")),
    Place("event by value, percent-encoded", SPELLINGS[1], says=event(b"@")),
    Place("event by value, escaped", SPELLINGS[4], says=event(b"@")),
    Place("document in a text", NAMED, says=event(rb"{\"password\": \"@\"}")),
    Place("document four deep in an event", NAMED, says=b"data: " + within(3, b"password") + b"\n\n"),
    Place("event by value, in base64", CODED, says=event(b"@")),
    Place("plain lines", KEY, says=b"event: token\ndata: @\n\n"),
    *(
        Place(f"lines of one event, {at}", KEY[:at] + b"\ndata: " + KEY[at:], says=b"data: a @ b\n\n")
        for at in (1, 3, 9, len(KEY) - 1)
    ),
]
SPELLED = [
    Place(f"spelled, {size} {dialect.__name__}", b"", says=spell(secret, size, dialect), spelled=True)
    for size in (1, 2, 3, 5)
    for dialect in (event, chat)
    for secret in (KEY, SPELLINGS[1])
]
OWN = [
    Place("own header", NAMED, headers=b"Perch: @\r\n"),
    Place("request by own name", NAMED, headers=JSON, body=b'{"perch":"@"}'),
    Place("request by path", NAMED, headers=JSON, body=b'{"mine":{"shaft":"@"}}'),
    Place("request by pattern", b"SEED-" + NAMED, headers=JSON, body=b'{"x":"@"}'),
    Place("event by own name", NAMED, says=b'data: {"Perch":"@"}\n\n'),
    Place("event by pattern", b"SEED-" + NAMED, says=event(b"@")),
    # Known when the document is whole.
    Place("path in an event", NAMED, says=b'data: {"mine":{"shaft":"@"}}\n\n', spelled=True),
    Place("path in an answer", NAMED, fields=JSON, says=b'{"mine":{"shaft":"@"}}', spelled=True),
]
"""By rules of a user's own. They have much looked at again, so all else is tried without them."""


@dataclass
class Coal:
    """The mine: a server that answers as a place has it, and a client that asks."""

    folder: Path
    place: Place = PLACES[0]
    reads: tuple[bytes, ...] = ()
    turns: Turns = field(default_factory=Turns)
    body_came: Turns = field(default_factory=Turns)
    seen: set[str] = field(default_factory=set)
    """Files that change no more and have been looked at."""

    async def serve(self, peer: Peer) -> None:
        head = await peer.until(b"\r\n\r\n")
        self.body_came.give()
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await peer.reader.readexactly(int(length.partition(b":")[2]))
        secret, place = self.place.secret, self.place
        fields = place.fields.replace(b"@", secret)
        size = sum(map(len, self.reads))
        answer = b"HTTP/1.1 " + place.answer.replace(b"@", secret) + b"\r\n"
        await peer.send(answer + fields + b"Content-Length: %d\r\n\r\n" % size)
        for read in self.reads:
            await peer.send(read)
            await self.turns.wait()

    async def ask(self, url: str, place: Place, reads: tuple[bytes, ...], at: int) -> None:
        """One exchange, the body of its request cut `at` letters into the secret."""
        self.place, self.reads = place, reads
        before, _, _ = place.body.partition(b"@")
        body = place.body.replace(b"@", place.secret)
        request = b"POST %b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n%bContent-Length: %d\r\n\r\n" % (
            place.target.replace(b"@", place.secret),
            place.headers.replace(b"@", place.secret),
            len(body),
        )
        got = Response(request)
        async with client(url) as peer:
            first = min(max(0, len(before) + at), len(body))
            await peer.send(request + body[:first])
            await self.body_came.wait()
            await peer.send(body[first:])
            come = 0
            for read in reads:
                come += len(read)
                while len(got.body) < come:
                    data = await peer.read()
                    assert data
                    got.feed(data)
                if not place.spelled:
                    self.look(place)
                self.turns.give()
            await peer.rest()
        assert got.body == b"".join(reads)  # what the client gets is never touched
        self.look(place)

    def look(self, place: Place) -> None:
        """Nothing of any secret is in any file of the recorder's."""
        # Names are unique in a library; a path made of each, each time, would be most of the test's work.
        for folder, _, names in os.walk(self.folder.parent):
            for name in {*names} - self.seen:
                self.look_into(Path(folder, name), place)

    def look_into(self, path: Path, place: Place) -> None:
        if not (place.spelled and path.name.endswith(".part")):
            found = path.read_bytes()
            written = [found, path.name.encode(), texts(found)]
            assert not any(secret in each for secret in FRAGMENTS for each in written), path
            if not path.name.endswith(".part"):
                self.seen.add(path.name)


def texts(cassette: bytes) -> bytes:
    """What the events of a stream say, joined, and all other strings as JSON has them unescaped."""
    records = [json.loads(line) for line in cassette.splitlines() if line.startswith(b"{")]
    said = "".join(record.get("text", "") for record in records if record["k"] == "data")
    for word in ("message:\ndata:", '{"event":"token","data":"', "\ndata: ", '"}\n\n'):
        said = said.replace(word, "")
    for word in ('data: {"id":"1","choices":[{"index":0,"delta":{"content":"', '"}}]}\n\n'):
        said = said.replace(word, "")
    others = [each for record in records for each in strings(record)]
    return "\n".join([said, *others]).encode()


def strings(value: object) -> list[str]:
    match value:
        case str():
            return [value]
        case dict():
            return [each for inside in value.values() for each in strings(inside)]
        case list():
            return [each for inside in value for each in strings(inside)]
    return []


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the recorder writes, with a secret in its environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CANARY", KNOWN.decode())
    return tmp_path / "cassettes"


@pytest.mark.parametrize(
    ("rules", "places"), [("", [*PLACES, *SPELLED]), (RULES, OWN)], ids=["built-in rules", "own rules"]
)
async def test_nothing_of_a_secret_is_written_wherever_it_stands_and_however_it_is_cut(
    folder: Path, rules: str, places: list[Place]
) -> None:
    (folder.parent / "sseproxy.toml").write_text(rules)
    coal = Coal(folder)
    count = 0
    async with upstream(coal.serve) as url:
        recorder = ("record", "--upstream", url, "--cassettes", folder, "--secret-env", "CANARY", "-v")
        async with program(*recorder) as started:
            for place in places:
                is_cut = b"@" in place.says or b"@" in place.body
                for at in (*range(-NEAR, len(place.secret) + 1), UNCUT) if is_cut else (UNCUT,):
                    await coal.ask(started.url, place, place.cut(at), at)
                    count += 1
            metrics = (
                await fetch(started.admin, b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            ).body
            assert await started.stop() == 0
    said = "\n".join(started.said).encode()
    assert said.count(b"POST") == count > 50
    assert not any(secret in written for secret in FRAGMENTS for written in (said, metrics))

    async with program("replay", "--cassettes", folder, "--secret-env", "CANARY", "-v") as mock:
        for place in places:
            target = place.target.replace(b"@", place.secret)
            answer = await fetch(
                mock.url, b"DELETE %b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % target
            )
            assert b" 404 " in answer.head
            assert not any(secret in answer.head + answer.body for secret in FRAGMENTS)
    assert not any(secret in "\n".join(mock.said).encode() for secret in FRAGMENTS)


async def test_a_compressed_answer_is_stored_as_far_as_it_has_none(folder: Path) -> None:
    coal = Coal(folder)
    async with upstream(coal.serve) as url:
        recorder = ("record", "--upstream", url, "--cassettes", folder, "--secret-env", "CANARY")
        async with program(*recorder) as started:
            body = gzip.compress(event(b"a") + event(b" it is " + KEY), mtime=0)
            place = Place("compressed", b"", fields=STREAM + b"Content-Encoding: gzip\r\n")
            for at in range(1, len(body), 3):
                await coal.ask(started.url, place, (body[:at], body[at:]), 0)
            assert await started.stop() == 1  # for something is missing
    for path in recordings(folder):
        lines = path.read_bytes().splitlines()
        assert json.loads(lines[-1])["reason"] == "lossy"
        stored = b"".join(json.loads(line).get("b64", "").encode() for line in lines)
        assert len(stored) < len(body) * 4 / 3


@pytest.mark.parametrize(
    "words", [(b"sk-", b"learn"), (b"it is sk-", b" said he"), (b"AKI", b"A"), (b"eyJu", b"st")]
)
async def test_an_event_that_only_looks_like_the_start_replays_byte_for_byte(
    folder: Path, words: tuple[bytes, bytes]
) -> None:
    coal = Coal(folder)
    reads = (b"data: " + words[0], words[1] + b"\n\n", event(words[0]), event(words[1]))
    async with (
        upstream(coal.serve) as url,
        program("record", "--upstream", url, "--cassettes", folder) as started,
    ):
        await coal.ask(started.url, Place("looks", b""), reads, 0)
        assert await started.stop() == 0
    async with program("replay", "--cassettes", folder, "--speed", "max") as mock:
        again = await fetch(
            mock.url, b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        )
    assert again.body == b"".join(reads)
    (path,) = recordings(folder)
    data = [json.loads(line) for line in path.read_bytes().splitlines() if b'"k":"data"' in line]
    arrivals = "".join(record["text"] + ("" if record.get("more") else "|") for record in data).encode()
    assert arrivals == b"".join(read + b"|" for read in reads)


async def test_what_is_held_is_masked_where_the_stream_pauses(folder: Path) -> None:
    turns = Turns()

    async def pauses(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\n" + STREAM + b"Connection: close\r\n\r\ndata: it is sk-lear")
        await turns.wait()
        await peer.send(b"ning\n\n")

    async with recorded(pauses, folder) as proxy, client(proxy.url) as peer:
        await peer.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert (await peer.until(b"sk-lear")).endswith(b"it is sk-lear")  # the client waits for nothing
        disk = only_file(folder)
        assert disk.body == b"data: it is sk-"

        def is_masked() -> bool:
            disk.look()
            return disk.body == b"data: it is sk-[red"

        await eventually(is_masked)
        turns.give()
        assert (await peer.rest())[0] == b"ning\n\n"
    exchange = only_cassette(folder)
    assert [arrival.data for arrival in exchange.arrivals] == [b"data: it is sk-[red", b"ning\n\n"]
    assert disk.records[-1]["redacted"] == ["sk-key"]


async def test_a_cassette_that_can_t_be_masked_at_its_end_gets_no_final_name(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    turns = Turns()

    async def spells(peer: Peer) -> None:
        await peer.request()
        await peer.send(b"HTTP/1.1 200 OK\r\n" + STREAM + b"Connection: close\r\n\r\n" + spell(KEY, 4, event))
        await turns.wait()

    async with recorded(spells, folder) as proxy, client(proxy.url) as peer:
        await peer.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        await peer.until(event(b" there"))
        (part,) = recordings(folder)
        part.with_name(f".{part.name}.tmp").mkdir()  # in the way of the file that is to take its place
        turns.give()
        assert await peer.rest() == (b"", "eof")
    assert [path for path in recordings(folder) if not path.name.startswith(".")] == [part]
    assert "is not fully recorded: Is a directory" in caplog.text
