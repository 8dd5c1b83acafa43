"""Servers for tests, in threads of the test's own process. The pytest plugin is made of these.

with ServerThread() as thread, thread.serve(resolve(Path("cassettes/chat"), {})) as mock:
    assert ask(mock.url) == "Hallo"
"""

from sseproxy.testing.server import ServerThread, SseMock
from sseproxy.testing.settings import resolve
from sseproxy.testing.views import SseEvent, SseExchange, SseRequest

__all__ = ["ServerThread", "SseEvent", "SseExchange", "SseMock", "SseRequest", "resolve"]
