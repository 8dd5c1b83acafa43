"""A cassette as it is on disk at this moment, read without any code of the package."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any


class OnDisk:
    """Follows a cassette that grows. A torn last line does not count."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.records: list[dict[str, Any]] = []
        self.body = b""
        self._read = 0
        self.look()

    def look(self) -> None:
        """Takes in what was written since the last look."""
        with self.path.open("rb") as file:
            file.seek(self._read)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._read += len(whole) + len(newline)
        new = [json.loads(line) for line in whole.splitlines()]
        self.records += new
        self.body += b"".join(content(record) for record in new if record["k"] == "data")

    @property
    def kinds(self) -> list[str]:
        return [record["k"] for record in self.records]


def content(record: dict[str, Any]) -> bytes:
    """Body bytes in either of their forms."""
    return base64.b64decode(record["b64"]) if "b64" in record else str(record["text"]).encode()


def only_file(folder: Path) -> OnDisk:
    """The one file in a folder."""
    (path,) = folder.iterdir()
    return OnDisk(path)
