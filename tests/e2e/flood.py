"""An upstream that sends numbered events as fast as they are taken, and their count on the other side."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from random import Random

from sseproxy.exchange import Framing
from tests.e2e.streams import framed, head
from tests.support.net import Peer, Script


def flood(
    seed: int, *, sizes: Sequence[int] = (1, 20, 3000), together: Sequence[int] = (1, 1, 1, 2, 30)
) -> Script:
    """Events of these sizes, so many in a chunk, for ever."""

    async def script(peer: Peer) -> None:
        random = Random(seed)
        number = 0
        await peer.request()
        with contextlib.suppress(ConnectionError):
            await peer.send(head(Framing.CHUNKED, 0))
            while True:
                events = []
                for _ in range(random.choice(together)):
                    events.append(b"id: %d\ndata: %b\n\n" % (number, random.choice(sizes) * b"x"))
                    number += 1
                await peer.send(framed(Framing.CHUNKED, b"".join(events)))
                # The client runs in this loop too: it gets its turn, and so keeps pace.
                await asyncio.sleep(0)

    return script


def whole_events(body: bytes) -> list[bytes]:
    return body.split(b"\n\n")[:-1]


def are_numbered(events: list[bytes]) -> bool:
    """Whether these are the first events of a flood, each there once and in order."""
    return all(event.startswith(b"id: %d\n" % number) for number, event in enumerate(events))
