"""The file with settings: `sseproxy.toml`, else `[tool.sseproxy]` of `pyproject.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sseproxy.errors import SseproxyError


def read_config(folder: Path) -> tuple[Path, dict[str, Any]] | None:
    """The file and its settings; None where there is none. Raises SseproxyError for what is no TOML."""
    own, project = folder / "sseproxy.toml", folder / "pyproject.toml"
    if own.is_file():
        return own, _contracts(own, _parse(own))
    if project.is_file():
        settings = _parse(project).get("tool", {}).get("sseproxy")
        if isinstance(settings, dict):
            return project, _contracts(project, settings)
    return None


def _contracts(path: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """The table `[contracts]`, a pattern a dialect, as the option --contract takes it."""
    table = settings.pop("contracts", {})
    if not isinstance(table, dict) or not all(isinstance(pattern, str) for pattern in table.values()):
        raise SseproxyError(f"{path}: 'contracts' should be a table of patterns by dialect")
    if table:
        settings["contract"] = [f"{name}={pattern}" for name, pattern in table.items()]
    return settings


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SseproxyError(f"{path}: {error}") from None
    except OSError as error:
        raise SseproxyError(f"{path}: can't be read: {error.strerror}") from None


TABLES = ("contracts", "match", "redact")
"""All that is no option."""


def table_name(path: Path, table: str) -> str:
    """What a table is called in this file."""
    return f"[{table if path.name == 'sseproxy.toml' else f'tool.sseproxy.{table}'}]"


@dataclass(frozen=True, slots=True)
class Tables:
    """What the file has beside options."""

    path: Path
    match: object
    """The rules of matching, unchecked."""
    redact: object
    """The rules of redaction, unchecked."""

    def where(self, table: str) -> str:
        """How errors call a table."""
        return f"{self.path}: {table_name(self.path, table)}"


def take_tables(path: Path, settings: dict[str, Any]) -> Tables:
    """Takes from the settings what is no option."""
    return Tables(path, settings.pop("match", {}), settings.pop("redact", {}))
