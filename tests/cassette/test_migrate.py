"""The chain that lifts old versions: each step once, in order, from the version the head names."""

from __future__ import annotations

import pytest

from sseproxy.cassette.migrate import CONVERTERS, VERSION, Converter, Record, upgrade
from sseproxy.errors import CassetteError

HEAD: Record = {"k": "head", "format": "sse-cassette", "version": 1}


def step(version: int) -> Converter:
    """A made-up converter: it renames what it knows and adds its mark."""

    def convert(records: list[Record]) -> list[Record]:
        head, *rest = records
        assert head["version"] == version
        marks = [*head.get("marks", []), version]
        return [{**head, "version": version + 1, "marks": marks}, *rest, {"k": f"by{version}"}]

    return convert


CHAIN = {1: step(1), 2: step(2), 3: step(3)}


@pytest.mark.parametrize(
    ("version", "current", "marks"),
    [
        (1, 1, None),
        (1, 2, [1]),
        (1, 3, [1, 2]),
        (1, 4, [1, 2, 3]),
        (2, 4, [2, 3]),
        (3, 4, [3]),
        (4, 4, None),
    ],
)
def test_each_converter_from_the_heads_version_on_runs_once_in_order(
    version: int, current: int, marks: list[int] | None
) -> None:
    records = upgrade([{**HEAD, "version": version}, {"k": "note"}], converters=CHAIN, current=current)
    assert records[0].get("marks") == marks
    assert records[0]["version"] == current
    assert [record["k"] for record in records] == ["head", "note", *(f"by{mark}" for mark in marks or [])]


def test_the_records_of_the_current_version_are_left_alone() -> None:
    records = [HEAD, {"k": "new", "a": 1}]
    assert upgrade(records, converters=CHAIN, current=1) == [HEAD, {"k": "new", "a": 1}]


def test_a_newer_version_is_refused_with_both_numbers() -> None:
    with pytest.raises(CassetteError) as caught:
        upgrade([{**HEAD, "version": 5}], converters=CHAIN, current=4)
    assert str(caught.value) == (
        "line 1: written in format version 5, this sseproxy reads up to 4: upgrade it"
    )


def test_the_head_is_checked_before_anything_is_converted() -> None:
    for head in ({"k": "data"}, {**HEAD, "format": "other"}, {**HEAD, "version": "1"}):
        with pytest.raises(CassetteError, match="line 1: "):
            upgrade([head], converters={1: lambda records: pytest.fail("converted")}, current=2)


def test_every_old_version_has_its_converter() -> None:
    assert sorted(CONVERTERS) == list(range(1, VERSION))
