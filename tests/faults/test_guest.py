"""The recording is a guest: it fails, the stream goes on, and nobody is told that it was recorded.

The errors are the kernel's own: limits are set on the recorder's process while it runs, disks are filled,
folders moved away.
"""

from __future__ import annotations

import contextlib
import resource
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from sseproxy.cassette.store import load
from sseproxy.exchange import HOLE, Ending, Framing
from tests.e2e.streams import BODY, LAST_CHUNK, framed, head, request
from tests.faults.support import Program, program, recordings
from tests.support.net import Peer, Turns, client, fetch, finish, only_cassette, replayer, upstream
from tests.support.process import run
from tests.support.wire import Response

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of another process, and tmpfs")

# Each is longer than what a page that is allocated already may still take.
PIECES = [b"data: %b\n\n" % (letter * 9_000) for letter in (b"a", b"b", b"c", b"d")]
LOGGED = "is not fully recorded"


class Trouble:
    """What goes wrong with the recording of one exchange, and comes right again."""

    first_lost = 1
    """The first piece that is not stored."""
    why = ""
    """What the kernel says."""
    ends = Ending.INCOMPLETE
    """What is read of a cassette, where there is one, that is in trouble to its end."""

    def folder(self, tmp_path: Path) -> Path:
        return tmp_path / "cassettes"

    def before_the_cassette(self, recorder: Program, folder: Path) -> None:
        """Called when the recorder has a request but not the whole of its body."""

    def in_mid_stream(self, recorder: Program, folder: Path) -> None:
        """Called when the client has the first piece."""

    def heal(self, recorder: Program, folder: Path) -> None:
        """Writing works again."""


class FileTooLarge(Trouble):
    why = "File too large"

    def in_mid_stream(self, recorder: Program, folder: Path) -> None:
        (cassette,) = folder.iterdir()
        recorder.limit(resource.RLIMIT_FSIZE, cassette.stat().st_size + 100)  # the next line is torn

    def heal(self, recorder: Program, folder: Path) -> None:
        recorder.unlimit(resource.RLIMIT_FSIZE)


class DiskFull(Trouble):
    why = "No space left on device"
    ends = Ending.LOSSY  # so short a line as the last finds room in a page that the cassette has already

    def in_mid_stream(self, recorder: Program, folder: Path) -> None:
        with (folder / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(bytes(1024))

    def heal(self, recorder: Program, folder: Path) -> None:
        (folder / "filler").unlink()


class NoDescriptors(Trouble):
    first_lost = 0
    why = "Too many open files"

    def before_the_cassette(self, recorder: Program, folder: Path) -> None:
        used = recorder.descriptors()
        recorder.limit(resource.RLIMIT_NOFILE, min(set(range(len(used) + 1)) - set(used)))

    def heal(self, recorder: Program, folder: Path) -> None:
        recorder.unlimit(resource.RLIMIT_NOFILE)


class NoFolder(Trouble):
    first_lost = 0
    why = "Not a directory"

    def folder(self, tmp_path: Path) -> Path:
        return tmp_path / "parent" / "cassettes"

    def before_the_cassette(self, recorder: Program, folder: Path) -> None:
        folder.rmdir()
        folder.parent.rmdir()
        folder.parent.touch()

    def heal(self, recorder: Program, folder: Path) -> None:
        folder.parent.unlink()


TROUBLES = [FileTooLarge(), DiskFull(), NoDescriptors(), NoFolder()]
every_trouble = pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.why)


@pytest.fixture
def folder(trouble: Trouble, tmp_path: Path) -> Iterator[Path]:
    """Where the cassettes go: a small disk of its own, where it is to be filled."""
    folder = trouble.folder(tmp_path)
    if not isinstance(trouble, DiskFull):
        yield folder
        return
    folder.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder))
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


class Stage:
    """A recorder, and an upstream that sends the pieces when the client says so."""

    def __init__(self, recorder: Program) -> None:
        self.recorder = recorder
        self.asked = Turns()
        self.turns = Turns()

    async def script(self, peer: Peer) -> None:
        await peer.until(b"\r\n\r\n")
        self.asked.give()
        await peer.until(BODY)
        await peer.send(head(Framing.CHUNKED, 0))
        for piece in PIECES:
            await peer.send(framed(Framing.CHUNKED, piece))
            await self.turns.wait()
        await peer.send(LAST_CHUNK)


