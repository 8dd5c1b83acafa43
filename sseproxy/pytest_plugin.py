"""The pytest plugin: fixtures, a marker, options. What it does stands in `sseproxy.testing`.

Nothing of that is imported before a test asks for it: every run of pytest loads this file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from sseproxy.standin import Plan
    from sseproxy.testing import ServerThread, SseMock
    from sseproxy.testing.naming import Marked
    from sseproxy.testing.settings import Tables  # noqa: F401 - in an annotation below

MODES = ("none", "once", "new_episodes", "all", "rewrite")
ASK = "-o sse_upstream=URL"
"""What names a server to ask; the marker and pytest's configuration can do it as well."""
RECORD = f"pytest --sse-record-mode once {ASK}"
LONGEST_NAME = 100
"""Letters of a folder's name that is made of a test's."""

_MOCKS = pytest.StashKey[list["SseMock"]]()
"""The servers of a test, for its report."""
_PASSED = pytest.StashKey[bool]()
_TABLES = pytest.StashKey["Tables"]()
"""What the configuration file says: read once, by the first test that wants a server."""


class SseFactory(Protocol):
    """Starts servers that live as long as the run of pytest."""

    def __call__(
        self,
        library: str | Path,
        *,
        record_mode: str | None = None,
        speed: float | str | None = None,
        upstream: str | list[str] | None = None,
        secret_env: str | list[str] | None = None,
    ) -> SseMock: ...


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("sseproxy", "token streams from cassettes (sseproxy)")
    group.addoption(
        "--sse-record-mode", choices=MODES, help="Whether cassettes answer, the upstream does, or both."
    )
    group.addoption("--sse-speed", metavar="1|N|max", help="Factor of the recorded timing; max: no waiting.")
    parser.addini("sse_record_mode", "As --sse-record-mode; none where it is not given.")
    parser.addini("sse_speed", "As --sse-speed; max where it is not given.")
    parser.addini("sse_upstream", "What record modes ask: [/PREFIX=]URL, one a line.", type="linelist")
    parser.addini("sse_secret_env", "Variables whose values are masked, one a line.", type="linelist")
    parser.addini("sse_cassettes", "Folder of libraries, beside the file of the test.", default="cassettes")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "sse_cassette(library=None, *, record_mode=None, speed=None, upstream=None, secret_env=None): "
        "the cassettes that `sse_mock` answers from.",
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when != "teardown":  # before it, fixtures end that want to know
        item.stash[_PASSED] = report.when == "call" and report.passed
    if report.failed and (mocks := item.stash.get(_MOCKS, None)):
        from sseproxy.testing.report import sections

        report.sections += [section for mock in mocks for section in sections(mock)]
    return report


@pytest.fixture(scope="session")
def sseproxy_config() -> Mapping[str, Any]:
    """Settings of all tests that see it: override it. Keys: record_mode, speed, upstream, secret_env, match,
    strict, exhausted.
    """
    return {}


@pytest.fixture(scope="session")
def _sse_thread() -> Iterator[ServerThread]:
    from sseproxy.testing import ServerThread

    with ServerThread() as thread:
        yield thread


@pytest.fixture
def sse_library(request: pytest.FixtureRequest) -> Path:
    """The folder of the test's cassettes: as the marker names it, or `cassettes/<module>/<test>`."""
    from sseproxy.testing.naming import MARKER, library_path

    folder: Path = request.path.parent / request.config.getini("sse_cassettes")
    with _told():
        for marked in _marked(request.node):
            if marked.library not in (None, ""):
                return library_path(MARKER, folder, marked.library, inside=True)
    return folder / request.path.stem / _folder_name(request.node)


@pytest.fixture
def sse_mock(
    request: pytest.FixtureRequest,
    sse_library: Path,
    sseproxy_config: Mapping[str, Any],
    _sse_thread: ServerThread,
) -> Iterator[SseMock]:
    """A server that answers from the test's cassettes, or records them: `.url`, `.requests`, `.exchanges`,
    `.unplayed`.
    """
    from sseproxy.testing.naming import MARKER

    with _told():
        markers = [(MARKER, marked.settings) for marked in _marked(request.node)]
        plan = _plan(request.config, sse_library, ("sseproxy_config", sseproxy_config), *markers)
    yield from _served(request.node, _sse_thread, plan)


