"""The model's tokens and rhythm, as properties."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sseproxy.demo.model import MS, NORMAL, Pacing, split, stream

# Long enough that a median says something: about 20,000 tokens.
LONG = "One wave at a time, says the tide; naïve clocks don't. " * 1_500
EVEN = Pacing(stall_chance=0, burst_chance=0)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        ("Hello world", ["Hello", " world"]),
        ("First, the cup.", ["First", ",", " the", " cup", "."]),
        ("It doesn't stop… it’s over", ["It", " doesn", "'t", " stop", "…", " it", "’s", " over"]),  # noqa: RUF001
        ("señora Núñez", ["señora", " Núñez"]),
        ("says 静かです now", ["says", " 静か", "です", " now"]),
        ("fly 🚀 👩‍🚀!", ["fly", " 🚀", " 👩‍🚀!"]),
        ("in 12345 at 5:04", ["in", " 123", "45", " at", " 5", ":", "04"]),
        ("end.\n\nNew", ["end", ".", "\n\n", "New"]),
        ("a   b", ["a", "  ", " b"]),
        ("snake_case", ["snake", "_", "case"]),
    ],
)
def test_split(text: str, tokens: list[str]) -> None:
    assert split(text) == tokens


@given(st.text())
def test_tokens_join_to_the_text_and_none_is_empty(text: str) -> None:
    assert "".join(split(text)) == text
    assert all(split(text))


@given(st.text(min_size=1), st.integers())
def test_stream_has_the_texts_tokens_and_no_negative_delay(text: str, seed: int) -> None:
    tokens = list(stream(text, seed))
    assert [token.text for token in tokens] == split(text)
    assert all(token.delay >= 0 for token in tokens)
    assert tokens[0].delay > 0


@given(st.text(), st.integers())
def test_one_seed_one_stream(text: str, seed: int) -> None:
    assert list(stream(text, seed)) == list(stream(text, seed))


def test_another_seed_another_rhythm() -> None:
    assert list(stream(LONG[:200], 1)) != list(stream(LONG[:200], 2))


def test_time_to_first_token_is_about_250_ms() -> None:
    first = [next(stream("Hello world", seed)).delay for seed in range(1_000)]
    assert 220 * MS < statistics.median(first) < 280 * MS


def test_gaps_have_the_right_median_and_a_long_tail() -> None:
    gaps = [token.delay for token in stream(LONG, 1, EVEN)][1:]
    median = statistics.median(gaps)
    assert 23 * MS < median < 27 * MS
    assert statistics.mean(gaps) > 1.1 * median
    assert max(gaps) > 4 * median


def test_stalls_are_occasional() -> None:
    gaps = [token.delay for token in stream(LONG, 1)][1:]
    stalls = sum(gap > NORMAL.stall[0] for gap in gaps)
    assert 0.01 < stalls / len(gaps) < 0.04


def test_bursts_are_as_long_as_said_and_cost_no_time() -> None:
    tokens = list(stream(LONG, 1, Pacing(stall_chance=0)))
    sizes = []
    for token in tokens:
        if token.delay:
            sizes.append(1)
        else:
            sizes[-1] += 1
    assert 1 < max(sizes) <= NORMAL.burst[1]
    assert 0.04 < sum(size > 1 for size in sizes) / len(sizes) < 0.08
    even = sum(token.delay for token in stream(LONG, 1, EVEN))
    assert sum(token.delay for token in tokens) == pytest.approx(even, rel=0.05)
