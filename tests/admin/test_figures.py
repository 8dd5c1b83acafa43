"""The page of figures: of one server, and of several that are one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from sseproxy.analysis.punctuality import Lateness
from sseproxy.exchange import Ending
from sseproxy.metrics import Metrics, merged

Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]

ENDED = st.lists(st.tuples(st.sampled_from(Ending), st.integers(0, 10**9)), max_size=5)
LATE = st.lists(st.integers(0, 10**6), max_size=5)


def server(ended: list[tuple[Ending, int]], late: list[int], open_streams: int = 0) -> Metrics:
    metrics, lateness = Metrics(), Lateness()
    for each in late:
        lateness.add([each])
    metrics.show_lateness(lateness)
    metrics.show_open_streams(lambda: open_streams)
    for ending, duration in ended:
        metrics.ended(ending, duration)
    return metrics


def figures(page: bytes) -> Figures:
    """Each sample, but for when it was begun."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def told(page: bytes) -> list[str]:
    """What is said of the figures: their help and their types."""
    return sorted(line for line in page.decode().splitlines() if line.startswith("#"))


@given(ENDED, LATE)
def test_the_page_of_one_worker_is_its_own(ended: list[tuple[Ending, int]], late: list[int]) -> None:
    metrics = server(ended, late, 3)
    assert merged([metrics.families()]).splitlines() == metrics.page().splitlines()


@given(st.lists(st.tuples(ENDED, LATE, st.integers(0, 5)), min_size=1, max_size=4))
def test_the_page_of_several_is_that_of_one_who_did_it_all(
    parts: list[tuple[list[tuple[Ending, int]], list[int], int]],
) -> None:
    page = merged([server(*part).families() for part in parts])
    alone = server(
        [each for ended, _, _ in parts for each in ended],
        [each for _, late, _ in parts for each in late],
        sum(count for _, _, count in parts),
    ).page()
    assert told(page) == told(alone)
    assert figures(page) == pytest.approx(figures(alone))


def test_the_page_of_nobody_is_empty() -> None:
    assert merged([]) == b""


def test_the_earliest_beginning_is_the_beginning() -> None:
    def begun(page: bytes) -> float:
        families = text_string_to_metric_families(page.decode())
        return next(
            sample.value
            for family in families
            for sample in family.samples
            if sample.name == "sseproxy_exchange_seconds_created"
        )

    first, second = server([], []), server([], [])
    pages = [merged([each.families() for each in order]) for order in ([first, second], [second, first])]
    assert [begun(page) for page in pages] == 2 * [begun(first.page())]


def test_lateness_is_told_in_seconds() -> None:
    page = figures(server([], [40, 60, 900, 200_000]).page())
    name = "sseproxy_replay_late_seconds"

    def up_to(seconds: str) -> float:
        return page[f"{name}_bucket", (("le", seconds),)]

    assert [up_to(limit) for limit in ("5e-05", "0.0001", "0.001", "0.1", "+Inf")] == [1, 2, 3, 3, 4]
    assert page[f"{name}_count", ()] == 4
    assert page[f"{name}_sum", ()] == pytest.approx(0.201)
