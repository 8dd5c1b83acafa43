"""The command line. A command parses, calls, prints and gives an exit status; it decides nothing else.

Exit status: 0 fine; 1 differences, findings, or a recording that lost something; 2 trouble; 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import click

import sseproxy
from sseproxy.cli.config import defaults, read_config
from sseproxy.errors import SseproxyError

_COMMANDS = {
    "demo": "sseproxy.cli.demo:demo",
    "health": "sseproxy.cli.health:health",
    "ls": "sseproxy.cli.look:ls",
    "record": "sseproxy.cli.record:record",
    "replay": "sseproxy.cli.replay:replay",
    "show": "sseproxy.cli.look:show",
    "validate": "sseproxy.cli.look:validate",
}


class _Lazy(click.Group):
    """Imports a command when it is asked for: `ls` needs no HTTP server."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def all_commands(self, ctx: click.Context) -> list[click.Command]:
        return [command for name in _COMMANDS if (command := self.get_command(ctx, name))]


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(sseproxy.__version__, "-V", "--version", prog_name="sseproxy")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Record token streams (server-sent events) as they pass, and replay them with the original timing."""
    found = read_config(Path())
    group, name = ctx.command, ctx.invoked_subcommand
    if found and name and isinstance(group, _Lazy) and (command := group.get_command(ctx, name)):
        path, settings = found
        ctx.default_map = {name: defaults(path, settings, command, lambda: group.all_commands(ctx))}


def main() -> None:
    """The `sseproxy` script."""
    try:
        status = cli(standalone_mode=False)
    except click.exceptions.Exit as exit_:
        status = exit_.exit_code
    except (click.Abort, KeyboardInterrupt):
        status = 130
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        status = 2
    except click.UsageError as error:
        hint = f" Try '{error.ctx.command_path} --help'." if error.ctx else ""
        click.echo(f"Error: {error.format_message()}{hint}", err=True)
        status = 2
    except click.ClickException as error:
        error.show()
        status = 2
    except SseproxyError as error:
        click.echo(f"Error: {error}", err=True)
        status = 2
    except BrokenPipeError:
        # The reader of our output has gone (`| head`); Python must not complain when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    sys.exit(status)
