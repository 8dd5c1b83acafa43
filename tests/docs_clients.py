"""Writes docs/clients.md from the matrix of tests/clients: `python -m tests.docs_clients`."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

from tests.clients.matrix import FOLDER, PROGRAMS, PROXY, ROWS, STREAMLIT, Row, pinned

TARGET = Path(__file__).parent.parent / "docs" / "clients.md"

OPENING = """\
# Clients

<!-- Written by `python -m tests.docs_clients` from tests/clients: change it there. -->

A client is pointed at `sseproxy record` or `sseproxy replay` by its base URL, and nothing else of it
changes. These have been run so, each three times: against its server, through the recorder, and against the
cassettes that this left. The numbers are the events that the client gave its user. They were the same
events in the same order, value by value; a test compares them.

In the last column the reader left in the middle, directly and through the recorder: within a second the
server had noticed, and the cassette says `client_left`. Replayed, the same reader got the same events
again. In Streamlit it was the stop button, and the closing of the tab.
"""

MIDDLE = """\
The prediction server is the one that `sseproxy demo` has built in, or a script of the same form; the other
servers are scripts made after the formats that they document (`tests/clients`). Versions are those that are
pinned for the tests; where there is none, the program is the system's own (Debian's, in CI).

## The one line

`http://127.0.0.1:8080` is where `record` and `replay` listen unless they are told otherwise. The lines are
taken from the programs that were run (`tests/clients/programs`).
"""

BROWSER = """\
## In a browser

A page of another origin may only read what a server allows it to (CORS). The recorder adds nothing:
preflights and their answers pass like any exchange, and are recorded.

A replay answers for itself. A preflight that was not recorded gets leave, and every answer names the origin
that asks, also a miss and what the recorder said in the place of a server: a cassette made with cURL serves a
page, and a page can read why nothing answers it. An answer that was recorded with
`*`, or for this very page, is left as it is. `--no-cors` leaves all as recorded. Whatever page is open in
your browser may read a replay that admits all: what should stay private does not belong into its cassettes.

A page sees a stream that was cut as a failed read, and browsers may then drop what they had not handed over
yet. With `--speed max` that can be all of it, because nothing lies between the events and the cut; at
recorded speed the page has read the events long before.
"""

SNIPPETS = """\
## The documentation's snippets

Run as they stand in the prediction server's documentation, the names of the packages and the address aside.
They print the same chunks directly, recorded and replayed; so do those of our
[README](../README.md#quick-start).
"""

CLOSING = """\
## Run it yourself

With Node.js 20 or newer, npm and Chromium on the machine:

```sh
pip install -c constraints.txt --group test --group clients .
npm install --prefix tests/clients --no-package-lock
pytest -m clients
```

`.ci/run` does all of this by itself.

A client whose surroundings are missing is skipped, with the reason; with `CI=true` that is a failure. The
published prediction server itself can be recorded too: `tests/clients/real_server/README.md`.
"""


def render() -> str:
    """The whole page."""
    snippets = (FOLDER / "documented.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w+\n.*?^```\n", snippets, re.MULTILINE | re.DOTALL)
    parts = [OPENING, table(), MIDDLE, *map(how_to, clients()), BROWSER, SNIPPETS, *blocks, CLOSING]
    return "\n".join(parts)


def clients() -> list[Row]:
    """In the order of the page: what a prediction server is asked with comes first."""
    return [*ROWS[:3], STREAMLIT, *ROWS[3:]]


def table() -> str:
    head = ["client", "package", "version", "directly", "recorded", "replayed", "left after"]
    lines = [head, ["---"] * 3 + ["--:"] * 4]
    for row in clients():
        package = [f"`{row.package}`", pinned(row.package)] if row.package else ["", ""]
        left = "stop, tab" if row is STREAMLIT else f"{row.leaves} of {row.events}"
        lines.append([row.client, *package, *[str(row.events)] * 3, left])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def how_to(row: Row) -> str:
    """The line that holds the address, and what a user should know."""
    path = FOLDER / "streamlit_app" / "app.py" if row is STREAMLIT else PROGRAMS / row.program
    line = next(line for line in path.read_text(encoding="utf-8").splitlines() if PROXY in line)
    language = {".py": "python", ".mjs": "javascript", ".ts": "typescript", ".sh": "sh"}[path.suffix]
    line = line.strip().removesuffix(" \\")
    line += " … })" if line.endswith("{") else ""
    parts = [f"### {row.client.replace('`', '')}\n", f"```{language}\n{line}\n```\n"]
    if row.variable:
        name, behind = row.variable
        parts.append(f"Or, with no change to the program: `{name}={PROXY}{behind}`.\n")
    if row.remark:
        parts.append(textwrap.fill(row.remark, 120) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
