"""What `sseproxy demo` shows while it runs."""

from __future__ import annotations

import math
from pathlib import Path

import orjson
from rich.console import Console
from rich.text import Text

from sseproxy.analysis.events import TimedEvent, read_stream
from sseproxy.analysis.exactness import Exactness
from sseproxy.analysis.punctuality import punctuality
from sseproxy.console.lateness import lateness_text
from sseproxy.console.table import ending_text
from sseproxy.exchange import Exchange
from sseproxy.printable import printable


class DemoScreen:
    """Two acts: the recording as its tokens come, then the replay beside it, event by event."""

    def __init__(self, out: Console) -> None:
        self._out = out
        self._recorded: list[TimedEvent] = []
        self._speed = 1.0
        self._shown = 0

    def recording(self, upstream: str, proxy: str, question: str) -> None:
        self._say("1  Record", f"client → proxy {proxy} → demo prediction server {upstream}")
        self._out.print(Text(f"   question: {question}", style="dim"))
        self._out.print("   ", end="")

    def live(self, timed: TimedEvent) -> None:
        """A token goes where the last one ended; of other events only the kind is told."""
        kind, text = _kind_and_text(timed)
        piece = Text(text) if kind == "token" else Text(f"⟨{kind}⟩", style="cyan")
        self._out.print(piece, end="", soft_wrap=True)

    def recorded(self, path: Path, exchange: Exchange) -> None:
        stream = read_stream(exchange)
        self._out.print()
        line = Text("   ")
        line.append_text(ending_text(exchange.ending))
        line.append(f", {len(stream.dispatched)} events in {exchange.duration / 1e6:.2f} s → {path.name}")
        self._out.print(line, soft_wrap=True)

    def replaying(self, mock: str, exchange: Exchange, speed: float) -> None:
        self._recorded = list(read_stream(exchange).events)
        self._speed = speed
        told = "without waiting" if math.isinf(speed) else f"at speed {speed:g}"
        self._out.print()
        self._say("2  Replay", f"client → mock server {mock}, {told}; the demo server is gone")
        if self._recorded:
            late = "" if math.isinf(speed) else "   late ms"
            self._out.print(Text(f"     recorded s   replayed s{late}   event", style="dim"))

    def beside(self, timed: TimedEvent) -> None:
        """One event of the replay, beside when it was recorded."""
        recorded = self._recorded[self._shown].t if self._shown < len(self._recorded) else 0
        self._shown += 1
        late = "" if math.isinf(self._speed) else f" {(timed.t - recorded / self._speed) / 1e3:9.3f}"
        kind, text = _kind_and_text(timed)
        line = Text(f"   {recorded / 1e6:12.6f} {timed.t / 1e6:12.6f}{late}   ")
        line.append(f"{kind:16}", style="cyan")
        line.append(text)
        if self._out.is_terminal:
            line.truncate(self._out.width, overflow="ellipsis")
        self._out.print(line)

    def verdict(self, exactness: Exactness) -> None:
        self._out.print()
        self._say("3  How exact?", "")
        for name, good in (
            ("bytes equal", exactness.bytes_equal),
            ("order equal", exactness.order_equal),
            ("ending equal", exactness.ending_equal),
            *([] if math.isinf(self._speed) else [("read boundaries equal", exactness.boundaries_equal)]),
        ):
            self._out.print(
                Text(f"   {name:24}").append("yes" if good else "no", style="green" if good else "red")
            )
        if exactness.errors:
            told = punctuality(exactness.errors)
            figures = lateness_text(told.lateness, told.drift)
            self._out.print(Text(f"   {'timing error':24}{figures}"))

    def _say(self, title: str, rest: str) -> None:
        self._out.print(Text.assemble((title, "bold"), "  ", (rest, "dim")), soft_wrap=True)


def _kind_and_text(timed: TimedEvent) -> tuple[str, str]:
    """The kind and the data of the demo's own envelope, ready for a terminal."""
    if not timed.event.dispatched:
        return "comment", printable(" ".join(timed.event.comments).strip())
    envelope = orjson.loads(timed.event.data)
    data = envelope["data"]
    return envelope["event"], printable(data if isinstance(data, str) else orjson.dumps(data).decode())
