"""Writes docs/cli.md from the commands themselves: `python -m tests.docs_cli`."""

from __future__ import annotations

import inspect
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import click

from sseproxy.cli import cli

TARGET = Path(__file__).parent.parent / "docs" / "cli.md"

OPENING = """\
# The command line

<!-- Written by `python -m tests.docs_cli` from the commands themselves: change it there. -->

`sseproxy COMMAND [OPTIONS]`; `python -m sseproxy` is the same. What a command found goes to stdout; what it
has to say about its work (logs, errors, the address that it listens on) goes to stderr.
"""

STATUS = """\
## Exit status

| status | what it says |
|---|---|
| 0 | Fine. A server that SIGTERM or SIGHUP stopped, too. |
| 1 | Done, and something is not as it should be: `diff` or `verify` found differences, `validate` oddities, `lint` something, `scan` what looks like a secret, `learn` nothing to learn from, the replay of `demo` differed, `why` found no answer, `--fail-unplayed` leftovers, `record` lost a part of a recording. |
| 2 | Not done: wrong usage, a cassette that can't be read, an address that can't be listened on. One line on stderr says which. |
| 130 | Interrupted (Ctrl-C, SIGINT). |
"""  # noqa: E501 - a table's rows can't be folded

COLOURS = """\
Colours are for terminals alone, and [`NO_COLOR`](https://no-color.org/) turns them off there. In a pipe
nothing is coloured or cut.
"""

FILE = """\
## Configuration file

Defaults are read from `sseproxy.toml` in the present folder, or from `[tool.sseproxy]` in its
`pyproject.toml`. A key is an option's long name, and holds for all commands that have the option:

```toml
upstream = ["/openai=https://api.openai.com", "/=http://localhost:3000"]
cassettes = "recordings"
skip = "/assets/*"

[contracts]
flowise = "start? token* (usedTools | sourceDocuments)* metadata end"
```

`[contracts]` holds legal orders of events by dialect, as `--contract` takes them
([findings](findings.md#contracts)).

The command line comes first, then the environment, then the file. A key that no command knows is an error.
The rules of matching stand in the same file, in a table of their own: [matching](matching.md#rules).
The table `[redact]` holds [rules of redaction](redaction.md#rules-of-your-own).
"""

EXAMPLES = {
    "audit": """\
sseproxy audit cassettes
sseproxy audit --json --strict cassettes | jq '.[] | select(.unnoticed > 0) | .place'
""",
    "demo": """\
sseproxy demo                                # a chat, at its own speed
sseproxy demo --flow cut                     # a server that dies in the middle
sseproxy demo --flow tools --speed max --cassettes demo-cassettes
""",
    "diff": """\
sseproxy diff yesterday.sse.jsonl today.sse.jsonl
sseproxy diff cassettes fresh --ignore timing --ignore content
git difftool --extcmd 'sseproxy diff' main -- cassettes
git config diff.sse-cassette.textconv 'sseproxy diff --textconv'
""",
    "exec": """\
sseproxy exec --cassettes tests/cassettes -- npm test
sseproxy exec --env 'OPENAI_BASE_URL={url}/v1' -- node --test
sseproxy exec --record-mode once --upstream http://localhost:3000 -- go test ./...
""",
    "export": """\
sseproxy export --to har -o session.har cassettes
sseproxy export --to trace -o trace.json cassettes
sseproxy export --to jsonl cassettes | jq 'select(.kind == "token") | .text'
sseproxy export --to curl one.sse.jsonl | sh
""",
    "health": """\
sseproxy health --port 8080 && echo up
""",
    "import": """\
sseproxy import session.har --cassettes cassettes
sseproxy import stream.txt                   # what curl -N > stream.txt left
""",
    "learn": """\
sseproxy learn cassettes                     # the order that all streams have in common
sseproxy learn --dialect plain cassettes     # over the names of events, whosever they are
""",
    "lint": """\
sseproxy lint cassettes
sseproxy lint cassettes --select O --ignore O309 --github
sseproxy lint cassettes --contract 'flowise=start token+ metadata end'
sseproxy lint cassettes --follow             # while another process records into it
""",
    "ls": """\
sseproxy ls cassettes
sseproxy ls cassettes/captures fresh.sse.jsonl
""",
    "pack": """\
sseproxy pack cassettes                      # smaller, and read as they are
sseproxy pack --unpack cassettes             # for a review
""",
    "record": """\
sseproxy record --upstream http://localhost:3000
sseproxy record --upstream https://api.example.com/v1 --cassettes fresh --port 9000
sseproxy record --upstream demo              # no server at hand
sseproxy record --upstream http://localhost:3000 --only 'POST /api/*' --keep 7d
sseproxy record --upstream http://localhost:3000 --record-mode new_episodes
""",
    "replay": """\
sseproxy replay                              # ./cassettes on port 8080, in the recorded rhythm
sseproxy replay --cassettes fresh --speed max
sseproxy replay --cassettes one.sse.jsonl --speed 0.5
sseproxy replay --workers 2 --report          # how late each stream was
""",
    "scan": """\
sseproxy scan cassettes                      # for CI, and before a commit
sseproxy scan cassettes --secret-env OPENAI_API_KEY
""",
    "scrub": """\
sseproxy scrub cassettes
""",
    "show": """\
sseproxy show cassettes/*_01M839VCWDDXTM6X.sse.jsonl
sseproxy show --raw one.sse.jsonl | grep '^data:'
sseproxy show --json cassettes | jq '.[] | select(.ending != "clean") | .cassette'
""",
    "stats": """\
sseproxy stats cassettes
sseproxy stats --csv cassettes > figures.csv
sseproxy stats --json cassettes | jq '.total["gen_ai.server.time_to_first_token"].p90'
""",
    "timeline": """\
sseproxy timeline one.sse.jsonl
sseproxy timeline cassettes                  # all streams of a session on one clock
sseproxy timeline cassettes --html timeline.html
""",
    "validate": """\
sseproxy validate cassettes                  # for CI
""",
    "why": """\
sseproxy why fresh.sse.jsonl                 # does anything in ./cassettes answer its request?
sseproxy why --cassettes tests/cassettes request.json
sseproxy why curl http://localhost:3000/api/v1/prediction/5f0c -d '{"question":"Hi"}'
""",
}