@contextlib.asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Stage]:
    async def script(peer: Peer) -> None:
        await made.script(peer)

    async with (
        upstream(script) as url,
        program("record", "--upstream", url, "--cassettes", folder) as recorder,
    ):
        made = Stage(recorder)
        yield made


@contextlib.asynccontextmanager
async def streaming(stage: Stage) -> AsyncIterator[tuple[Peer, Response]]:
    """A client whose request's body is still to be sent."""
    async with client(stage.recorder.url) as peer:
        await peer.send(request().removesuffix(BODY))
        await stage.asked.wait()
        yield peer, Response(request())


async def read_piece(stage: Stage, peer: Peer, got: Response, number: int) -> None:
    """Returns when the client has this piece. The upstream goes on when it is given a turn."""
    while got.body != b"".join(PIECES[: number + 1]):
        data = await peer.read()
        assert data, "the response ended too early"
        got.feed(data)


async def whole_stream(stage: Stage) -> Response:
    async with streaming(stage) as (peer, got):
        await peer.send(BODY)
        for number in range(len(PIECES)):
            await read_piece(stage, peer, got, number)
            stage.turns.give()
        return await finish(peer, got)


async def troubled_stream(
    stage: Stage, trouble: Trouble, folder: Path, *, heal_after: int | None
) -> Response:
    """`heal_after`: the piece with which writing works again; None: only when the stream has ended."""
    async with streaming(stage) as (peer, got):
        trouble.before_the_cassette(stage.recorder, folder)
        await peer.send(BODY)
        for number in range(len(PIECES)):
            await read_piece(stage, peer, got, number)
            if number == 0:
                trouble.in_mid_stream(stage.recorder, folder)
            if number == heal_after:
                trouble.heal(stage.recorder, folder)
            stage.turns.give()
        await finish(peer, got)
    if heal_after is None:
        trouble.heal(stage.recorder, folder)
    return got


def check_stream(got: Response) -> None:
    assert got.body == b"".join(PIECES)
    assert got.fate == "whole"


async def check_loss_is_told(stage: Stage, trouble: Trouble) -> None:
    """In the figures, in one line of the log, and in the exit status."""
    assert (await stage.recorder.figures())["sseproxy_lost_recordings"] == 1
    assert await stage.recorder.stop() == 1
    (line,) = [line for line in stage.recorder.said if LOGGED in line]
    assert trouble.why in line
    assert not any("Traceback" in line for line in stage.recorder.said)


@every_trouble
async def test_a_recording_that_fails_for_a_while_has_a_hole_and_its_stream_has_none(
    trouble: Trouble, folder: Path, tmp_path: Path
) -> None:
    healed = 2
    async with stage(folder) as on:
        check_stream(await troubled_stream(on, trouble, folder, heal_after=healed))
        cassette = only_cassette(folder)
        listed = await run("ls", folder)
        await check_loss_is_told(on, trouble)

    before, behind = b"".join(PIECES[: trouble.first_lost]), b"".join(PIECES[healed + 1 :])
    lost = len(b"".join(PIECES)) - len(before) - len(behind)
    assert cassette.request
    assert cassette.request.body == BODY
    assert cassette.response
    assert cassette.body == before + behind
    (note,) = cassette.notes
    assert note.tags == (HOLE,)
    assert note.after == trouble.first_lost
    assert note.text == f"{lost} body bytes are missing here: {trouble.why}"
    assert cassette.end
    assert cassette.end.reason is Ending.LOSSY
    assert cassette.end.bytes == len(cassette.body)
    assert cassette.end.detail.startswith(f"{lost} body bytes were not recorded: {trouble.why}")
    assert b" lossy " in listed.out

    async with replayer([cassette]) as mock:
        again = await fetch(mock.url, request())
    assert again.body == before
    assert again.fate == "cut"


