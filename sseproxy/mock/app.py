"""The mock server as a whole: a library of cassettes answers requests, and nothing is ever asked upstream."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from sseproxy.analysis.punctuality import Lateness, Punctuality
from sseproxy.clock import Clock
from sseproxy.exchange import End, Ending, Exchange, Request, ResponseHead
from sseproxy.http1 import plain_response
from sseproxy.matching import Answers, Key
from sseproxy.metrics import Metrics
from sseproxy.mock.alarm import Alarm
from sseproxy.mock.cors import admitted, asked_method, leave
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
    shared: bool = False
    """Whether other processes listen on the port too."""
    tls: ssl.SSLContext | None = None
    """The certificate to serve https with; None: plain http."""
    speed: float = 1.0
    """1 is the recorded timing, 2 twice as fast; math.inf waits for nothing."""
    chain_sessions: bool = False
    """Whether the answers of older sessions come before those of the newest."""
    cors: bool = True
    """Whether pages of every origin may read the answers."""


class Mock:
    """Answers requests from recorded exchanges."""

    def __init__(
        self,
        exchanges: Iterable[Exchange],
        options: Options,
        clock: Clock,
        metrics: Metrics | None = None,
        on_played: Callable[[Request, Punctuality], None] | None = None,
        take_turn: Callable[[Key], int] | None = None,
    ) -> None:
        """`on_played` is called when a stream has ended, with its request and how late it was.

        `take_turn` numbers the answers to repeated requests, where more processes than this one give them.
        """
        self._options = options
        self._clock = clock
        self._answers = Answers(exchanges, chain_sessions=options.chain_sessions, take_turn=take_turn)
        self._playing: set[Player] = set()
        self._on_played = on_played
        self.lateness = Lateness()
        """Of all that was written in streams that have ended."""
        self._metrics = metrics or Metrics()
        self._metrics.show_open_streams(lambda: len(self._playing))
        self._metrics.show_lateness(self.lateness)

    async def start(self) -> Running:
        """Listens. Raises SseproxyError where it can't."""
        options = self._options
        self._alarm = Alarm(self._clock)
        self._server = await listen(
            self._handle, options.host, options.port, self._clock, options.tls, shared=options.shared
        )
        return self._server

    async def stop(self) -> None:
        """Takes no more requests, and breaks off what is being played: a recorded pause may be long."""
        self._server.close()
        for player in self._playing:
            player.stop(End(0, Ending.PROXY_STOPPED, 0, detail="the mock server was stopped"))
        await self._server.stop()
        self._alarm.close()

    async def _handle(self, client: Client) -> None:
        body = [client.body_waiting()]
        if not client.body_complete:
            client.invite_body()
            body += [data async for data in client.body()]
        request = replace(client.request, body=b"".join(body))
        exchange = self._answers.answer(request)
        if exchange is None and self._options.cors and self._may_be_asked_for(request):
            client.answer(leave(request, self._answers.methods(request.target)), b"")
            return
        if exchange is None:
            sentence = self._answers.explain(request)
            log.warning("miss: %s", sentence)
            head, answer = plain_response(404, f"sseproxy: {sentence}", ((b"X-Sseproxy-Miss", b"1"),))
            client.answer(self._for_page(head, request), answer)
            return
        log.info(
            "%s %s: %s", request.method, printable_bytes(mask_target(request.target)[0]), exchange.head.id
        )
        if exchange.response:
            exchange = replace(exchange, response=self._for_page(exchange.response, request))
        player = Player(client, schedule(exchange, self._options.speed), self._clock, self._alarm)
        client.connection.listener = player
        self._playing.add(player)
        try:
            player.play()
            end = await player.done
        finally:
            self._playing.discard(player)
            self._played(client, request, player)
            client.connection.listener = None
        if end:
            await client.conclude(player.framer, end)

    def _played(self, client: Client, request: Request, player: Player) -> None:
        end = player.done.result() if player.done.done() else None
        self._metrics.ended(end.reason if end else Ending.CLIENT_LEFT, self._clock.now() - client.arrived)
        self.lateness.merge(player.punctuality.lateness)
        if self._on_played:
            self._on_played(request, player.punctuality)

    def _may_be_asked_for(self, request: Request) -> bool:
        """Whether the request is a browser's question for leave, and what it wants to ask was recorded."""
        return asked_method(request) in self._answers.methods(request.target)

    def _for_page(self, head: ResponseHead, request: Request) -> ResponseHead:
        return admitted(head, request) if self._options.cors else head