MORE = {
    "diff": """\
What stands under which heading: [debugging](debugging.md#what-changed-since-yesterday).

`--json` prints an object, and is a stable interface:

```json
{
  "same": false,
  "pairs": [
    {
      "a": "yesterday.sse.jsonl",
      "b": "today.sse.jsonl",
      "content": [{ "what": "text of token", "was": "Hallo", "now": "Hello" }],
      "order": [],
      "timing": [],
      "wire": []
    }
  ],
  "only_a": [],
  "only_b": []
}
```

`was` is null for what is new, `now` for what is gone. `only_a` and `only_b` name the cassettes of a folder
whose request the other folder does not have.
""",
    "export": """\
What each form holds: [export](export.md).
""",
    "import": """\
What is read, and what is noted as lacking: [export](export.md#import).
""",
    "stats": """\
The names of the figures: [debugging](debugging.md#figures).
""",
    "timeline": """\
How to read it: [debugging](debugging.md#what-came-when). Findings are those that [`lint`](#lint) shows.
""",
    "learn": """\
How contracts are written: [findings](findings.md#contracts).
""",
    "lint": """\
What the codes mean, and how contracts are written: [findings](findings.md).

`--json` prints an array, with `--follow` an object a line, and is a stable interface:

```json
[
  {
    "code": "O301",
    "name": "late-token",
    "severity": "error",
    "message": "`token` (event 44) came after `metadata` (event 43)",
    "more": 0,
    "cassette": "cassettes/one.sse.jsonl",
    "id": "01KAQ3M5Z8T7QRSV",
    "line": 47,
    "t": 1328090,
    "event": 44,
    "others": [],
    "why": "Clients stop reading at the end, or have stored the answer when the metadata came.",
    "docs": "docs/findings.md#o301-late-token"
  }
]
```

| key | meaning |
|---|---|
| `more` | How many findings alike followed in the same stream; only the first one is listed. |
| `line` | Of the cassette, from 1. |
| `t` | Microseconds from the request, or null. |
| `event` | The number of the event as `show` counts, or null where it is not about one that listeners see. |
| `others` | Further places, such as the other one of two streams: objects with `cassette`, `id`, `line`, `t`, `event`. |
""",  # noqa: E501 - a table's rows can't be folded
    "show": """\
`--json` prints an array, oldest exchange first, and is a stable interface:

```json
[
  {
    "cassette": "cassettes/one.sse.jsonl",
    "id": "01KAQ3M5Z8T7QRSV",
    "wall": "2026-11-23T00:41:34.120415Z",
    "method": "POST",
    "target": "/api/v1/prediction/5f0c",
    "status": 200,
    "ending": "clean",
    "events": [
      { "t": 412901, "event": "token", "data": "Hal", "id": "", "retry": null }
    ]
  }
]
```

| key | meaning |
|---|---|
| `status` | null where the upstream sent no response. |
| `ending` | As in the [cassette](cassette-format.md#endings); `incomplete` where the recorder died or is at work. |
| `events` | Those that an `EventSource` would dispatch, no others; each line of newline-delimited JSON; none where the response is neither. A compressed body is decoded first. |
| `t` | Microseconds from the request to the read that completed the event. |
| `event` | `message` where the stream names none. |
| `id` | The last event ID as it stands at this event, or `""`. |
| `retry` | The last valid `retry` of this event's own block in milliseconds, or null. |
""",  # noqa: E501 - a table's rows can't be folded
    "record": """\
What passes untouched, what is recorded, what the modes mean, and what happens when something breaks:
[recording](recording.md).
""",
    "scan": """\
What is masked, and rules of your own: [redaction](redaction.md).
""",
    "scrub": """\
What is masked, and rules of your own: [redaction](redaction.md).
""",
    "replay": """\
What answers which request, and what is said where nothing does: [matching](matching.md).
""",
    "exec": """\
The status is the command's; 128 and the signal's number where a signal ended it, 1 where the command was
content and a recording is not whole. Worked examples: [testing](testing.md#any-other-language).
""",
    "audit": """\
What counts, and what the places are called: [matching](matching.md).
""",
    "why": """\
A JSON file is an object: `url` (or a path), and `method`, `headers` (an object or a list of pairs) and `body`
(a text, or any JSON) where they are wanted. A `request` line of a cassette is one, too. What is said:
[matching](matching.md#when-nothing-answers).
""",
}


