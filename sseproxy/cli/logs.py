"""Log lines, for a person or for a machine. They go to stderr."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import orjson


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if exchange := getattr(record, "exchange", None):
            entry["exchange"] = exchange
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return orjson.dumps(entry).decode()


class TextFormatter(logging.Formatter):
    """The time, the level where it is not the usual one, the message, and an exchange's id."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S.%f")[:-3]
        level = f"{record.levelname.lower()}: " if record.levelno != logging.INFO else ""
        exchange = getattr(record, "exchange", None)
        told = f"{time} {level}{record.getMessage()}{f' [{exchange}]' if exchange else ''}"
        return f"{told}\n{self.formatException(record.exc_info)}" if record.exc_info else told


class _Seldom(logging.Filter):
    """asyncio tells at each attempt that it can't accept a connection: once a second is enough."""

    def __init__(self) -> None:
        super().__init__()
        self._told = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        if "socket.accept() out of system resource" not in record.getMessage():
            return True
        record.msg, record.args, record.exc_info = "too many connections: no descriptors are left", (), None
        again = record.created - self._told < 1
        self._told = self._told if again else record.created
        return not again


def configure(*, verbose: bool, quiet: bool, json: bool) -> None:
    """Quiet: warnings and errors; verbose: whatever a module tells."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if json else TextFormatter())
    level = logging.WARNING if quiet else logging.DEBUG if verbose else logging.INFO
    logging.basicConfig(level=level, handlers=[handler], force=True)
    loop = logging.getLogger("asyncio")
    loop.setLevel(logging.WARNING)
    loop.addFilter(_Seldom())
