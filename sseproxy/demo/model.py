"""How a language model talks: its tokens, and the time before each.

Real token streams are neither even nor merely noisy: a wait for the first token, then log-normal gaps with
a long tail, now and then a stall, and tokens that were held up somewhere and come out together. Each of these
shows a different weakness of a client, so the model has them all. Same seed and text, same stream.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

MS = 1_000
"""Microseconds in a millisecond; every duration of the demo is an int of microseconds."""

_TOKEN = re.compile(
    r"['\u2019](?:s|t|re|ve|m|ll|d)\b"  # the ends of contractions
    r"| ?[\u3040-\u30ff\u3400-\u9fff]{1,2}"  # scripts without spaces come in small pieces
    r"| ?[^\W\d_\u3040-\u30ff\u3400-\u9fff]+"  # a word and the space before it
    r"| ?\d{1,3}"  # long numbers are cut
    r"| ?(?:[^\w\s]|_)+"  # punctuation; an emoji stays whole, its joiners are no space
    r"|\s*[\r\n]+"  # a paragraph's end is one token
    r"|\s+(?!\S)|\s"  # a run of spaces leaves its last one to the word behind it
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of text and how long after the piece before it goes out."""

    delay: int
    """In microseconds. 0: it goes out in the same write as the token before it."""
    text: str


@dataclass(frozen=True, slots=True)
class Pacing:
    """The shape of the delays: medians in microseconds, sigmas of the underlying normal, chances a write."""

    first: int = 250 * MS
    first_sigma: float = 0.3
    gap: int = 25 * MS
    gap_sigma: float = 0.55
    stall_chance: float = 0.015
    stall: tuple[int, int] = (150 * MS, 500 * MS)
    """Shortest and longest pause that a stall adds to a gap."""
    burst_chance: float = 0.06
    burst: tuple[int, int] = (2, 5)
    """Fewest and most tokens that go out in one write."""


NORMAL = Pacing()


def split(text: str) -> list[str]:
    """The tokens of a text, in the manner of the tokenizers of language models; joined they are the text."""
    return _TOKEN.findall(text)


def around(rng: random.Random, median: int, sigma: float) -> int:
    """A log-normal duration in microseconds, at least 1: 0 would mean "in the same write"."""
    return max(1, round(rng.lognormvariate(math.log(median), sigma)))


def stream(text: str, seed: int, pacing: Pacing = NORMAL) -> Iterator[Token]:
    """The tokens of `text` with their delays. The first one's is the time to first token."""
    rng = random.Random(seed)
    tokens = split(text)
    position = 0
    while position < len(tokens):
        if position == 0:
            size = 1
            delay = around(rng, pacing.first, pacing.first_sigma)
        else:
            size = rng.randint(*pacing.burst) if rng.random() < pacing.burst_chance else 1
            together = tokens[position : position + size]
            # A burst was held up: its first token waits for its last, so that the whole takes no less time.
            delay = sum(_gap(rng, pacing) for _ in together)
        yield Token(delay, tokens[position])
        for token in tokens[position + 1 : position + size]:
            yield Token(0, token)
        position += size


def _gap(rng: random.Random, pacing: Pacing) -> int:
    gap = around(rng, pacing.gap, pacing.gap_sigma)
    if rng.random() < pacing.stall_chance:
        gap += rng.randint(*pacing.stall)
    return gap
