"""`sseproxy record`."""

from __future__ import annotations

import contextlib
import logging
import ssl
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from click.core import ParameterSource

from sseproxy.analysis.lint import Expectations
from sseproxy.cassette import rewriting
from sseproxy.cassette.library import Library
from sseproxy.cassette.store import make_folder
from sseproxy.cli.expectations import expectations
from sseproxy.cli.following import linting
from sseproxy.cli.libraries import opened, record_command
from sseproxy.cli.modes import Run, recording
from sseproxy.cli.options import Seconds, address, answering, cassettes, logs, processes, setting, tls_files
from sseproxy.cli.replaying import TURN, AskedTurns, replay_until_stopped, taking, tell_stale
from sseproxy.cli.serving import Place, Seat, announce, serve
from sseproxy.clock import SystemClock
from sseproxy.demo.server import demo_for
from sseproxy.errors import SseproxyError
from sseproxy.matching import Answers, Exhausted, LocalTurns, Rules
from sseproxy.mock import Mock
from sseproxy.mock import Options as MockOptions
from sseproxy.modes import RecordMode, settled
from sseproxy.patterns import parse_pattern
from sseproxy.printable import counted
from sseproxy.proxy import Options, Proxy, Session
from sseproxy.proxy.keep import parse_keep
from sseproxy.proxy.selection import Selection
from sseproxy.redaction import Rules as Redaction
from sseproxy.redaction import mask_url
from sseproxy.server import Running
from sseproxy.upstream import tls_context

log = logging.getLogger("sseproxy.cli")

LOST = "lost"
"""What workers tell their parent: how many of their recordings are not whole."""

_seconds = Seconds(min=0, min_open=True)


@click.command()
@setting(
    "--upstream",
    "upstreams",
    required=True,
    multiple=True,
    metavar="[/PREFIX=]URL",
    help="Where requests go; 'demo' is a server of our own. Several, each with a prefix: the longest that"
    " fits the path is replaced by the URL's own path.",
)
@cassettes("Folder that gets a cassette for each exchange.")
@setting(
    "--record-mode",
    type=click.Choice([mode.value for mode in RecordMode]),
    default=RecordMode.ALL.value,
    show_default=True,
    help="Whether cassettes answer, the upstream does, or one after the other.",
)
@answering(speed="1")
@address
# Not in the environment: a pattern has a space, and so has a list of them there.
@click.option("--only", multiple=True, metavar="PATTERN", help="Record these alone, such as 'POST /api/*'.")
@click.option("--skip", multiple=True, metavar="PATTERN", help="Don't record these; they pass all the same.")
@setting("--keep", metavar="500|2GB|7d", help="Delete the oldest cassettes beyond this.")
@setting("--max-body", type=click.IntRange(0), metavar="BYTES", help="Record no more of a body than this.")
@setting(
    "--max-streams",
    type=click.IntRange(1),
    metavar="N",
    help="Answer 503 beyond this many open streams; each worker has its share.",
)
@setting(
    "--on-client-close",
    type=click.Choice(["stop", "drain"]),
    default="stop",
    show_default=True,
    help="When a client leaves: leave the upstream too, or read it to its end.",
)
@setting("--keep-encoding", is_flag=True, help="Leave the client's Accept-Encoding as it is.")
@setting("--keep-host", is_flag=True, help="Leave the client's Host as it is.")
@setting(
    "--upstream-ca",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Trust these certificates (PEM), not the system's.",
)
@setting("--insecure", is_flag=True, help="Don't verify an upstream's certificate.")
@tls_files
@setting(
    "--connect-timeout",
    type=_seconds,
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="How long an upstream may take to accept a connection.",
)
@setting(
    "--idle-timeout",
    type=_seconds,
    metavar="SECONDS",
    help="How long an upstream may be silent.  [default: no limit]",
)
@setting(
    "--grace",
    type=Seconds(min=0),
    default=3.0,
    show_default=True,
    metavar="SECONDS",
    help="How long open streams may go on after SIGTERM, SIGHUP or Ctrl-C.",
)
@setting("--lint", is_flag=True, help="Log what is wrong with the streams as it happens.")
@expectations
@logs
@processes
def record(
    cassettes: Path,
    expectations: Expectations,
    grace: float,
    place: Place,
    upstreams: tuple[str, ...],
    lint: bool,
    record_mode: str,
    speed: float,
    rules: Rules,
    strict: bool,
    exhausted: Exhausted,
    max_age: float | None,
    redaction: Redaction,
    **rest: Any,
) -> None:
    """Pass requests on to an upstream, and record each exchange.

    Point the client's base URL here. The stream is untouched: each read of the upstream is written to the
    cassette and handed on at once.
    """
    matched = partial(Answers, rules=rules, strict=strict, exhausted=exhausted, redaction=redaction)
    command = record_command(cassettes)
    replaying = MockOptions(
        host=place.host, tls=rest["tls"], speed=speed, record=command, redaction=redaction
    )
    mode = settled(RecordMode(record_mode), cassettes)
    _check_use("contract", "dialect", used=lint or mode is RecordMode.VERIFY)
    if mode is RecordMode.NONE:
        answers = matched(opened([cassettes]))
        raise SystemExit(
            replay_until_stopped(
                place, answers, replaying, cassettes, max_age=max_age, fail_unplayed=False, report=False
            )
        )
    tell = partial(_tell_stale, cassettes, max_age) if max_age is not None else lambda: None
    with recording(mode, cassettes, matched, expectations) as run:
        options = _options(upstreams, run.folder, place, redaction=redaction, **rest)
        make_folder(run.folder)
        # Before there are workers: they share it.
        session = Session(run.folder, SystemClock(), options.max_body, redaction)
        linted = expectations if lint else None
        main = partial(_main, run, options, session, replaying, grace, tell, place.workers, linted)
        lost: list[int] = []
        status = serve(place, main, {TURN: taking(LocalTurns()), LOST: lost.append})
        raise SystemExit(run.finish(sum(lost)) or status)