@pytest.fixture
def sse_recorder(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, _sse_thread: ServerThread
) -> Iterator[Callable[[str], SseMock]]:
    """Puts a recorder in front of a server: call it with the server's URL, and see in `.exchanges` what
    streamed.
    """
    from sseproxy.testing import resolve

    with ExitStack() as stack:

        def start(upstream: str) -> SseMock:
            settings = {"record_mode": "all", "upstream": [upstream]}
            with _told():
                plan = resolve(tmp_path_factory.mktemp("sse"), ("sse_recorder", settings))
            served = contextmanager(_served)(request.node, _sse_thread, plan, tell=False)
            return stack.enter_context(served)

        yield start


@pytest.fixture(scope="session")
def sse_mock_factory(request: pytest.FixtureRequest, _sse_thread: ServerThread) -> Iterator[SseFactory]:
    """Starts servers that live as long as the run, of a library (relative to the rootdir) and settings."""
    from sseproxy.testing.naming import library_path

    with ExitStack() as stack:

        def start(library: str | Path, **settings: Any) -> SseMock:
            where = "sse_mock_factory"
            with _told():
                folder = library_path(where, request.config.rootpath, library)
                plan = _plan(request.config, folder, (where, settings))
                mock, standin = _sse_thread.start(plan)
            stack.callback(lambda: _sse_thread.stop(standin, keep=not request.session.testsfailed))
            return mock

        yield start


def _served(node: pytest.Item, thread: ServerThread, plan: Plan, *, tell: bool = True) -> Iterator[SseMock]:
    with _told():
        mock, standin = thread.start(plan)
    mocks = node.stash.setdefault(_MOCKS, [])
    mocks.append(mock)
    yield mock
    mocks.remove(mock)
    with _told():
        thread.stop(standin, keep=node.stash.get(_PASSED, False), tell=tell)


@contextmanager
def _told() -> Iterator[None]:
    """A trouble of the user's is told in a line, without a trace through our code."""
    from sseproxy.errors import NoCassettesError, NoUpstreamError, SseproxyError

    hints = {
        NoCassettesError: f"; to record them: {RECORD}",
        NoUpstreamError: f": {ASK}, `sse_upstream` in pytest's configuration, or `upstream` in the marker",
    }
    try:
        yield
    except SseproxyError as error:
        hint = hints.get(type(error), "")
        raise pytest.fail.Exception(f"sseproxy: {error}{hint}", pytrace=False) from None


def _plan(config: pytest.Config, library: Path, *layers: tuple[str, Mapping[str, Any]]) -> Plan:
    """What was said where: the command line first, the layers, pytest's configuration, then defaults."""
    from sseproxy.testing.settings import read_tables, resolve

    given = {"record_mode": "--sse-record-mode", "speed": "--sse-speed"}
    cli = {name: config.getoption(option) for name, option in given.items()}
    ini = {name: config.getini(f"sse_{name}") or None for name in (*given, "upstream", "secret_env")}
    if _TABLES not in config.stash:
        config.stash[_TABLES] = read_tables(config.rootpath)
    rules, masking = config.stash[_TABLES]
    every = (("command line", cli), *layers, ("pytest's configuration", ini))
    return resolve(library, *every, rules=rules, masking=masking)


def _marked(node: pytest.Item) -> list[Marked]:
    """What the test's markers say, the nearest first."""
    from sseproxy.testing.naming import read_marker

    return [read_marker(marker.args, marker.kwargs) for marker in node.iter_markers("sse_cassette")]


def _folder_name(node: pytest.Item) -> str:
    """The test's name, its class before it, without what a file's name can't have everywhere."""
    whole = ".".join(part.name for part in node.listchain() if isinstance(part, pytest.Class | pytest.Item))
    name = re.sub(r'[\x00-\x1f/\\:*?"<>|]', "-", whole).rstrip(". ")
    if name == whole and len(name) <= LONGEST_NAME:
        return name
    import hashlib  # the names of two tests must not become one

    return f"{name[:LONGEST_NAME]}-{hashlib.blake2b(whole.encode(), digest_size=4).hexdigest()}"
