"""A server in the upstream's place, for one library and in one record mode: what tests talk to."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from sseproxy.cassette import rewriting
from sseproxy.cassette.library import Library
from sseproxy.cassette.naming import PACKED, SUFFIX
from sseproxy.cassette.shelf import Shelf
from sseproxy.cassette.store import find, load_all, load_request, make_folder
from sseproxy.clock import SystemClock
from sseproxy.demo.server import demo_for
from sseproxy.errors import CassetteError, NoCassettesError, NoUpstreamError, SseproxyError
from sseproxy.exchange import Ending, Exchange, Request
from sseproxy.matching import Answers, Exhausted, Rules
from sseproxy.matching.miss import Miss
from sseproxy.mock import Mock
from sseproxy.mock import Options as MockOptions
from sseproxy.modes import RecordMode, settled, why_not_whole
from sseproxy.proxy import Options, Proxy, Session
from sseproxy.redaction import Rules as Redaction
from sseproxy.server import Client

GRACE = 1.0
"""Seconds that streams may go on when the recorder stops: a client that has all it wants closes soon."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to stand in, and how."""

    library: Path
    mode: RecordMode = RecordMode.NONE
    upstreams: tuple[str, ...] = ()
    """`URL` or `/prefix=URL` each; asked only where the mode records."""
    speed: float = math.inf
    rules: Rules = Rules()  # noqa: RUF009 - a frozen value
    strict: bool = False
    exhausted: Exhausted = Exhausted.LAST
    redaction: Redaction | None = None
    """What is masked, in cassettes and before requests are compared; None: what we know of."""


