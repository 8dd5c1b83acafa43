"""Writes docs/findings.md from the rules and dialects themselves: `python -m tests.docs_findings`."""

from __future__ import annotations

from pathlib import Path

from sseproxy.analysis.lint import GROUPS, RULES, Rule, link
from sseproxy.dialects import DIALECTS

TARGET = Path(__file__).parent.parent / "docs" / "findings.md"

OPENING = """\
# Findings

<!-- Written by `python -m tests.docs_findings` from the rules themselves: change it there. -->

What [`sseproxy lint`](cli.md#lint) finds in recorded streams, and `record --lint` while they are recorded.

```sh
sseproxy lint cassettes                      # warnings and errors
sseproxy lint cassettes --severity info      # all there is to know
sseproxy lint cassettes --select O,S501      # these alone, whatever their severity
sseproxy lint cassettes --github             # beside the lines of a pull request
```

```
one.sse.jsonl:47: error O301 late-token: `token` (event 44) came after `metadata` (event 43), at 1.328 s
```

A finding names the line of the cassette, the time since the request, and the event as `show` counts it. Of
findings that are alike the first one of a stream is told, and how many more there are. Codes are stable:
they are never given to another rule.

| severity | meaning |
|---|---|
| error | Something was lost, or came when it may not come. |
| warning | It works here, and fails with other clients, other intermediaries, or another day. |
| info | True and worth knowing, and may well be meant. |

What can't be judged is left alone: the order of a stream that its client left or that was cut, and all that
comes behind a hole in a recording.
"""

LIVE = """\
## While it happens

`sseproxy record --lint` logs findings as they happen. They come from a second process, `sseproxy lint
--follow`, which reads the cassettes behind the recorder, at a lower priority: no stream waits for it. If it
falls back by more than 4 MB it says so, and says when it has caught up; nothing is left out, for what waits
is in the files. What the configuration file says of `lint` holds there too. When the recorder stops, lint
has ten seconds for the rest.

Findings about a stream as a whole come at its end. That a second request took a stream over is told as soon
as the second one has the end, though the first still hangs.
"""

CONTRACTS = """\
## Contracts

A contract is the legal order of a stream's events, as a pattern over their kinds:

```
start? token* (usedTools | sourceDocuments)* metadata end
```

Kinds follow each other; `|` is either, `?` at most one, `*` any number, `+` one or more. `other` is any
kind that the contract does not name. Heartbeats, and what a dialect allows anywhere, are not part of the
order. A mistake is one finding: where one missing kind explains an event, that kind is reported, otherwise
the event is, and the rest goes on from there.

Each dialect has a contract of its own. Yours takes its place, from the command line or from
`sseproxy.toml`:

```sh
sseproxy lint cassettes --contract 'flowise=start token+ metadata end'
```

```toml
[contracts]
flowise = "start? token* (usedTools | sourceDocuments)* metadata end"
```

`sseproxy learn cassettes` proposes one: the closest pattern of this form that all recorded streams fit, and
for each step how many of them took it.
"""

DIALECTS_OPENING = """\
## Dialects

Whose events they are is found from the events themselves; `--dialect` says it. Streams that no dialect
knows are `plain`: a kind is the event's name, and any order is legal.

| name | streams | contract |
|---|---|---|
"""

PLUGINS = """\
Another package can bring a dialect: an entry point in the group `sseproxy.dialects` that names a
`sseproxy.dialects.Dialect`. It is asked before these.
"""


def render() -> str:
    """The whole page."""
    parts = [OPENING, contents()]
    for letter, (title, about) in GROUPS.items():
        parts.append(f"## {title}\n\n{about}\n")
        parts += [section(rule) for code, rule in RULES.items() if code.startswith(letter)]
    return "\n".join([*parts, LIVE, CONTRACTS, dialects()])


def contents() -> str:
    rows = [
        f"| [{rule.code}]({link(rule).removeprefix('docs/findings.md')})"
        f" | {rule.name} | {rule.severity} | {rule.summary} |"
        for rule in RULES.values()
    ]
    return "\n".join(["| code | name | severity | |", "|---|---|---|---|", *rows, ""])


def section(rule: Rule) -> str:
    return f"### {rule.code} {rule.name}\n\n{rule.summary} ({rule.severity})\n\n{rule.why}\n"


def dialects() -> str:
    rows = []
    for dialect in DIALECTS:
        contract = dialect.contract.replace("|", "\\|")
        rows.append(f"| `{dialect.name}` | {dialect.title} | `{contract}` |")
    return DIALECTS_OPENING + "\n".join([*rows, "", PLUGINS])


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
