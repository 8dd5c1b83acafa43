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


def configure(*, verbose: bool, quiet: bool, json: bool) -> None:
    """Quiet: warnings and errors; verbose: whatever a module tells."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if json else TextFormatter())
    level = logging.WARNING if quiet else logging.DEBUG if verbose else logging.INFO
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
