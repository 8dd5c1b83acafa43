"""Good streams are found good, and each broken one guilty of one thing."""

from __future__ import annotations

from collections import Counter

import pytest

from sseproxy.analysis.lint import RULES, Severity
from sseproxy.analysis.story import read_story
from tests.lint.mutants import MUTANTS, Mutant
from tests.lint.streams import CAPTURES, DOCUMENTED, REAL, capture, codes, linted, spoken
from tests.support.scenes import scenes_of

ALL_CAPTURES = sorted(path.name.removesuffix(".sse.jsonl") for path in CAPTURES.iterdir())


@pytest.mark.parametrize("name", ALL_CAPTURES)
def test_the_real_servers_streams_are_clean(name: str) -> None:
    assert codes(linted(capture(name))[0]) == []


@pytest.mark.parametrize("name", DOCUMENTED)
def test_so_are_those_of_other_dialects(name: str) -> None:
    found = codes(linted(spoken(name))[0], Severity.INFO)
    assert set(found) <= {"C604", "C605"}  # Flowise's libraries know no named events
    assert bool(found) is (name == "named")


def test_what_of_the_captures_is_worth_knowing() -> None:
    """A token that says `data:` stands in most of them; one came over HTTP/1.0, one was slow."""
    found = {name: codes(linted(capture(name))[0], Severity.INFO) for name in ALL_CAPTURES}
    assert {name: listed for name, listed in found.items() if listed} == {
        "agentflow_agent": ["C604"],
        "conversation": ["C604"],
        "conversation_http10": ["H208", "C604"],
        "retrieval": ["C604"],
        "slow_heartbeat": ["T401", "C604"],
        "toolagent": ["C604"],
    }


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: f"{each.code} {each.base}: {each.what}")
def test_a_broken_stream_gives_exactly_what_it_was_broken_for(mutant: Mutant) -> None:
    """At its severity: what clients make of a mistake is told beside it, as information."""
    severity = min(RULES[mutant.code].severity, Severity.WARNING)
    found = codes(linted(mutant.exchange)[0], severity)
    before = codes(linted(spoken(mutant.base))[0], severity)
    assert sorted(Counter(found) - Counter(before)) == sorted([mutant.code, *mutant.also])


def test_a_stall_is_what_the_timeline_calls_one() -> None:
    streams = [each.exchange for each in MUTANTS if each.code[0] == "T"] + [spoken(name) for name in REAL]
    for exchange in streams:
        (scene,) = scenes_of([("one", read_story(exchange))])
        shown = {f"{row.stall.length / 1e6:.3f} s of silence" for row in scene.rows if row.stall}
        told = [finding for finding in linted(exchange)[0] if finding.rule.code in ("T401", "T402", "T404")]
        for finding in told:
            if finding.rule.code == "T401":
                assert finding.message.partition(":")[0] in shown
        assert bool(shown) is bool(told)


def test_each_mutant_is_one() -> None:
    assert [mutant.what for mutant in MUTANTS if mutant.exchange == spoken(mutant.base)] == []
    assert len(MUTANTS) >= 60
    assert len({mutant.exchange for mutant in MUTANTS}) == len(MUTANTS)


def test_each_rule_has_one() -> None:
    assert RULES.keys() - {mutant.code for mutant in MUTANTS} == {"S501"}  # it takes two streams


def test_most_are_made_of_real_streams() -> None:
    assert sum(mutant.base in (*REAL, *ALL_CAPTURES) for mutant in MUTANTS) > 40
