"""Options that several commands share. Each can also be given in the environment as SSEPROXY_NAME."""

from __future__ import annotations

import functools
import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from sseproxy.cli.logs import configure
from sseproxy.config import Tables
from sseproxy.errors import SseproxyError
from sseproxy.printable import printable

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


DEFAULT = Path("cassettes")
"""Where cassettes are looked for and put."""


def cassettes(help: str) -> Callable[[Function], Function]:
    return setting(
        "--cassettes",
        type=click.Path(path_type=Path),
        default=DEFAULT,
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


def redacted(function: Function) -> Function:
    """What is masked. The command gets `redaction`: our rules, the configuration file's, --secret-env."""

    @functools.wraps(function)
    def with_rules(*, secret_env: tuple[str, ...], **rest: Any) -> Any:
        from sseproxy.redaction import own_rules  # here, so that `ls` loads none of it

        tables = click.get_current_context().find_object(Tables)
        table, where = (tables.redact, tables.where("redact")) if tables else ({}, "")
        return function(redaction=own_rules(table, where, _secrets(secret_env)), **rest)

    return setting(
        "--secret-env",
        multiple=True,
        metavar="NAME",
        help="Mask the value of this environment variable wherever it stands.",
    )(with_rules)  # type: ignore[return-value]


def _secrets(names: tuple[str, ...]) -> dict[str, str]:
    """The values of the variables that are set; of the others the user is told."""
    for name in names:
        if not os.environ.get(name):
            click.echo(
                f"sseproxy: warning: {printable(name)} (--secret-env) is not set: nothing to mask", err=True
            )
    return {name: os.environ[name] for name in names if os.environ.get(name)}


class Seconds(click.FloatRange):
    """A time that ends: NaN compares with nothing, and so is in every range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        seconds = float(super().convert(value, param, ctx))
        if not math.isfinite(seconds):
            self.fail(f"{value!r} is no number of seconds.", param, ctx)
        return seconds


class Age(click.ParamType[float]):
    """A time such as 7d, in seconds."""

    name = "30m|12h|7d"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) *([mhdw])", str(value))
        if not found:
            self.fail(f"{value!r} is no age: it should be like 30m, 12h, 7d or 4w.", param, ctx)
        return float(found[1]) * {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}[found[2]]


class Speed(click.ParamType[float]):
    """A factor of the recorded timing, or `max` for no waiting at all."""

    name = "1|N|max"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        from sseproxy.schedule import parse_speed  # here, so that `--help` loads none of it

        try:
            return parse_speed(value)
        except SseproxyError as error:
            self.fail(f"{error}.", param, ctx)


def matched(function: Function) -> Function:
    """What counts as the same request. The command gets the configuration file's `rules`, and `strict`.

    And `redaction`: secrets are masked before requests are compared, as they were in recordings.
    """

    @functools.wraps(function)
    def with_rules(**rest: Any) -> Any:
        from sseproxy.matching import Rules, parse_rules  # here, so that `ls` loads none of it

        tables = click.get_current_context().find_object(Tables)
        rules = parse_rules(tables.match, tables.where("match")) if tables else Rules()
        return function(rules=rules, **rest)

    strict = setting("--strict", is_flag=True, help="Fold no volatile ids: they have to be equal too.")
    return strict(redacted(with_rules))  # type: ignore[return-value]


def answering(*, speed: str) -> Callable[[Function], Function]:
    """How cassettes answer; `speed` where it is not given."""

    def answered(function: Function) -> Function:
        @functools.wraps(function)
        def parsed(*, exhausted: str, **rest: Any) -> Any:
            from sseproxy.matching import Exhausted

            return function(exhausted=Exhausted(exhausted), **rest)

        return factor(exhausted(stale(matched(parsed))))  # type: ignore[return-value]

    factor = setting(
        "--speed",
        type=Speed(),
        metavar="1|N|max",
        default=speed,
        show_default=True,
        help="Factor of the recorded timing; max: no waiting.",
    )
    exhausted = setting(
        "--exhausted",
        type=click.Choice(["last", "loop", "miss"]),
        default="last",
        show_default=True,
        help="When a request comes more often than it was recorded: the last answer again, all from the"
        " first on, or a miss.",
    )
    stale = setting(
        "--max-age", type=Age(), metavar="30m|12h|7d", help="Tell of cassettes that are older than this."
    )
    return answered


paths = click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path))