def commands() -> dict[str, click.Command]:
    """All commands by name, in the order of `--help`."""
    context = click.Context(cli)
    found = {name: cli.get_command(context, name) for name in cli.list_commands(context)}
    return {name: command for name, command in found.items() if command}


def options(command: click.Command) -> list[click.Option]:
    return [each for each in command.params if isinstance(each, click.Option)]


def render() -> str:
    """The whole page."""
    parts = [
        OPENING,
        contents(),
        *(section(name, each) for name, each in commands().items()),
        STATUS,
        environment(),
    ]
    return "\n".join(parts)


def contents() -> str:
    rows = [f"| [`{name}`](#{name}) | {summary(command)} |" for name, command in commands().items()]
    return "\n".join(["| command | |", "|---|---|", *rows, ""])


def summary(command: click.Command) -> str:
    """The first sentence of its help."""
    return paragraphs(command)[0].partition(". ")[0].rstrip(".") + "."


def paragraphs(command: click.Command) -> list[str]:
    return [" ".join(text.split()) for text in inspect.cleandoc(command.help or "").split("\n\n")]


def section(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=name, parent=click.Context(cli, info_name="sseproxy"))
    usage = " ".join(["sseproxy", name, *command.collect_usage_pieces(context)])
    parts = [f"## {name}\n", f"```sh\n{usage}\n```\n", *(f"{text}\n" for text in paragraphs(command))]
    parts.append(f"```sh\n{EXAMPLES[name]}```\n")
    if rows := [row(context, option) for option in options(command)]:
        parts.append("\n".join(["| option | default | what |", "|---|---|---|", *rows, ""]))
    if name in MORE:
        parts.append(MORE[name])
    return "\n".join(parts)


def row(context: click.Context, option: click.Option) -> str:
    extra = option.get_help_extra(context)
    spelled = ", ".join(f"`{flag}`" for flag in option.opts)
    if not option.is_flag and not option.count:
        metavar = option.make_metavar(context).removesuffix(" RANGE")
        spelled = spelled.removesuffix("`") + f" {metavar}`"
    limits = f" ({extra['range']})" if "range" in extra else ""
    default = "required" if option.required else f"`{extra['default']}`" if "default" in extra else ""
    what = option.help or ""
    if told := re.search(r" *\[default: (.*)\]$", what):  # where the default is no value
        what, default = what[: told.start()], told[1]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in (spelled, default, what + limits)) + " |"


def variables() -> dict[str, list[str]]:
    """The environment variables, and the commands that read each."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, option in _all_options():
        if isinstance(option.envvar, str):
            found[option.envvar].append(name)
    return dict(found)


def _all_options() -> Iterator[tuple[str, click.Option]]:
    for name, command in commands().items():
        for option in options(command):
            yield name, option


def environment() -> str:
    flags = {option.envvar: option.opts[0] for _, option in _all_options() if option.envvar}
    rows = [
        f"| `{name}` | `{flags[name]}` of {', '.join(f'`{each}`' for each in readers)} |"
        for name, readers in sorted(variables().items())
    ]
    return "\n".join(["## Environment\n", "| variable | stands for |", "|---|---|", *rows, "", COLOURS, FILE])


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(render(), encoding="utf-8")
