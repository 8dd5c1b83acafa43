"""The mock server as a whole: a library of cassettes answers requests, and nothing is ever asked upstream."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from sseproxy.analysis.punctuality import Lateness, Punctuality
from sseproxy.clock import Clock
from sseproxy.errors import CassetteError
from sseproxy.exchange import End, Ending, Exchange, Request, ResponseHead, header
from sseproxy.http1 import SCOPE, ResponseFramer, own_answer, plain_response, problem_response
from sseproxy.matching import Answer, Answers
from sseproxy.matching.miss import Miss
from sseproxy.matching.telling import RECORD, Log, problem
from sseproxy.metrics import Metrics
from sseproxy.mock.alarm import Alarm
from sseproxy.mock.cors import admitted, asked_method, leave
from sseproxy.mock.player import Player
from sseproxy.mock.reels import Reel, Reels
from sseproxy.printable import printable_bytes
from sseproxy.redaction import Rules as Redaction
from sseproxy.redaction import mask_target
from sseproxy.server import Client, Running, listen

FOLDED = b"X-Sseproxy-Folded"
"""The response header that names the rules without which there would be no answer."""
MISS = b"X-Sseproxy-Miss"

READY_BYTES = 4 * 1024 * 1024
"""Of cassettes that are read before the first request: half a second's work."""

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
    on_miss: int = 404
    """The status of a miss."""
    record: str = RECORD
    """The command that would record what is missed."""
    cors: bool = True
    """Whether pages of every origin may read the answers."""
    redaction: Redaction | None = None
    """What is masked in what the log says; None: what we know of."""


class Watcher(Protocol):
    """Who wants to see what a mock does. Its calls come before the client gets anything."""

    def asked(self, request: Request) -> None:
        """A request has come, whole."""

    def plays(self, request: Request, exchange: Exchange) -> None:
        """It is answered with this recording."""

    def missed(self, miss: Miss) -> None:
        """Nothing answers it. It is for the watcher to tell people."""


