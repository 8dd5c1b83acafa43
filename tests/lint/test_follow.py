"""A folder that is being recorded into."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sseproxy.analysis.lint import Finding, Severity
from sseproxy.cassette.writer import CassetteWriter
from sseproxy.errors import CassetteError, SseproxyError
from sseproxy.exchange import Exchange
from sseproxy.follow import READ, Follower
from tests.cli.builder import encoded
from tests.lint.mutants import MUTANTS
from tests.lint.streams import PLAIN_EXPECTATIONS, codes, linted, spoken
from tests.lint.test_session import FIRST, SECOND

MUTANT = next(mutant for mutant in MUTANTS if mutant.code == "O301")


class Watched:
    """A folder, its follower, and what that could not read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.errors: list[CassetteError] = []
        self.follower = Follower(folder, PLAIN_EXPECTATIONS, self.errors.append)

    def found(self) -> list[Finding]:
        return list(self.follower.poll())

    def begin(self, exchange: Exchange) -> tuple[CassetteWriter, Iterator[bytes]]:
        """A cassette under way, and the lines that it is still to get."""
        name = f"{exchange.head.id}.sse.jsonl"
        return CassetteWriter(self.folder, name), iter(encoded(exchange).splitlines(keepends=True))

    def write(self, exchange: Exchange) -> Path:
        writer, lines = self.begin(exchange)
        writer.append(b"".join(lines))
        writer.finish()
        return writer.path


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


def test_what_it_finds_comes_with_the_line_that_tells(watched: Watched) -> None:
    writer, lines = watched.begin(MUTANT.exchange)
    (wanted,) = [each for each in linted(MUTANT.exchange)[0] if each.rule.code == "O301"]
    for number, line in enumerate(lines, 1):
        writer.append(line)
        found = codes(watched.found())
        assert found == (["O301"] if number == wanted.place.line else []), number
    writer.finish()
    assert codes(watched.found()) == []


def test_half_a_line_is_waited_for(watched: Watched) -> None:
    writer, lines = watched.begin(MUTANT.exchange)
    whole = b"".join(lines)
    found: list[Finding] = []
    for start in range(0, len(whole), 97):
        writer.append(whole[start : start + 97])
        found += watched.found()
    assert codes(found) == ["O301"]
    assert watched.errors == []


def test_one_that_was_finished_between_two_looks_is_read(watched: Watched) -> None:
    path = watched.write(MUTANT.exchange)
    (finding,) = [each for each in watched.found() if each.rule.code == "O301"]
    assert finding.place.cassette == str(path)
    assert watched.found() == []


def test_the_final_name_is_told_while_it_is_a_part(watched: Watched) -> None:
    writer, lines = watched.begin(MUTANT.exchange)
    writer.append(b"".join(lines))
    assert {each.place.cassette for each in watched.found()} == {str(writer.path).removesuffix(".part")}
    writer.close()


def test_what_was_there_before_is_left_alone_unless_it_is_under_way(tmp_path: Path) -> None:
    before = Watched(tmp_path)
    before.write(spoken("midfail"))
    writer, lines = before.begin(MUTANT.exchange)
    writer.append(b"".join(lines))
    watched = Watched(tmp_path)
    assert codes(watched.found()) == ["O301"]
    writer.close()


def test_it_says_how_far_it_is_behind(watched: Watched) -> None:
    big = next(mutant for mutant in MUTANTS if mutant.code == "W107")
    writer, lines = watched.begin(big.exchange)
    *most, _ = lines
    writer.append(b"".join(most) + b'{"k":"later","x":"%s"}\n' % (b"x" * 3 * READ))
    behind: list[int] = []
    while not behind or behind[-1]:
        watched.found()
        behind.append(watched.follower.behind)
    size = writer.path.stat().st_size
    assert behind == [max(0, size - READ * looks) for looks in range(1, len(behind) + 1)]
    writer.close()


def test_a_stream_that_hangs_is_told_when_the_other_has_the_end(watched: Watched) -> None:
    writer, lines = watched.begin(FIRST)
    *most, _ = lines
    writer.append(b"".join(most))
    assert codes(watched.found()) == []
    watched.write(SECOND)
    (finding,) = [each for each in watched.found() if each.rule.severity is Severity.ERROR]
    assert (finding.rule.code, finding.place.id, [each.id for each in finding.others]) == (
        "S501",
        "FIRST",
        ["SECOND"],
    )
    writer.close()


def test_one_that_is_deleted_is_forgotten(watched: Watched) -> None:
    writer, lines = watched.begin(MUTANT.exchange)
    writer.append(next(lines))
    assert watched.found() == []
    writer.path.unlink()
    assert watched.found() == []
    assert watched.errors == []
    writer.close()


def test_one_that_can_not_be_read_is_told_once(watched: Watched) -> None:
    (watched.folder / "bad.sse.jsonl").write_bytes(b"{}\n{}\n")
    watched.write(MUTANT.exchange)
    assert codes(watched.found()) == ["O301"]
    assert watched.found() == []
    (error,) = watched.errors
    path = watched.folder / "bad.sse.jsonl"
    assert str(error) == f"{path}:1: each line should be a JSON object with a string `k`"


def test_a_folder_that_is_gone_is_an_error(watched: Watched) -> None:
    watched.folder.rmdir()
    with pytest.raises(SseproxyError, match="can't be read: No such file or directory"):
        watched.found()
