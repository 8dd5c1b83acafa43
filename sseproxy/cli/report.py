"""`replay --report`: how late each stream's events were, and all of them."""

from __future__ import annotations

from rich.text import Text

from sseproxy.analysis.punctuality import Lateness, Punctuality
from sseproxy.console.lateness import punctuality, total_lateness
from sseproxy.console.table import stdout
from sseproxy.exchange import Request


class Report:
    """On stdout. Where that takes no more (`| head`, a full disk) streams go on, and it is told at last."""

    def __init__(self) -> None:
        self.everything = Lateness()
        self._out = stdout()
        self._error: OSError | None = None

    def add(self, played: tuple[Request, Punctuality]) -> None:
        """One stream."""
        self._print(punctuality(*played))

    def finish(self) -> None:
        """All of them. Raises OSError where something could not be printed."""
        self._print(total_lateness(self.everything))
        if self._error:
            raise self._error

    def _print(self, line: Text) -> None:
        if self._error is None:
            try:
                self._out.print(line)
            except OSError as error:
                self._error = error
