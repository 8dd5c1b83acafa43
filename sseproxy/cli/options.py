"""Options that several commands share. Each can also be given in the environment as SSEPROXY_NAME."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from sseproxy.cli.logs import configure

Function = TypeVar("Function", bound=Callable[..., Any])


def setting(flag: str, *names: str, **attributes: Any) -> Callable[[Function], Function]:
    """A click option that has an environment variable of its flag's name."""
    name = flag.removeprefix("--").replace("-", "_").upper()
    return click.option(flag, *names, envvar=f"SSEPROXY_{name}", show_envvar=True, **attributes)


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


def processes(function: Function) -> Function:
    """--workers and --admin-port; with `address` and `logs` they make the `place` that a command gets."""

    @functools.wraps(function)
    def placed(**given: Any) -> Any:
        from sseproxy.cli.serving import Place  # here, so that `ls` loads no server

        names = ("host", "port", "workers", "admin_host", "admin_port", "quiet")
        return function(place=Place(**{name: given.pop(name) for name in names}), **given)

    workers = setting(
        "--workers",
        type=click.IntRange(1),
        default=1,
        show_default=True,
        metavar="N",
        help="Processes that serve the port.",
    )
    port = setting(
        "--admin-port",
        type=click.IntRange(0, 65535),
        metavar="PORT",
        help="Serve /healthz and /metrics here.",
    )
    host = setting("--admin-host", default="127.0.0.1", show_default=True, help="Address for --admin-port.")
    return workers(port(host(placed)))  # type: ignore[return-value]


def cassettes(help: str) -> Callable[[Function], Function]:
    return setting(
        "--cassettes",
        type=click.Path(path_type=Path),
        default=Path("cassettes"),
        show_default=True,
        metavar="DIR",
        help=help,
    )


def logs(function: Function) -> Function:
    """How to log. The command gets `quiet`; the rest is done before it runs."""

    @functools.wraps(function)
    def configured(*, quiet: bool, verbose: bool, log_format: str, **rest: Any) -> Any:
        configure(quiet=quiet, verbose=verbose, json=log_format == "json")
        return function(quiet=quiet, **rest)

    quiet = click.option("-q", "--quiet", is_flag=True, help="Log warnings and errors only.")
    verbose = click.option("-v", "--verbose", is_flag=True, help="Log more.")
    form = setting(
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="Of log lines.",
    )
    return form(quiet(verbose(configured)))  # type: ignore[return-value]


def tls_files(function: Function) -> Function:
    """--cert and --key; the command gets the context they make as `tls`, None where they are not given."""

    @functools.wraps(function)
    def with_context(*, cert: Path | None, key: Path | None, **rest: Any) -> Any:
        if key and not cert:
            raise click.UsageError("--key goes with --cert.")
        from sseproxy.server import serving_context  # here, so that `ls` loads no server

        return function(tls=serving_context(cert, key) if cert else None, **rest)

    file = click.Path(path_type=Path)
    certificate = setting(
        "--cert", type=file, metavar="FILE", help="Serve https with this certificate (PEM)."
    )
    key = setting(
        "--key", type=file, metavar="FILE", help="Its private key, where the certificate's file has none."
    )
    return certificate(key(with_context))  # type: ignore[return-value]


class Seconds(click.FloatRange):
    """A time that ends: NaN compares with nothing, and so is in every range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        seconds = float(super().convert(value, param, ctx))
        if not math.isfinite(seconds):
            self.fail(f"{value!r} is no number of seconds.", param, ctx)
        return seconds


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
