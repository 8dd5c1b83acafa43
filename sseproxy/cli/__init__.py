"""The command line. A command parses, calls, prints and gives an exit status; it decides nothing else.

Exit status: 0 fine; 1 differences, findings, or a recording that lost something; 2 trouble; 130 interrupted.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
from pathlib import Path

import click

import sseproxy
from sseproxy.cli.config import defaults
from sseproxy.config import read_config, take_tables
from sseproxy.errors import SseproxyError
from sseproxy.printable import printable

_COMMANDS = {
    "audit": "sseproxy.cli.audit:audit",
    "demo": "sseproxy.cli.demo:demo",
    "diff": "sseproxy.cli.diff:diff_command",
    "exec": "sseproxy.cli.exec:exec_",
    "export": "sseproxy.cli.export:export",
    "health": "sseproxy.cli.health:health",
    "import": "sseproxy.cli.importing:import_",
    "learn": "sseproxy.cli.learn:learn",
    "lint": "sseproxy.cli.lint:lint",
    "ls": "sseproxy.cli.look:ls",
    "pack": "sseproxy.cli.pack:pack",
    "record": "sseproxy.cli.record:record",
    "replay": "sseproxy.cli.replay:replay",
    "scan": "sseproxy.cli.scrub:scan",
    "scrub": "sseproxy.cli.scrub:scrub",
    "show": "sseproxy.cli.look:show",
    "stats": "sseproxy.cli.stats:stats_command",
    "timeline": "sseproxy.cli.timeline:timeline_command",
    "validate": "sseproxy.cli.look:validate",
    "why": "sseproxy.cli.why:why",
}


class _Lazy(click.Group):
    """Imports a command when it is asked for: `ls` needs no HTTP server."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:  # it knows of none to propose: they are not loaded
            raise click.exceptions.NoSuchCommand(
                error.command_name, possibilities=_COMMANDS, ctx=ctx
            ) from None

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(sseproxy.__version__, "-V", "--version", prog_name="sseproxy")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Record token streams (server-sent events) as they pass, and replay them with the original timing."""
    found = read_config(Path())
    group, name = ctx.command, ctx.invoked_subcommand
    if found and name and isinstance(group, _Lazy) and (command := group.get_command(ctx, name)):
        path, settings = found
        ctx.obj = take_tables(path, settings)
        ctx.default_map = {name: defaults(path, settings, command)}


def main() -> None:
    """The `sseproxy` script."""
    _open_standard_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that can't show a letter gets its number
            stream.reconfigure(errors="backslashreplace")
    try:
        status = _run()
        sys.stdout.flush()
    except BrokenPipeError:
        status = _leave_stdout(0)  # whoever read our output has gone: `| head`
    except OSError as error:
        status = _leave_stdout(2)
        what = f"{error.filename}: " if error.filename else "can't write the output: "
        _tell(what + (error.strerror or str(error)))
    sys.exit(status)


def _open_standard_streams() -> None:
    """Opens those of the three that whoever started us has closed: else a socket may get its number.

    What is written to stdout then fails, as it should; stderr's is lost.
    """
    for number, name, flags in (
        (0, "stdin", os.O_RDONLY),
        (1, "stdout", os.O_RDONLY),
        (2, "stderr", os.O_RDWR),
    ):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)  # gets the lowest number that is free
            setattr(sys, name, os.fdopen(number, "w" if number else "r"))


def _run() -> int:
    # Not click's own main(): it takes a closed pipe for a failure.
    try:
        with cli.make_context("sseproxy", sys.argv[1:]) as context:
            cli.invoke(context)
        return 0
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else 0
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return 2
    except click.UsageError as error:
        hint = f" Try '{error.ctx.command_path} --help'." if error.ctx else ""
        _tell(_in_one_line(error.format_message()) + hint)
        return 2
    except click.ClickException as error:
        _tell(error.format_message())
        return 2
    except SseproxyError as error:
        _tell(str(error))
        return 2


def _in_one_line(message: str) -> str:
    """click lists the choices for a missing option one below the other."""
    return message.replace(",\n\t", ", ").replace("\n\t", " ")


def _tell(sentence: str) -> None:
    click.echo(f"Error: {printable(sentence)}", err=True)


def _leave_stdout(status: int) -> int:
    """So that Python does not complain when it flushes what nobody takes."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status
