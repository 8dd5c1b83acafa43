"""Stand-ins in a thread: for tests that block, and for tests that have an event loop of their own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import warnings
from collections.abc import Coroutine, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from sseproxy.cassette.shelf import Shelf
from sseproxy.errors import SseproxyError
from sseproxy.exchange import Exchange
from sseproxy.matching.miss import Miss
from sseproxy.modes import RecordMode
from sseproxy.printable import counted
from sseproxy.standin import Plan, StandIn
from sseproxy.testing.views import SseExchange, SseRequest

T = TypeVar("T")


class SseMock:
    """A server in the place of the one that was recorded."""

    def __init__(self, standin: StandIn, plan: Plan, url: str) -> None:
        self._standin = standin
        self.url = url
        """Its base URL, such as `http://127.0.0.1:40123`."""
        self.library: Path = plan.library
        """Where its cassettes are."""
        self.has_upstream = bool(plan.upstreams)
        """Whether a server to ask was named."""

    @property
    def record_mode(self) -> RecordMode:
        """What it does: `once` has become `none` or `all`."""
        return self._standin.mode

    @property
    def requests(self) -> list[SseRequest]:
        """All requests so far, in the order in which they were complete."""
        return [SseRequest(request) for request in list(self._standin.requests)]

    @property
    def exchanges(self) -> list[SseExchange]:
        """What has been answered so far, misses left out."""
        return [SseExchange(exchange) for exchange in self.raw_exchanges]

    @property
    def raw_exchanges(self) -> list[Exchange]:
        return self._standin.exchanges

    @property
    def misses(self) -> list[Miss]:
        """The requests that no cassette answers, and what comes near."""
        return list(self._standin.misses)

    @property
    def unplayed(self) -> list[Path]:
        """The cassettes that nobody has asked for."""
        return [Path(name) for name in self._standin.unplayed]

    def __repr__(self) -> str:
        return f"<SseMock {self.url} {self.record_mode} {self.library}>"


class ServerThread:
    """A thread with an event loop for any number of servers: starting one more takes a millisecond or two.

    The loop is asyncio's own, whatever the process uses else: it is the user's.
    """

    def __init__(self) -> None:
        self._shelf = Shelf()
        self._loop = asyncio.SelectorEventLoop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sseproxy", daemon=True)
        self._thread.start()

    def start(self, plan: Plan) -> tuple[SseMock, StandIn]:
        """A server that somebody has to `stop`. Raises SseproxyError as `StandIn` does."""
        standin = StandIn(plan, shelf=self._shelf)
        return SseMock(standin, plan, self._call(standin.start())), standin

    def stop(self, standin: StandIn, *, keep: bool = True, tell: bool = True) -> None:
        """`keep`: `rewrite` replaces the library. Raises SseproxyError for what was not recorded whole.

        `tell`: warns of streams that had not ended, which `once` and `new_episodes` don't take for recorded.
        """
        self._call(standin.stop())
        if tell and standin.mode is not RecordMode.REWRITE and (cut := standin.cut):
            told = f"{counted(cut, 'stream')} had not ended: not taken for recorded"
            warnings.warn(f"sseproxy: {standin.library}: {told}", stacklevel=2)
        if not keep:
            standin.leave_library()
        elif why := standin.replace_library():
            raise SseproxyError(why)
        elif standin.lost:
            raise SseproxyError(f"{counted(standin.lost, 'recording')} lost something, see the log")

    @contextlib.contextmanager
    def serve(self, plan: Plan) -> Iterator[SseMock]:
        """A server while entered; `rewrite` replaces the library where nothing was raised."""
        mock, standin = self.start(plan)
        try:
            yield mock
        except BaseException:
            self.stop(standin, keep=False)
            raise
        self.stop(standin)

    def close(self) -> None:
        """Ends the thread; its servers have been stopped."""
        self._call(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()
