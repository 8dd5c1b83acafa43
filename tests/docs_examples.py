"""The cassettes that docs/debugging.md and docs/export.md look at, and what commands print of them.

`python -m tests.docs_examples COMMAND...` prints what a page should show.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.cli.builder import save
from tests.cli.support import in_terminal
from tests.support.predictions import event, prediction, tokens

ROOT = Path(__file__).parent.parent
WIDTH = 100
WORDS = ("A", " stream", " is", " patient", ":", " it", " says", " one", " word", " at", " a", " time", ".")
METADATA = event("metadata", {"chatId": "chat-1", "chatMessageId": "message-1"})
END = event("end", "[DONE]")


def lay_out(folder: Path) -> None:
    """yesterday.sse.jsonl and today.sse.jsonl of one flow, and the cassettes of this repository."""
    start = (60, event("start", ""))
    well = [start, *tokens(80, *WORDS), (340, METADATA), (341, END)]
    ill = [
        start,
        *tokens(80, *WORDS[:8]),
        *tokens(2_930, *WORDS[8:12]),
        (3_010, METADATA),
        (3_011, END),
        *tokens(3_040, *WORDS[12:]),
    ]
    save(folder, prediction(well), "yesterday.sse.jsonl")
    save(folder, prediction(ill), "today.sse.jsonl")
    (folder / "cassettes").symlink_to(ROOT / "cassettes")


def printed(command: str, folder: Path) -> str:
    """What a terminal shows, without colours; of a pipe, what comes out of it."""
    if "|" in command:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=folder,
            env={**os.environ, "PATH": path},
            capture_output=True,
            check=False,
        )
        return done.stdout.decode()
    before = Path.cwd()
    os.chdir(folder)
    try:
        shown = in_terminal(*shlex.split(command.removeprefix("sseproxy ")), columns=WIDTH)
    finally:
        os.chdir(before)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    return "".join(f"{line.rstrip()}\n" for line in plain.splitlines())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        lay_out(Path(scratch))
        for each in sys.argv[1:]:
            print(printed(each, Path(scratch)), end="")
