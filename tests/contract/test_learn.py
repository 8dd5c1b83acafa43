"""Contracts from examples."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sseproxy.contract import Run, compile_contract, learn
from tests.sse.strategies import thorough

LEARNED = [
    (["a"], "a"),
    (["a", "a a"], "a+"),
    (["a b", "b"], "a? b"),
    (["a b", "b a"], "(a | b)+"),
    (["s t t m e", "s t u m e", "s t d m e"], "s t+ (u | d)? m e"),
    (
        ["start token token metadata end", "error end", "start token error end"],
        "start? token* (metadata | error) end",
    ),
    (["a x b", "a y b"], "a (x | y) b"),
    (["a a b a", "c"], "(a | b)* c?"),
    (["", "a"], "a"),
]


@pytest.mark.parametrize(("examples", "contract"), LEARNED)
def test_it_is_what_a_person_would_write(examples: list[str], contract: str) -> None:
    assert learn(each.split() for each in examples).contract == contract


def test_each_step_is_counted_once_a_stream() -> None:
    found = learn([["a", "a", "a", "b"], ["a", "b"], []])
    assert found.streams == 2
    assert found.edges == {("(begin)", "a"): 2, ("a", "b"): 2, ("b", "(end)"): 2, ("a", "a"): 1}


def test_steps_of_equal_count_have_an_order_of_their_own() -> None:
    edges = learn([["b", "a"], ["a", "b"], ["c", "a", "b"]]).edges
    assert list(edges) == sorted(edges, key=lambda edge: (-edges[edge], edge))


def test_kinds_that_no_contract_can_name_are_others() -> None:
    assert learn([["a", "b c", "", "other", "(d)"]]).contract == "a other other other other"


def test_of_nothing_there_is_none() -> None:
    assert learn([]).contract == ""


@thorough
@given(st.lists(st.lists(st.sampled_from(["a", "b", "c", "d", "e f"]), min_size=1, max_size=8), min_size=1))
def test_each_example_fits_what_is_learned(examples: list[list[str]]) -> None:
    contract = compile_contract(learn(examples).contract)
    for example in examples:
        run = Run(contract)
        assert [run.take(kind) for kind in example] == [None] * len(example)
        assert run.finish() == ()
