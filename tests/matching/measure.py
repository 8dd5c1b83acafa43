"""How long a large library takes to open, and to answer: `python -m tests.matching.measure [CASSETTES]`."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sseproxy.cassette.library import Library
from sseproxy.cassette.store import find
from sseproxy.exchange import Request
from sseproxy.matching import Answers
from tests.cli.builder import EVENTS, save, stream

COUNT = 10_000
EVENTS_EACH = 40


def asked(number: int, chat: str) -> Request:
    """As the Python library of the prediction server asks."""
    body = {"chatflowId": "5f0c", "question": f"What is {number}?", "overrideConfig": None, "chatId": chat}
    sent = json.dumps({**body, "streaming": True, "history": [], "uploads": []}).encode()
    headers = (
        (b"Host", b"127.0.0.1:3997"),
        (b"User-Agent", b"python-requests/2.34.2"),
        (b"Accept-Encoding", b"gzip, deflate"),
        (b"Accept", b"*/*"),
        (b"Connection", b"keep-alive"),
        (b"Content-Length", b"%d" % len(sent)),
        (b"Content-Type", b"application/json"),
    )
    return Request("POST", b"/api/v1/prediction/5f0c", "1.1", headers, sent)


def milliseconds(do: Callable[[], object], times: int = 1) -> str:
    """The median and the longest of several runs."""
    took = []
    for _ in range(times):
        start = time.perf_counter()
        do()
        took.append((time.perf_counter() - start) * 1e3)
    return f"{sorted(took)[times // 2]:9.3f} ms" + (f", at most {max(took):.3f} ms" if times > 1 else "")


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            exchange = stream(*EVENTS[:1] * EVENTS_EACH, id=f"{number:016}")
            save(Path(folder), replace(exchange, request=asked(number, f"chat-{number}")))
        library = Library(find([Path(folder)]))
        opened: list[Answers] = []
        print(f"{count} cassettes of {EVENTS_EACH} events, found and opened in")
        print(milliseconds(lambda: opened.append(Answers(Library(find([Path(folder)])))), 3))
        answers = opened[-1]
        number = count // 3
        for what, request in {
            "the same": asked(number, f"chat-{number}"),
            "another chatId": asked(number, "fresh"),
            "another question": replace(asked(number, "fresh"), body=b'{"question":"?"}'),
        }.items():
            print(f"{what:18}{milliseconds(lambda request=request: answers.answer(request), 100)}")  # type: ignore[misc]
        miss = asked(count * 2, "fresh")
        print(f"{'to explain a miss':18}{milliseconds(lambda: answers.explain(miss), 5)}")
        print(f"{'to read an answer':18}{milliseconds(lambda: library.exchange(number))}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT)
