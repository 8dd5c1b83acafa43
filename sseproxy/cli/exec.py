"""`sseproxy exec`."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from sseproxy.cli.logs import configure
from sseproxy.cli.options import answering, cassettes, setting
from sseproxy.cli.replaying import tell_names, tell_stale
from sseproxy.cli.serving import announce, on_loop
from sseproxy.errors import NoCassettesError, NoUpstreamError, SseproxyError
from sseproxy.matching import Exhausted, Rules
from sseproxy.matching.telling import Log
from sseproxy.modes import IN_TESTS, RecordMode
from sseproxy.printable import counted
from sseproxy.redaction import Rules as Redaction
from sseproxy.standin import Plan, StandIn

log = logging.getLogger("sseproxy.cli")

URL = "SSEPROXY_URL"
"""The variable that the command always gets."""
PLACE = "{url}"
"""What stands for the URL in other variables."""
RECORD = "sseproxy exec --record-mode new_episodes --upstream URL -- COMMAND"
_PASSED_ON = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
    if hasattr(signal, name)
)
_FROM_KEYS = frozenset(getattr(signal, name) for name in ("SIGINT", "SIGQUIT") if hasattr(signal, name))


@click.command("exec", context_settings={"allow_interspersed_args": False})
@click.argument("command", nargs=-1, required=True, metavar="COMMAND...", type=click.UNPROCESSED)
@cassettes("The cassettes to answer from, or to record into.")
@setting(
    "--record-mode",
    type=click.Choice([mode.value for mode in IN_TESTS]),
    default=RecordMode.NONE.value,
    show_default=True,
    help="Whether cassettes answer, the upstream does, or one after the other.",
)
@setting(
    "--upstream",
    "upstreams",
    multiple=True,
    metavar="[/PREFIX=]URL",
    help="Where requests go that are recorded; 'demo' is a server of our own.",
)
# Not in the environment: it is about the environment.
@click.option(
    "--env",
    "templates",
    multiple=True,
    metavar="NAME=TEXT",
    help="Set this variable too; {url} in the text is the server's URL.",
)
@answering(speed="max")
@click.option("-q", "--quiet", is_flag=True, help="Don't list the cassettes that nobody asked for.")
@click.option("-v", "--verbose", is_flag=True, help="Log each request.")
def exec_(
    command: tuple[str, ...],
    cassettes: Path,
    record_mode: str,
    upstreams: tuple[str, ...],
    templates: tuple[str, ...],
    speed: float,
    rules: Rules,
    strict: bool,
    exhausted: Exhausted,
    max_age: float | None,
    redaction: Redaction,
    quiet: bool,
    verbose: bool,
) -> None:
    """Run a command, such as a test suite, with a server to talk to. The exit status is the command's.

    The server listens on a free port, and the command gets its URL in SSEPROXY_URL. It answers from
    cassettes, or records them. Signals are passed on to the command. At the end, requests that no cassette
    answered and cassettes that nobody asked for are told on stderr.
    """
    configure(quiet=not verbose, verbose=verbose, json=False)  # stderr is the command's in the first place
    plan = Plan(cassettes, RecordMode(record_mode), upstreams, speed, rules, strict, exhausted, redaction)
    variables = dict(_variable(template) for template in templates)
    raise SystemExit(on_loop(_main(plan, command, variables, max_age, quiet=quiet)))


def _variable(template: str) -> tuple[str, str]:
    name, equals, text = template.partition("=")
    if not (name and equals):
        raise click.UsageError(f"--env {template!r} should be NAME=TEXT, such as BASE_URL={{url}}/v1.")
    if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name):
        raise click.UsageError(f"--env {template!r}: {name!r} is no variable's name.")
    if name == URL:
        raise click.UsageError(f"--env {template!r}: the command gets {URL} as it is; take another name.")
    if PLACE not in text and PLACE in text.lower():
        raise click.UsageError(f"--env {template!r}: the URL's place is {PLACE}, in small letters.")
    return name, text


async def _main(
    plan: Plan, command: tuple[str, ...], variables: Mapping[str, str], max_age: float | None, *, quiet: bool
) -> int:
    standin = _standin(plan)
    url = await standin.start()
    try:
        if standin.answers and max_age is not None:
            tell_stale(standin.answers, max_age)
        told = {name: text.replace(PLACE, url) for name, text in variables.items()}
        status = await _run(command, {**os.environ, URL: url, **told})
    finally:
        await standin.stop()
    return _finish(standin, status, quiet=quiet)


def _standin(plan: Plan) -> StandIn:
    try:
        misses = Log(RECORD)
        return StandIn(plan, lambda miss: log.warning("miss: %s", misses.told(miss)))
    except NoCassettesError as error:
        raise SseproxyError(f"{error}; record them with --record-mode once --upstream URL") from None
    except NoUpstreamError as error:
        raise SseproxyError(f"{error}: --upstream URL") from None


async def _run(command: tuple[str, ...], environment: Mapping[str, str]) -> int:
    """The command's status, as a shell would tell it. Raises SseproxyError where it can't be started."""
    signals = _PassedOn()
    try:
        process = await asyncio.create_subprocess_exec(*command, env=environment)
    except OSError as error:
        raise SseproxyError(f"{command[0]}: can't be run: {error.strerror}") from None
    signals.to(process)
    status = await process.wait()
    return 128 - status if status < 0 else status


class _PassedOn:
    """Signals that are for the command; what comes before it runs, it gets when it does."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._early: list[int] = []
        for number in _PASSED_ON:
            if sys.platform == "win32":
                signal.signal(number, lambda got, _: self._pass_on(got))
            elif signal.getsignal(number) is not signal.SIG_IGN:
                asyncio.get_running_loop().add_signal_handler(number, self._pass_on, number)

    def to(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        for number in self._early:
            self._pass_on(number)

    def _pass_on(self, number: int) -> None:
        if self._process is None:
            self._early.append(number)
        elif self._process.returncode is None and not (number in _FROM_KEYS and _in_foreground()):
            self._process.send_signal(number)


def _in_foreground() -> bool:
    """Whether a key of the terminal signals us and the command alike: it must not get Ctrl-C twice."""
    try:
        with open(os.ctermid(), "rb") as terminal:  # noqa: PTH123 - a device
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except (OSError, AttributeError):
        return False  # no terminal at all


def _finish(standin: StandIn, status: int, *, quiet: bool) -> int:
    """Tells what was left over, and gives the exit status."""
    if standin.misses:
        verb = "was" if len(standin.misses) == 1 else "were"
        announce(f"sseproxy: {counted(len(standin.misses), 'request')} {verb} answered by no cassette")
    if standin.unplayed and not quiet:
        verb = "was" if len(standin.unplayed) == 1 else "were"
        tell_names(f"{counted(len(standin.unplayed), 'cassette')} {verb} never asked for", standin.unplayed)
    why, cut = "", 0 if standin.mode is RecordMode.REWRITE else standin.cut
    if status == 0:
        why = standin.replace_library()
    elif standin.mode is RecordMode.REWRITE:
        why = "the library stays as it was: the command failed"
        standin.leave_library()
    if standin.lost:
        announce(f"sseproxy: {counted(standin.lost, 'recording')} lost something")
    if cut:
        announce(f"sseproxy: {counted(cut, 'stream')} had not ended: not taken for recorded")
    if why:
        announce(f"sseproxy: {why}")
    return status or (1 if why or standin.lost else 0)