def _tell_stale(cassettes: Path, max_age: float) -> None:
    tell_stale(Answers(Library(rewriting.recorded(cassettes))), max_age)


def _check_use(*parameters: str, used: bool) -> None:
    """What the command line says without use is a mistake; a file's settings are for all commands."""
    context = click.get_current_context()
    for name in parameters:
        if not used and context.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise click.UsageError(f"--{name} goes with --record-mode verify, or --lint.")


async def _main(
    run: Run,
    options: Options,
    session: Session,
    replaying: MockOptions,
    grace: float,
    tell: Callable[[], None],
    workers: int,
    linted: Expectations | None,
    seat: Seat,
) -> int:
    async with contextlib.AsyncExitStack() as stack:
        if linted and seat.number == 0:  # first, so that it sees what the last streams leave
            await stack.enter_async_context(linting(options.cassettes, linted))
        where = [await demo_for(spec, stack) for spec in options.upstreams]
        mine = replace(
            options,
            upstreams=tuple(where),
            port=seat.port,
            shared=seat.shared,
            keep=options.keep if seat.number == 0 else None,
            max_streams=_share(options.max_streams, workers, seat.number),
        )
        mock = None
        if run.answers:
            run.answers.turns = AskedTurns(seat)
            mock = Mock(run.answers, replaying, session.clock)
            mock.open()
            stack.callback(mock.close)
        proxy = Proxy(mine, session.clock, seat.metrics, session, mock.answer if mock else None)
        server = await proxy.start()
        stack.push_async_callback(proxy.stop, grace)
        _refuse_itself(server, where)
        seat.ready(
            f"sseproxy: {server.url} {run.verb} {', '.join(map(mask_url, where))} {run.doing} (Ctrl-C stops)"
        )
        if seat.number == 0:
            tell()
        await seat.stopped.wait()
        if mock:
            mock.break_off()
        if proxy.open_streams:
            told = counted(proxy.open_streams, "open stream")
            announce(f"sseproxy: {told} may go on for {grace:g} s; Ctrl-C again stops at once")
    seat.ask(LOST, session.lost)
    if session.lost:
        log.warning("recordings that are not whole: %d", session.lost)
    return 1 if session.lost else 0


def _refuse_itself(server: Running, upstreams: list[str]) -> None:
    """A proxy in front of itself would ask itself for ever."""
    for spec in upstreams:
        parts = urlsplit(spec.partition("=")[2] if spec.startswith("/") else spec)
        if parts.port == server.port and parts.hostname in (server.host, "localhost", "127.0.0.1", "::1"):
            raise SseproxyError(f"--upstream {mask_url(spec)!r} is this proxy itself")


def _share(limit: int | None, workers: int, number: int) -> int | None:
    """What one worker has of a limit for all together."""
    return None if limit is None else limit // workers + (number < limit % workers)


def _options(
    upstreams: tuple[str, ...],
    cassettes: Path,
    place: Place,
    *,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    keep: str | None,
    max_body: int | None,
    max_streams: int | None,
    on_client_close: str,
    keep_encoding: bool,
    keep_host: bool,
    upstream_ca: Path | None,
    insecure: bool,
    tls: ssl.SSLContext | None,
    redaction: Redaction,
    connect_timeout: float,
    idle_timeout: float | None,
) -> Options:
    """What the command line said, checked. Raises SseproxyError."""
    if insecure and upstream_ca:
        raise click.UsageError("--insecure and --upstream-ca can't go together.")
    if max_streams is not None and max_streams < place.workers:
        raise click.UsageError("--max-streams is below --workers: each of them takes one at least.")
    if insecure:
        announce("sseproxy: warning: upstream certificates are not verified (--insecure)")
    return Options(
        upstreams=upstreams,
        cassettes=cassettes,
        host=place.host,
        tls=tls,
        upstream_tls=tls_context(upstream_ca, insecure=insecure) if insecure or upstream_ca else None,
        keep_encoding=keep_encoding,
        keep_host=keep_host,
        drain=on_client_close == "drain",
        selection=Selection([parse_pattern(text) for text in only], [parse_pattern(text) for text in skip]),
        keep=parse_keep(keep) if keep else None,
        redaction=redaction,
        max_body=max_body,
        max_streams=max_streams,
        connect_timeout=connect_timeout,
        idle_timeout=idle_timeout,
    )
