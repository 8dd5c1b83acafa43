"""Options that several commands share. Each can also be given in the environment as SSEPROXY_NAME."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])


def setting(flag: str, **attributes: Any) -> Callable[[Function], Function]:
    """A click option that has an environment variable of its name."""
    name = flag.removeprefix("--").replace("-", "_").upper()
    return click.option(flag, envvar=f"SSEPROXY_{name}", show_envvar=True, **attributes)


def address(function: Function) -> Function:
    """Where to listen."""
    port = setting(
        "--port",
        type=click.IntRange(0, 65535),
        default=8080,
        show_default=True,
        help="Port; 0 takes any free one.",
    )
    host = setting("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
    return host(port(function))


def cassettes(help: str) -> Callable[[Function], Function]:
    return setting(
        "--cassettes",
        type=click.Path(path_type=Path),
        default=Path("cassettes"),
        show_default=True,
        metavar="DIR",
        help=help,
    )


def verbosity(function: Function) -> Function:
    """-q and -v, carried out as they are parsed."""

    def configure(ctx: click.Context, param: click.Parameter, value: int) -> int:
        quiet = ctx.params.get("quiet", False)
        level = logging.WARNING if quiet else logging.DEBUG if value else logging.INFO
        logging.basicConfig(level=level, format="%(asctime)s %(levelname)-7s %(message)s", force=True)
        logging.getLogger("asyncio").setLevel(logging.WARNING)
        return value

    verbose = click.option(
        "-v", "--verbose", count=True, expose_value=False, callback=configure, help="Log more."
    )
    quiet = click.option("-q", "--quiet", is_flag=True, is_eager=True, help="Log warnings and errors only.")
    return quiet(verbose(function))


class Speed(click.ParamType[float]):
    """A factor of the recorded timing, or `max` for no waiting at all."""

    name = "1|N|max"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if value == "max":
            return math.inf
        try:
            speed = float(value)
        except ValueError:
            speed = math.nan
        if not (math.isfinite(speed) and speed > 0):
            self.fail(f"{value!r} is neither a number above 0 nor 'max'.", param, ctx)
        return speed


paths = click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path))
