"""Defaults from the file with settings, as click takes them.

A key is the name of an option, and holds for each command that has the option. The command line and the
environment come before it. Tables, such as the rules of matching, are no options.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sseproxy.config import check_settings
from sseproxy.errors import SseproxyError


def defaults(path: Path, settings: dict[str, Any], command: click.Command) -> dict[str, Any]:
    """The settings that this command has an option for, by parameter name.

    Raises SseproxyError for what `check_settings` finds, and for a value that the option can't take.
    """
    check_settings(path, settings)
    mine = options(command)
    parameters = {each.name: each for each in command.params if isinstance(each, click.Option)}
    return {
        mine[key]: _value(path, key, value, parameters[mine[key]])
        for key, value in settings.items()
        if key in mine
    }


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


def options(command: click.Command) -> dict[str, str]:
    """What can be set of a command: the name of an option, without its dashes, to its parameter's."""
    return {
        max(option.opts, key=len).removeprefix("--"): option.name
        for option in command.params
        if isinstance(option, click.Option) and option.name
    }
