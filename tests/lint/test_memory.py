"""Memory does not grow with what is linted."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

from sseproxy.analysis.lint import lint
from sseproxy.cassette.store import items
from tests.cli.builder import STEP, save
from tests.lint.streams import PLAIN_EXPECTATIONS, Piece, pieces, spoken, with_pieces

TOKENS = 6_000


def test_a_long_stream_is_not_held(tmp_path: Path) -> None:
    was = spoken("named")
    start, token, *rest = pieces(was)
    block = token.block.replace(b"Once", b"Once" * 100)
    tokens = [Piece(start.t + STEP * number, block) for number in range(1, TOKENS)]
    end = [Piece(each.t + STEP * TOKENS, each.block) for each in rest]
    path = save(tmp_path, with_pieces(was, [start, *tokens, *end]))
    tracemalloc.start()
    try:
        findings, _ = lint(str(path), items(path), PLAIN_EXPECTATIONS)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [finding.rule.code for finding in findings if finding.rule.code[0] != "C"] == []
    assert path.stat().st_size > 2_500_000
    assert peak < 1_000_000
