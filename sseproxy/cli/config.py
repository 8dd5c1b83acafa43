"""Defaults from the file with settings, as click takes them.

A key is the name of an option, and holds for each command that has the option. The command line and the
environment come before it. Tables, such as the rules of matching, are no options.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from sseproxy.config import TABLES, table_name
from sseproxy.errors import SseproxyError


def defaults(
    path: Path,
    settings: dict[str, Any],
    command: click.Command,
    commands: Callable[[], Iterable[click.Command]],
) -> dict[str, Any]:
    """The settings that this command has an option for, by parameter name.

    `commands` gives all commands, asked for only where a key is not this one's. Raises SseproxyError for a
    key that is no command's, naming the nearest that is, and for a table that is none of ours.
    """
    for key, value in settings.items():
        if isinstance(value, dict):
            raise SseproxyError(f"{path}: {_no_table(path, key, value)}")
    mine = _options(command)
    if strangers := [key for key in settings if key not in mine]:
        known = {name for each in commands() for name in _options(each)}
        for key in strangers:
            if key not in known:
                near = difflib.get_close_matches(key, known, 1)
                hint = f"; did you mean {near[0]!r}?" if near else ""
                raise SseproxyError(f"{path}: no option is called {key!r}{hint}")
    parameters = {each.name: each for each in command.params if isinstance(each, click.Option)}
    return {
        mine[key]: _value(path, key, value, parameters[mine[key]])
        for key, value in settings.items()
        if key in mine
    }


def _no_table(path: Path, key: str, table: dict[str, Any]) -> str:
    near = difflib.get_close_matches(key, TABLES, 1)
    if near:
        hint = f"did you mean {table_name(path, near[0])}?"
    else:
        example = f" such as {next(iter(table))!r}" if table else ""
        known = ", ".join(table_name(path, each) for each in TABLES)
        hint = f"options{example} stand outside of tables; there are {known}"
    return f"no table is called {table_name(path, key)}; {hint}"


def _value(path: Path, key: str, value: object, option: click.Option) -> object:
    """The value as the option takes it; numbers as text, so that one place says what is wrong with them."""
    if option.is_flag:
        fits = isinstance(value, bool)
    elif option.multiple:
        value = [value] if isinstance(value, str) else value
        fits = isinstance(value, list) and all(isinstance(each, str) for each in value)
    else:
        fits = isinstance(value, str | int | float) and not isinstance(value, bool)
        value = str(value)
    if not fits:
        kind = (
            "true or false"
            if option.is_flag
            else "a string or a list of them"
            if option.multiple
            else "a string or a number"
        )
        raise SseproxyError(f"{path}: {key!r} should be {kind}")
    return value


def _options(command: click.Command) -> dict[str, str]:
    """What can be set of a command: the name of an option, without its dashes, to its parameter's."""
    return {
        max(option.opts, key=len).removeprefix("--"): option.name
        for option in command.params
        if isinstance(option, click.Option) and option.name
    }