class Mock:
    """Answers requests from recorded exchanges."""

    def __init__(
        self,
        answers: Answers,
        options: Options,
        clock: Clock,
        metrics: Metrics | None = None,
        on_played: Callable[[Request, Punctuality], None] | None = None,
        watcher: Watcher | None = None,
    ) -> None:
        """`on_played` is called when a stream has ended, with its request (no body) and how late it was."""
        self._options = options
        self._clock = clock
        self._answers = answers
        self.unreadable = 0
        """How many requests met a cassette that could not be read."""
        self._playing: set[Player] = set()
        self._reels = Reels(answers.library, options.speed)
        self._explaining = asyncio.Lock()
        self._reading = asyncio.Lock()
        self._on_played = on_played
        self._watcher = watcher
        self._misses = Log(options.record)
        self.lateness = Lateness()
        """Of all that was written in streams that have ended."""
        self._metrics = metrics or Metrics()
        self._metrics.show_open_streams(self.open_streams)
        self._metrics.show_lateness(self.lateness)

    async def start(self) -> Running:
        """Listens. Raises SseproxyError where it can't."""
        options = self._options
        self.open()
        self._server = await listen(
            self._handle, options.host, options.port, self._clock, options.tls, shared=options.shared
        )
        return self._server

    async def stop(self) -> None:
        """Takes no more requests, and breaks off what is being played: a recorded pause may be long."""
        self._server.close()
        self.break_off()
        await self._server.stop()
        self.close()

    def break_off(self) -> None:
        """Ends all that is being played."""
        for player in self._playing:
            player.stop(End(0, Ending.PROXY_STOPPED, 0, detail="the mock server was stopped"))

    def open_streams(self) -> int:
        """How many are being played."""
        return len(self._playing)

    def get_ready(self) -> None:
        """Reads the newest recordings now, not while streams are played. What can't be read is told then."""
        left = READY_BYTES
        for number in reversed(self._answers.oldest_first()):
            left -= self._answers.library.size(number)
            if left < 0:
                return
            with contextlib.suppress(CassetteError):
                self._reels.make(number)

    def open(self) -> None:
        """Gets ready to play for a server that is another's."""
        self._alarm = Alarm(self._clock)

    def close(self) -> None:
        """Plays no more."""
        self._alarm.close()

    async def _handle(self, client: Client) -> None:
        if await self._answer(client, self._refuse):
            return
        request = replace(client.request, body=await client.whole_body())
        if self._options.cors and (method := asked_method(request)):
            # Leave for what was not recorded, too: a page could not read why it missed.
            methods = sorted({*self._answers.methods(request.target), method})
            client.answer(leave(request, methods), b"")
            return
        # Cassettes are read and compared for it: other streams must not wait, nor a storm of misses
        # have several threads take turns with them.
        async with self._explaining:
            miss = await asyncio.to_thread(self._answers.explain, request)
        if self._watcher:
            self._watcher.missed(miss)
        else:
            log.warning("miss: %s", self._misses.told(miss))
        head, body = problem_response(
            problem(miss, self._options.on_miss, self._options.record), ((MISS, b"1"),)
        )
        self._say(client, head, body)

    async def answer(self, client: Client) -> bool:
        """Plays the recording whose turn it is; False where there is none, and nothing has been sent.

        One that can't be read is passed over: somebody may have deleted it, --keep perhaps.
        """
        return await self._answer(client, self._pass_over)

    def _refuse(self, client: Client, number: int, error: CassetteError) -> bool:
        self._say(client, *plain_response(500, f"sseproxy: {error}"))
        return True

    def _pass_over(self, client: Client, number: int, error: CassetteError) -> bool:
        self._answers.pass_over(number)
        return False

    async def _answer(self, client: Client, on_trouble: Callable[[Client, int, CassetteError], bool]) -> bool:
        """`on_trouble` says whether a recording that can't be read is the end of it."""
        waits = not client.body_complete
        request = replace(client.request, body=await client.whole_body())
        held_up_until = self._clock.now() - client.arrived if waits else 0
        scope = (header(request.headers, SCOPE) or b"").decode("latin-1")
        if self._watcher:
            self._watcher.asked(request)
        while True:
            answer = self._answers.answer(request, scope)
            self._alarm.catch_up()  # to find it took a while, and many may ask at once
            if answer is None:
                return False
            try:
                exchange, reel = await self._ready(answer.number)
                break
            except CassetteError as error:
                self.unreadable += 1
                log.error("a cassette can't be played: %s", error)
                if on_trouble(client, answer.number, error):
                    return True
        if log.isEnabledFor(logging.INFO):
            self._tell(request, exchange, answer)
        if self._watcher:
            self._watcher.plays(request, exchange)
        head = self._addressed(exchange.response, answer, request)
        player = Player(client, reel, head, self._clock, self._alarm, held_up_until=held_up_until)
        await self._play(client, player)
        return True

    async def _ready(self, number: int) -> tuple[Exchange, Reel]:
        """Raises CassetteError."""
        ready = self._reels.kept(number)
        if ready is None:  # other streams must not wait till it is read, once for all who ask
            async with self._reading:
                ready = self._reels.kept(number)
                if ready is None:
                    ready = await asyncio.to_thread(self._reels.make, number)
        return ready

    def _tell(self, request: Request, exchange: Exchange, answer: Answer) -> None:
        told = f", but for {', '.join(answer.folded)}" if answer.folded else ""
        target = printable_bytes(mask_target(request.target, self._options.redaction)[0])
        status = exchange.response.status if exchange.response else "-"
        about = {"exchange": exchange.head.id}
        log.info("%s %s %s, %s%s", request.method, target, status, exchange.ending, told, extra=about)

    async def _play(self, client: Client, player: Player) -> None:
        client.connection.listener = player
        self._playing.add(player)
        try:
            player.play()
            end = await player.done
        finally:
            self._playing.discard(player)
            self._played(client, player)
            client.connection.listener = None
        if end:
            await self._conclude(client, player.framer, end)

    async def _conclude(self, client: Client, framer: ResponseFramer | None, end: End) -> None:
        """Ends it as it was recorded; what the recorder said in the place of an answer, a page may read."""
        if framer is None and (answer := own_answer(end)):
            self._say(client, *answer)
        else:
            await client.conclude(framer, end)

    def _say(self, client: Client, head: ResponseHead, body: bytes) -> None:
        client.answer(self._for_page(head, client.request), body)

    def _played(self, client: Client, player: Player) -> None:
        end = player.done.result() if player.done.done() else None
        self._metrics.ended(end.reason if end else Ending.CLIENT_LEFT, self._clock.now() - client.arrived)
        self.lateness.merge(player.punctuality.lateness)
        if self._on_played:
            target, _ = mask_target(client.request.target, self._options.redaction)
            self._on_played(replace(client.request, target=target), player.punctuality)

    def _addressed(self, head: ResponseHead | None, answer: Answer, request: Request) -> ResponseHead | None:
        """The head for the page that asks, with the names of the rules that it was found by alone."""
        if head is None:
            return None
        if answer.folded:
            field = (FOLDED, ", ".join(answer.folded).encode())
            head = replace(head, headers=(*head.headers, field))
        return self._for_page(head, request)

    def _for_page(self, head: ResponseHead, request: Request) -> ResponseHead:
        return admitted(head, request) if self._options.cors else head
