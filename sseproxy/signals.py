"""What asks a command to stop."""

from __future__ import annotations

import signal

HANG_UP: signal.Signals | None = getattr(signal, "SIGHUP", None)
"""Told by a terminal that closes; Windows has none."""


def stop_signals() -> list[signal.Signals]:
    """Ctrl-C, a service manager, a terminal that closes, unless `nohup` has it ignored."""
    asked = [signal.SIGINT, signal.SIGTERM]
    if HANG_UP and signal.getsignal(HANG_UP) is not signal.SIG_IGN:
        asked.append(HANG_UP)
    return asked
