"""Contracts: what they allow, where a stream leaves them, and what is wrong with one that can't be read."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sseproxy.contract import Contract, ContractError, Run, compile_contract
from sseproxy.contract.pattern import DEEPEST, MOST_KINDS
from sseproxy.dialects import DIALECTS, PLAIN
from tests.sse.strategies import thorough

DOCUMENTED = "start? token* (usedTools | sourceDocuments)* metadata end"

ALLOWED = [
    (DOCUMENTED, "start token token metadata end"),
    (DOCUMENTED, "metadata end"),
    (DOCUMENTED, "token usedTools sourceDocuments usedTools metadata end"),
    ("a", "a"),
    ("a?", ""),
    ("a+", "a a a"),
    ("(a b)* c", "a b a b c"),
    ("a | b c", "b c"),
    ("(a | b)+ end", "a b b end"),
    ("a other* b", "a x y z b"),
    ("other*", ""),
    ("a??**", "a a"),
    ("text-delta response.created tools/call ns:kind", "text-delta response.created tools/call ns:kind"),
    ("größe 文", "größe 文"),
]


@pytest.mark.parametrize(("text", "kinds"), ALLOWED)
def test_these_orders_are_legal(text: str, kinds: str) -> None:
    run = Run(compile_contract(text))
    assert [run.take(kind) for kind in kinds.split()] == [None] * len(kinds.split())
    assert run.finish() == ()


# `-` before a kind: it may not come here. `>`: what may. `<`: what is missing before it.
TRANSCRIPTS = [
    (DOCUMENTED, ["start", "token", "metadata", "-token > end", "end"]),
    (DOCUMENTED, ["token", "metadata", "end", "-token >", "-token >", "-end >"]),
    (DOCUMENTED, ["token", "-end > token usedTools sourceDocuments metadata < metadata"]),
    (DOCUMENTED, ["start", "-start > token usedTools sourceDocuments metadata", "metadata", "end"]),
    (DOCUMENTED, ["-what > start token usedTools sourceDocuments metadata", "metadata", "end"]),
    (DOCUMENTED, ["token", "metadata", ". > end"]),
    ("a (b | c) d e", ["a", "-d > b c < b c", "e"]),
    ("a b c d", ["a", "-d > b", "b", "c", "d"]),
    ("a other b", ["a", "-b > other", "x", "b"]),
    ("a", ["-other > a", "a"]),
]


@pytest.mark.parametrize(("text", "steps"), TRANSCRIPTS)
def test_where_a_stream_leaves_its_contract(text: str, steps: list[str]) -> None:
    run = Run(compile_contract(text))
    for step in steps:
        before, arrow, expected = step.partition(" >")
        wanted, _, missing = expected.partition(" <")
        if before == ".":
            assert run.finish() == tuple(wanted.split())
            return
        violation = run.take(before.removeprefix("-"))
        assert (violation is not None) is bool(arrow), step
        if violation:
            assert violation == (before[1:], tuple(wanted.split()), tuple(missing.split()))
    assert run.finish() == ()


WRONG = [
    ("", "character 1: a kind or `(` is missing at the end"),
    ("a |", "character 4: a kind or `(` is missing at the end"),
    ("a | | b", "character 5: `|` is in the place of a kind"),
    ("(a b", "character 5: a `)` is missing at the end"),
    ("a) b", "character 2: `)` is nothing that it could end"),
    ("a & b", "character 3: `&` is no part of a contract: there are kinds, `other` and ( ) | ? * +"),
    ("* a", "character 1: `*` is in the place of a kind"),
    ("a ()", "character 4: `)` is in the place of a kind"),
    (
        "(" * (DEEPEST + 1) + "a",
        f"character {DEEPEST + 1}: `(` is one bracket too deep: {DEEPEST} are enough",
    ),
    (
        "a " * (MOST_KINDS + 1),
        f"character {2 * MOST_KINDS + 1}: `a` is one too many: a contract may have {MOST_KINDS} kinds in all",
    ),
]


@pytest.mark.parametrize(("text", "why"), WRONG, ids=lambda value: value[:20])
def test_what_is_wrong_with_a_contract(text: str, why: str) -> None:
    with pytest.raises(ContractError) as caught:
        Contract(text)
    assert str(caught.value) == f"contract, {why}"


@pytest.mark.parametrize("dialect", [*DIALECTS, PLAIN], ids=lambda dialect: dialect.name)
def test_the_dialects_contracts_are_some(dialect: object) -> None:
    contract = Contract(getattr(dialect, "contract"))  # noqa: B009 - parametrize gives an object
    assert contract.expected(contract.begin)


# Kinds of one letter, so that the text without its spaces is a regular expression of Python's; `other` is
# what the names are not.
def _signed(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return (
        st.tuples(inner, st.sampled_from("?*+")).map(lambda pair: f"({pair[0]}){pair[1]}")
        | st.lists(inner, min_size=1, max_size=3).map(" ".join)
        | st.lists(inner, min_size=1, max_size=3).map(lambda each: f"({' | '.join(each)})")
    )


contracts = st.recursive(st.sampled_from(["a", "b", "c", "other"]), _signed, max_leaves=8)


@thorough
@given(contracts, st.text("abcx", max_size=8))
@example("(a | (b | a c)*)+ other", "acx")
def test_it_is_the_regular_expression_that_it_looks_like(text: str, kinds: str) -> None:
    contract = Contract(text)
    names = "".join(sorted(contract.names)) or "-"
    python = re.compile(re.sub(" +", "", text.replace("other", f"[^{names}]")))
    state = contract.begin
    for kind in kinds:
        state = contract.step(state, kind)
        if not state:
            break
    assert (bool(state) and contract.may_end(state)) is bool(python.fullmatch(kinds))


@thorough
@given(contracts, st.text("abcx", max_size=8))
def test_what_is_expected_is_what_is_taken(text: str, kinds: str) -> None:
    contract = Contract(text)
    run = Run(contract)
    for kind in kinds:
        violation = run.take(kind)
        assert violation is None or violation.kind == kind
        assert violation is None or (kind if kind in contract.names else "other") not in violation.expected
    expected = run.finish()
    if expected:
        assert run.take(expected[0] if expected[0] != "other" else "x") is None
