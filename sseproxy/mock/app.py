"""The mock server as a whole: a library of cassettes answers requests, and nothing is ever asked upstream."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sseproxy.clock import Clock
from sseproxy.exchange import End, Ending, Exchange
from sseproxy.http1 import plain_response
from sseproxy.matching import Answers
from sseproxy.mock.player import Player
from sseproxy.printable import printable_bytes
from sseproxy.redaction import mask_target
from sseproxy.schedule import schedule
from sseproxy.server import Client, Running, listen

log = logging.getLogger("sseproxy.mock")


@dataclass(frozen=True, slots=True)
class Options:
    """How to replay."""

    host: str = "127.0.0.1"
    port: int = 8080
    tls: ssl.SSLContext | None = None
    """The certificate to serve https with; None: plain http."""
    speed: float = 1.0
    """1 is the recorded timing, 2 twice as fast; math.inf waits for nothing."""
    chain_sessions: bool = False
    """Whether the answers of older sessions come before those of the newest."""


class Mock:
    """Answers requests from recorded exchanges."""

    def __init__(self, exchanges: Iterable[Exchange], options: Options, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._answers = Answers(exchanges, chain_sessions=options.chain_sessions)
        self._playing: set[Player] = set()

    async def start(self) -> Running:
        """Listens. Raises SseproxyError where it can't."""
        options = self._options
        self._server = await listen(self._handle, options.host, options.port, self._clock, options.tls)
        return self._server

    async def stop(self) -> None:
        """Takes no more requests, and breaks off what is being played: a recorded pause may be long."""
        self._server.close()
        for player in self._playing:
            player.stop(End(0, Ending.PROXY_STOPPED, 0, detail="the mock server was stopped"))
        await self._server.stop()

    async def _handle(self, client: Client) -> None:
        body = [client.body_waiting()]
        if not client.body_complete:
            client.invite_body()
            body += [data async for data in client.body()]
        request = replace(client.request, body=b"".join(body))
        exchange = self._answers.answer(request)
        if exchange is None:
            sentence = self._answers.explain(request)
            log.warning("miss: %s", sentence)
            client.answer(*plain_response(404, f"sseproxy: {sentence}", ((b"X-Sseproxy-Miss", b"1"),)))
            return
        log.info(
            "%s %s: %s", request.method, printable_bytes(mask_target(request.target)[0]), exchange.head.id
        )
        player = Player(client, schedule(exchange, self._options.speed), self._clock)
        client.connection.listener = player
        self._playing.add(player)
        try:
            player.play()
            end = await player.done
        finally:
            self._playing.discard(player)
            client.connection.listener = None
        if end:
            await client.conclude(player.framer, end)