class StandIn:
    """It answers from the library or records into it, and knows what it was asked.

    Its methods belong to the event loop that it was started on; its properties may be read from elsewhere.
    """

    def __init__(
        self, plan: Plan, on_miss: Callable[[Miss], None] = lambda miss: None, shelf: Shelf | None = None
    ) -> None:
        """`shelf`: what others have read already.

        Raises SseproxyError: a cassette can't be read; NoUpstreamError; NoCassettesError for `none`.
        """
        self.mode = settled(plan.mode, plan.library)
        """What the plan's mode means today; never `once`."""
        self.requests: list[Request] = []
        """All, in the order in which they were complete."""
        self.misses: list[Miss] = []
        self.library = plan.library
        self._plan = plan
        self._shelf = shelf
        self._on_miss = on_miss
        self._clock = SystemClock()
        self._began = self._clock.now()
        self._played: list[tuple[int, Exchange]] = []
        self.answers: Answers | None = None
        """None where the mode only records."""
        self._proxy: Proxy | None = None
        self._anew: rewriting.Rewriting | None = None
        self._stack = contextlib.AsyncExitStack()
        if self.mode in (RecordMode.NONE, RecordMode.NEW_EPISODES):
            self.answers = self._open()
        if self.mode is not RecordMode.NONE and not plan.upstreams:
            raise NoUpstreamError(f"record mode {plan.mode} needs an upstream to ask")

    def _open(self) -> Answers:
        plan = self._plan
        if plan.library.is_file() and not plan.library.name.endswith((SUFFIX, PACKED)):
            raise SseproxyError(f"{plan.library}: is no folder")
        listed = rewriting.recorded if self.mode is RecordMode.NONE else rewriting.answered
        paths = [plan.library] if plan.library.is_file() else listed(plan.library)
        if not paths and self.mode is RecordMode.NONE:
            raise NoCassettesError(f"{plan.library}: no cassettes here to answer from")
        library = Library(paths, shelf=self._shelf)
        return Answers(
            library, plan.rules, strict=plan.strict, exhausted=plan.exhausted, redaction=plan.redaction
        )

    async def start(self) -> str:
        """Listens on a free port and gives its URL. Raises SseproxyError where it can't."""
        replaying = MockOptions(port=0, speed=self._plan.speed, redaction=self._plan.redaction)
        mock = Mock(self.answers, replaying, self._clock, watcher=self) if self.answers else None
        if mock and self.mode is RecordMode.NONE:
            url = (await mock.start()).url
            self._stack.push_async_callback(mock.stop)
            return url
        if mock:
            mock.open()
            self._stack.callback(mock.close)
        try:
            async with contextlib.AsyncExitStack() as begun:
                url = await self._record(mock, begun)
                await self._stack.enter_async_context(begun.pop_all())
        except BaseException:
            self.leave_library()
            raise
        return url

    async def _record(self, mock: Mock | None, stack: contextlib.AsyncExitStack) -> str:
        folder = self._plan.library
        if self.mode is RecordMode.REWRITE:
            self._anew = rewriting.Rewriting(folder)
            folder = self._anew.stage
        make_folder(folder)
        upstreams = [await demo_for(spec, stack) for spec in self._plan.upstreams]
        options = Options(
            upstreams=tuple(upstreams), cassettes=folder, port=0, redaction=self._plan.redaction
        )
        proxy = Proxy(options, self._clock, replay=mock.answer if mock else self._note)
        running = await proxy.start()
        stack.push_async_callback(proxy.stop, GRACE)
        if mock:
            stack.callback(mock.break_off)
        self._proxy = proxy
        return running.url

    async def stop(self) -> None:
        """Takes no more requests; what is being played is broken off, what is recorded may end."""
        await self._stack.aclose()

    async def _note(self, client: Client) -> bool:
        self.asked(replace(client.request, body=await client.whole_body()))
        return False

    def asked(self, request: Request) -> None:
        self.requests.append(request)

    def plays(self, request: Request, exchange: Exchange) -> None:
        at = self._clock.now() - self._began
        self._played.append((at, replace(exchange, request=request)))

    def missed(self, miss: Miss) -> None:
        self.misses.append(miss)
        self._on_miss(miss)

    @property
    def exchanges(self) -> list[Exchange]:
        """What was answered, oldest first: as it was recorded, also while it is being played."""
        return [
            exchange for _, exchange in sorted([*self._played, *self._recorded()], key=lambda each: each[0])
        ]

    def _recorded(self) -> list[tuple[int, Exchange]]:
        if self._proxy is None:
            return []
        session = self._proxy.session
        paths = [path for path in _cassettes(session.folder) if _is_of(session, path)]
        late = session.started - self._began
        loaded = load_all(paths, on_error=lambda error: None)
        return [(late + exchange.head.session_t, exchange) for _, exchange in loaded]

    @property
    def unplayed(self) -> list[str]:
        """The cassettes that nobody asked for, oldest first."""
        return self.answers.names(self.answers.unplayed()) if self.answers else []

    @property
    def lost(self) -> int:
        """How many recordings are not whole."""
        return self._proxy.session.lost if self._proxy else 0

    @property
    def cut(self) -> int:
        """How many recorded streams had not ended when it stopped: `once` records them anew."""
        return sum(exchange.ending is Ending.PROXY_STOPPED for _, exchange in self._recorded())

    def replace_library(self) -> str:
        """To be called when it has stopped: `rewrite` comes true. Gives what kept it from that, if so."""
        if self._anew is None:
            return ""
        with self._anew as anew:
            if why := why_not_whole(anew.library, anew.stage, self.lost):
                return f"{anew.library} stays as it was: {why}"
            anew.finish()
        return ""

    def leave_library(self) -> None:
        """To be called when it has stopped: what `rewrite` has recorded is dropped."""
        if self._anew is not None:
            with self._anew as anew:
                anew.drop()


def _cassettes(folder: Path) -> list[Path]:
    """All of a folder, unfinished ones too; none where there are none yet, or it has been replaced."""
    try:
        return find([folder])
    except SseproxyError:
        return []


def _is_of(session: Session, path: Path) -> bool:
    try:
        return load_request(path)[0].session == session.id
    except CassetteError:
        return False  # not begun yet, or somebody else's
