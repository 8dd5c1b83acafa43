"""Records cassettes/captures anew: `python -m tests.e2e.record_cassettes` (36 s, the longest capture).

Every capture is sent with its own timing through one recording proxy, all of them at once. Some reads lie
0.1 ms apart; that a client has the one before is waited for too, lest a busy machine joins them.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sseproxy.cassette.store import find, load
from tests.support.captures import Capture, arrivals, captures, fetch_in_lockstep, play
from tests.support.net import Peer, Turns, recorded

FOLDER = Path(__file__).parents[2] / "cassettes" / "captures"


async def record(chosen: Sequence[Capture], folder: Path) -> dict[str, Path]:
    """The cassettes of these captures by the captures' names."""
    turns = {capture.name: Turns() for capture in chosen}
    begun = Turns()
    waiting = iter(chosen)

    async def script(peer: Peer) -> None:
        capture = next(waiting)
        begun.give()
        await play(capture, turns=turns[capture.name])(peer)

    async with recorded(script, folder) as proxy, asyncio.TaskGroup() as group:
        for capture in chosen:
            group.create_task(fetch_in_lockstep(proxy.url, capture, turns[capture.name]))
            # Some captures have the same request: which is whose, the order of the connections says.
            await begun.wait()
    # Names end in ids, and ids go up with each request.
    paths = sorted(find([folder]), key=lambda path: load(path).head.id)
    return {capture.name: path for capture, path in zip(chosen, paths, strict=True)}


def differences(capture: Capture, cassette: Path) -> list[str]:
    """Where the recording is not the capture, read for read."""
    stored = [arrival.data for arrival in load(cassette).arrivals]
    sent = [read.data for read in arrivals(capture)]
    return [] if stored == sent else [f"{capture.name}: {len(sent)} reads were stored as {len(stored)}"]


def main() -> None:
    known = captures()
    with tempfile.TemporaryDirectory() as scratch:
        made = asyncio.run(record(list(known.values()), Path(scratch)))
        wrong = [line for name, path in made.items() for line in differences(known[name], path)]
        if wrong:
            raise SystemExit("\n".join(["nothing is kept:", *wrong]))
        FOLDER.mkdir(parents=True, exist_ok=True)
        for name, path in made.items():
            shutil.copyfile(path, FOLDER / f"{name}.sse.jsonl")


if __name__ == "__main__":
    main()
