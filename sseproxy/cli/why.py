"""`sseproxy why` and `sseproxy audit`: matching, without a server."""

from __future__ import annotations

import base64
import binascii
import json
import shlex
import sys
from pathlib import Path
from typing import Any

import click

from sseproxy import console
from sseproxy.cassette.library import Library
from sseproxy.cassette.naming import PACKED, PART, SUFFIX
from sseproxy.cassette.store import find, load_request
from sseproxy.cli.options import cassettes, matched, paths
from sseproxy.errors import SseproxyError
from sseproxy.exchange import Request
from sseproxy.http1 import origin_form
from sseproxy.matching import Answers, Rules
from sseproxy.matching.audit import audit as audit_library
from sseproxy.matching.curl import parse_curl
from sseproxy.matching.telling import lines, problem
from sseproxy.printable import counted, printable, printable_bytes
from sseproxy.redaction import Rules as Redaction
from sseproxy.redaction import mask_target

json_option = click.option("--json", "json_", is_flag=True, help="Print JSON for tools.")


@click.command(context_settings={"allow_interspersed_args": False})
@click.argument("asked", nargs=-1, required=True, metavar="REQUEST...", type=click.UNPROCESSED)
@cassettes("The cassettes to look in: a folder, or one file.")
@matched
@json_option
def why(
    asked: tuple[str, ...],
    cassettes: Path,
    rules: Rules,
    strict: bool,
    redaction: Redaction,
    json_: bool,
) -> None:
    """Tell which cassette answers a request, or why none does: exit 0 or 1.

    REQUEST is a cassette, whose request is asked; or a JSON file with `method`, `url`, `headers` and `body`;
    or a curl command, as one word or as it stands. Options stand before it. Nothing is sent.
    """
    request = _request(asked)
    library = Library(find([cassettes]))
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
        _print_json(problem(miss, 404))
    else:
        out = console.stdout()
        for line in console.miss(lines(miss)):
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
        raise click.UsageError("one REQUEST at a time, a file or a curl command, behind all options.")
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


def _from_json(path: Path) -> Request:
    """Also a line of a cassette is one: `target` for `url`, a list for `headers`, an object for `body`."""
    try:
        value = json.loads(path.read_bytes())
    except OSError as error:
        raise SseproxyError(f"{path}: can't be read: {error.strerror}") from None
    except ValueError as error:
        raise SseproxyError(f"{path}: neither a cassette nor JSON: {error}") from None
    if not isinstance(value, dict) or not isinstance(url := value.get("url", value.get("target")), str):
        raise SseproxyError(f"{path}: should be an object with `url`, and `method`, `headers`, `body`")
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


@click.command()
@paths
@matched
@json_option
def audit(paths: tuple[Path, ...], rules: Rules, strict: bool, redaction: Redaction, json_: bool) -> None:
    """Change each recorded request in each place, and tell which changes would go unnoticed.

    A change goes unnoticed if the changed request gets the answer of the request itself. An id that is fresh
    in each run may; what the model is asked may not.
    """
    strengths = audit_library(Library(find(paths)), rules, strict=strict, redaction=redaction)
    if json_:
        listed = [
            {
                "place": printable(each.place),
                "changes": each.changes,
                "unnoticed": each.unnoticed,
                "reasons": sorted(each.reasons),
            }
            for each in strengths
        ]
        _print_json(listed)
        return
    out = console.stdout()
    rows = [
        [
            printable(each.place),
            str(each.changes),
            str(each.unnoticed),
            ", ".join(sorted(each.reasons)),
        ]
        for each in strengths
    ]
    for line in console.columns(("PLACE", "CHANGES", "UNNOTICED", "WHY"), ("CHANGES", "UNNOTICED"), rows):
        out.print(line)
    changes, unnoticed = sum(each.changes for each in strengths), sum(each.unnoticed for each in strengths)
    click.echo(f"{unnoticed} of {counted(changes, 'change')} would go unnoticed", file=sys.stderr)
