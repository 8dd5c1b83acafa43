"""What the programs in Python tell of what their client gave them: a line of JSON an event.

The programs are what a user would write. With LEAVE_AFTER in the environment, the reader has had enough
after so many events.
"""

from __future__ import annotations

import json
import os
import sys

_enough = int(os.environ.get("LEAVE_AFTER", "0"))
_given = 0


def give(event: object) -> bool:
    """Tells of an event; True where the reader has had enough."""
    global _given
    _given += 1
    print(json.dumps(event, ensure_ascii=False), flush=True)
    return _given == _enough


def leave() -> None:
    """Says that the client has left, and keeps the process: it is not its end that the server notices."""
    if _given == _enough:
        print("left", flush=True)
        sys.stdin.read()
