"""The benchmark's instrument: it sees what is wrong with a stream, and nothing where nothing is."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.bench import library, ratios, report
from tests.bench.cells import Results, turned
from tests.bench.processes import load, upstream
from tests.bench.workloads import PROXY, REPLAY, Workload

compiled = [
    pytest.mark.skipif(sys.platform != "linux", reason="written for epoll"),
    pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler"),
]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.bench.tools.CACHE", tmp_path_factory.getbasetemp() / "bench")


class TestInstrument:
    pytestmark = compiled

    @pytest.mark.parametrize(
        ("fault", "wrong"),
        [
            ("", {}),
            ("lost", {"lost": 1, "altered": 1}),  # the last one's number is beyond the end
            ("doubled", {"doubled": 1, "lost": 1}),
            ("reordered", {"reordered": 1}),
            ("altered", {"altered": 1, "lost": 1}),
            ("cut", {"broken": 1}),
        ],
    )
    @pytest.mark.parametrize("gap", [0, 100], ids=["as fast as it goes", "paced"])
    def test_it_sees_what_is_wrong(self, fault: str, wrong: dict[str, int], gap: int) -> None:
        with upstream(fault) as port:
            met = load(Workload("", "", events=50, gap=gap), port)
        assert met.wrong == wrong

    @pytest.mark.parametrize("size", [77, 100, 65_536])
    @pytest.mark.parametrize("keep_alive", [True, False])
    def test_all_events_of_all_streams_come(self, size: int, keep_alive: bool) -> None:
        workload = Workload("", "", 20, 4, events=30, size=size, keep_alive=keep_alive)
        with upstream() as port:
            met = load(workload, port)
        assert (met.events, met.wrong) == (600, {})


def test_a_cassette_holds_the_bytes_that_the_client_checks() -> None:
    event = library.event(3, 14, 159, 100)
    assert event.startswith(b'message:\ndata:{"event":"token","data":"000003 00000014 00000000000000159 JKLM')
    assert event.endswith(b'"}\n\n')
    assert len(event) == 100


@pytest.mark.parametrize(
    ("measured", "other", "verdict"),
    [(300, 100, "all we are after"), (299, 100, "good"), (130, 100, "good"), (129, 100, "not reached")],
)
def test_an_aim_is_a_ratio_of_medians(measured: float, other: float, verdict: str) -> None:
    aim = ratios.speed("firehose", "nginx", 1.3, 3)
    results = Results()
    for value in (measured - 50, measured, measured + 2_000):
        results.add("firehose", "sseproxy", {"speed": value})
    results.add("firehose", "nginx", {"speed": other})
    assert aim.measured(results) == measured / other
    assert aim.verdict(measured / other) == verdict


def test_an_aim_is_of_a_cell_that_there_is() -> None:
    assert {aim.cell for aim in ratios.AIMS} <= {workload.name for workload in PROXY + REPLAY}


def test_tables_are_put_between_the_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{report.BEGIN}old\n{report.END}after\n", encoding="utf-8")
    report.put(page, "new\n")
    assert page.read_text(encoding="utf-8") == f"before\n{report.BEGIN}new\n{report.END}after\n"


def test_a_page_without_marks_is_refused(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(report.END + report.BEGIN, encoding="utf-8")
    with pytest.raises(report.NoMarksError):
        report.split(page)


def test_another_one_begins_each_round() -> None:
    assert ["".join(turned("abc", number)) for number in range(4)] == ["abc", "bca", "cab", "abc"]
