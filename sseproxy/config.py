"""The file with settings: `sseproxy.toml`, else `[tool.sseproxy]` of `pyproject.toml`."""

from __future__ import annotations

import difflib
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


OPTIONS = frozenset(
    """
    admin-host admin-port all cassettes cert connect-timeout contract csv dialect env exhausted
    fail-unplayed flow follow github grace host html idle-timeout ignore insecure json keep keep-encoding
    keep-host key lint log-format max-age max-body max-streams no-cors on-client-close on-miss only output
    port question quiet raw record-mode report secret-env select session severity skip speed strict textconv
    to unpack upstream upstream-ca verbose workers
    """.split()  # noqa: SIM905 - a line for each of them otherwise
)
"""The options of all commands. Written down, so that nobody has to load the commands to know them."""
TABLES = ("contracts", "match", "redact")
"""All that is no option."""


def table_name(path: Path, table: str) -> str:
    """What a table is called in this file."""
    return f"[{table if path.name == 'sseproxy.toml' else f'tool.sseproxy.{table}'}]"


def check_settings(path: Path, settings: dict[str, Any]) -> None:
    """What is left of a file without its tables has to be options.

    Raises SseproxyError for a key that is no command's, naming the nearest that is, and for a table that is
    none of ours.
    """
    for key, value in settings.items():
        if isinstance(value, dict):
            raise SseproxyError(f"{path}: {_no_table(path, key, value)}")
    for key in settings:
        if key not in OPTIONS:
            near = difflib.get_close_matches(key, OPTIONS, 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise SseproxyError(f"{path}: no option is called {key!r}{hint}")


def _no_table(path: Path, key: str, table: dict[str, Any]) -> str:
    near = difflib.get_close_matches(key, TABLES, 1)
    if near:
        hint = f"did you mean {table_name(path, near[0])}?"
    else:
        example = f" such as {next(iter(table))!r}" if table else ""
        known = ", ".join(table_name(path, each) for each in TABLES)
        hint = f"options{example} stand outside of tables; there are {known}"
    return f"no table is called {table_name(path, key)}; {hint}"


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
