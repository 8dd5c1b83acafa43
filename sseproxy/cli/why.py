"""`sseproxy why`: which cassette answers a request, or why none does, without a server."""

from __future__ import annotations

import base64
import binascii
import json
import shlex
from pathlib import Path
from typing import Any

import click

from sseproxy.cassette.naming import PACKED, PART, SUFFIX
from sseproxy.cassette.store import load_request
from sseproxy.cli.libraries import opened, record_command
from sseproxy.cli.options import cassettes, matched
from sseproxy.console.cassettes import miss_lines
from sseproxy.console.table import stdout
from sseproxy.errors import SseproxyError
from sseproxy.exchange import Request
from sseproxy.http1 import origin_form
from sseproxy.matching import Answers, Rules
from sseproxy.matching.curl import parse_curl
from sseproxy.matching.telling import lines, problem
from sseproxy.printable import printable, printable_bytes
from sseproxy.redaction import Rules as Redaction
from sseproxy.redaction import mask_target


class _Why(click.Command):
    """Options may stand before and behind REQUEST; behind the word `curl`, `--json` is curl's."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, self._options_first(args))

    def _options_first(self, args: list[str]) -> list[str]:
        takes_value = {
            name: not each.is_flag
            for each in self.params
            if isinstance(each, click.Option)
            for name in each.opts
        }
        options: list[str] = []
        asked: list[str] = []
        words = iter(args)
        for word in words:
            name, equals, _ = word.partition("=")
            if word == "--":
                asked += words
            elif name in takes_value and not (asked[:1] == ["curl"] and name == "--json"):
                options.append(word)
                if takes_value[name] and not equals:
                    if (value := next(words, None)) is None:
                        return [word]  # for click to complain of
                    options.append(value)
            elif word.startswith("-") and asked[:1] != ["curl"]:
                options.append(word)  # `--help`, or what is none
            else:
                asked.append(word)
        return [*options, "--", *asked]


@click.command(cls=_Why)
@click.argument("asked", nargs=-1, required=True, metavar="REQUEST...", type=click.UNPROCESSED)
@cassettes("The cassettes to look in: a folder, or one file.")
@matched
@click.option("--json", "json_", is_flag=True, help="Print JSON for tools.")
def why(
    asked: tuple[str, ...],
    cassettes: Path,
    rules: Rules,
    strict: bool,
    redaction: Redaction,
    json_: bool,
) -> None:
    """Tell which cassette answers a request, or why none does. Exit 0 or 1.

    REQUEST is a cassette, whose request is asked; or a JSON file with `method`, `url`, `headers` and `body`;
    or a curl command, as one word or as it stands (`--json` behind it is curl's). Nothing is sent.
    """
    request = _request(asked)
    library = opened([cassettes])
    answers = Answers(library, rules, strict=strict, redaction=redaction)
    answer = answers.answer(request)
    if answer:
        name = printable(library.name(answer.number))
        if json_:
            _print_json({"cassette": name, "folded": list(answer.folded)})
        else:
            click.echo(f"{_told(request, redaction)} is answered by {name}")
            for rule in answer.folded:
                click.echo(f"  but for {rule}, an id that is folded (with --strict it would be a miss)")
        return
    miss = answers.explain(request)
    if json_:
        _print_json(problem(miss, 404, record_command(cassettes)))
    else:
        out = stdout()
        for line in miss_lines(lines(miss, record_command(cassettes))):
            out.print(line)
    raise SystemExit(1)


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def _told(request: Request, redaction: Redaction) -> str:
    return f"{printable(request.method)} {printable_bytes(mask_target(request.target, redaction)[0])}"


def _request(asked: tuple[str, ...]) -> Request:
    first = asked[0]
    if first == "curl":
        return parse_curl(asked[1:])
    if len(asked) > 1:
        raise click.UsageError("one REQUEST at a time: a file, or a curl command.")
    if first.startswith("curl "):
        try:
            return parse_curl(shlex.split(first.replace("\\\n", " "))[1:])
        except ValueError as error:
            raise SseproxyError(f"the curl command can't be read: {error}") from None
    path = Path(first)
    if path.name.endswith((SUFFIX, PART, PACKED)):
        request = load_request(path)[1]
        if request is None:
            raise SseproxyError(f"{path}: its recorder died before the request was written")
        return request
    return _from_json(path)


_MAY_BE = "REQUEST is one cassette, such a JSON file, or a curl command"


def _from_json(path: Path) -> Request:
    """A line of a cassette is one, too: `target` for `url`, a list for `headers`, an object for `body`."""
    try:
        value = json.loads(path.read_bytes())
    except OSError as error:
        what = f"{path}: can't be read: {error.strerror}"
        raise SseproxyError(f"{what}; {_MAY_BE}" if path.is_dir() else what) from None
    except ValueError as error:
        raise SseproxyError(f"{path}: neither a cassette nor JSON: {error}") from None
    if not isinstance(value, dict) or not isinstance(url := value.get("url", value.get("target")), str):
        raise SseproxyError(
            f"{path}: should be an object with `url`, and `method`, `headers`, `body`; {_MAY_BE}"
        )
    try:
        headers = value.get("headers", [])
        pairs = list(headers.items()) if isinstance(headers, dict) else headers
        fields = tuple((str(name).encode(), str(content).encode()) for name, content in pairs)
        body = _body(value.get("body", ""))
    except (ValueError, TypeError, binascii.Error):
        raise SseproxyError(f"{path}: `headers` or `body` can't be understood") from None
    method = value.get("method", "POST" if body else "GET")
    return Request(str(method), origin_form(url.encode()), "1.1", fields, body)


def _body(value: Any) -> bytes:
    """A text as it is, the content of a record, or any other JSON."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, dict) and isinstance(value.get("text"), str) and "bytes" in value:
        return str(value["text"]).encode()
    if isinstance(value, dict) and isinstance(value.get("b64"), str) and "bytes" in value:
        return base64.b64decode(value["b64"], validate=True)
    return b"" if value is None else json.dumps(value).encode()