@every_trouble
async def test_a_recording_that_fails_to_the_end_is_never_called_whole(
    trouble: Trouble, folder: Path, tmp_path: Path
) -> None:
    async with stage(folder) as on:
        check_stream(await troubled_stream(on, trouble, folder, heal_after=None))
        await check_loss_is_told(on, trouble)
    if trouble.first_lost == 0:
        assert recordings(folder) == []  # it could not even be made
        return
    (left,) = recordings(folder)
    listed = await run("ls", folder)
    cassette = load(left)
    async with replayer([cassette]) as mock:
        again = await fetch(mock.url, request())
    assert cassette.ending is trouble.ends
    assert f" {trouble.ends} ".encode() in listed.out
    assert left.name.endswith(".part") == (trouble.ends is Ending.INCOMPLETE)
    assert cassette.body == again.body == b"".join(PIECES[: trouble.first_lost])
    assert again.fate == "cut"


@every_trouble
async def test_what_comes_after_the_trouble_is_recorded_whole(
    trouble: Trouble, folder: Path, tmp_path: Path
) -> None:
    async with stage(folder) as on:
        await troubled_stream(on, trouble, folder, heal_after=None)
        check_stream(await whole_stream(on))
        last = load(recordings(folder)[-1])
        assert last.ending is Ending.CLEAN
        assert last.body == b"".join(PIECES)
        await check_loss_is_told(on, trouble)


@pytest.mark.parametrize("replaced", [False, True], ids=["gone", "replaced"])
async def test_a_folder_that_is_taken_away_in_mid_stream_takes_the_recording_and_not_the_stream(
    replaced: bool, tmp_path: Path
) -> None:
    """What is open goes on being written, wherever it is now; it can't get its final name there."""
    folder, moved = tmp_path / "cassettes", tmp_path / "moved"
    trouble = Trouble()
    trouble.why = "No such file or directory"
    async with stage(folder) as on:
        async with streaming(on) as (peer, got):
            await peer.send(BODY)
            for number in range(len(PIECES)):
                await read_piece(on, peer, got, number)
                if number == 0:
                    folder.rename(moved)
                if number == 0 and replaced:
                    folder.mkdir()
                on.turns.give()
            await finish(peer, got)
        check_stream(got)
        await check_loss_is_told(on, trouble)
    (ended,) = [line for line in on.recorder.said if " POST " in line]
    assert f", lossy: the cassette has no final name: {trouble.why}; the stream ended clean" in ended
    assert [path.suffix for path in recordings(moved)] == [".part"]
    assert only_cassette(moved).body == b"".join(PIECES)
    assert recordings(folder) == []


async def test_the_last_free_descriptor_is_the_streams_and_not_the_recordings(tmp_path: Path) -> None:
    async with stage(tmp_path) as on, client(on.recorder.url) as peer:
        await peer.send(request()[:1])
        await on.recorder.turn()  # it has the connection
        used = on.recorder.descriptors()
        free = sorted(set(range(len(used) + 2)) - set(used))
        on.recorder.limit(resource.RLIMIT_NOFILE, free[0] + 1)
        await peer.send(request()[1:])
        got = Response(request())
        for number in range(len(PIECES)):
            await read_piece(on, peer, got, number)
            on.turns.give()
        check_stream(await finish(peer, got))
        on.recorder.unlimit(resource.RLIMIT_NOFILE)
        trouble = NoDescriptors()
        await check_loss_is_told(on, trouble)
    assert recordings(tmp_path) == []


async def test_an_end_that_finds_no_room_leaves_a_whole_body_without_an_end(tmp_path: Path) -> None:
    folder = tmp_path / "cassettes"
    trouble = FileTooLarge()
    async with stage(folder) as on:
        async with streaming(on) as (peer, got):
            await peer.send(BODY)
            for number in range(len(PIECES)):
                await read_piece(on, peer, got, number)
                if number == len(PIECES) - 1:
                    (cassette,) = recordings(folder)
                    on.recorder.limit(resource.RLIMIT_FSIZE, cassette.stat().st_size)
                on.turns.give()
            await finish(peer, got)
        check_stream(got)
        await check_loss_is_told(on, trouble)
    assert only_cassette(folder).body == b"".join(PIECES)
    assert only_cassette(folder).ending is Ending.INCOMPLETE


async def test_a_recorder_that_lost_nothing_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "cassettes"
    async with stage(folder) as on:
        check_stream(await whole_stream(on))
        assert (await on.recorder.figures())["sseproxy_lost_recordings"] == 0
        assert await on.recorder.stop() == 0
    assert only_cassette(folder).ending is Ending.CLEAN
