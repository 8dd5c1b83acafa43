"""What came when: the streams of a session on one clock."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sseproxy.analysis.lint import Finding
from sseproxy.analysis.scenes import IDLE, SPAN, Span, sessions, with_relevant
from sseproxy.analysis.story import Story, read_story
from sseproxy.analysis.timeline import Row, Scene, What, timeline
from sseproxy.exchange import Exchange, Note
from tests.cassette.strategies import brief, exchanges
from tests.export.support import captured
from tests.support.predictions import MS, event, finding, prediction, takeover, tokens
from tests.support.scenes import Told, scenes_of, span

END = event("end", "[DONE]")
DEEP = event("usedTools", 0).replace(b"0", b"[" * 900 + b"]" * 900)


def scenes(*values: Exchange, fold: bool = True, findings: tuple[Finding, ...] = ()) -> list[Scene]:
    return scenes_of(((value.head.id, read_story(value)) for value in values), findings, fold=fold)


def script(scene: Scene) -> list[str]:
    """The rows as a transcript: lane, time in ms, kind, how often, text."""
    return [
        f"{scene.lanes[row.lane].letter} {row.at // MS} {row.kind}"
        + (f" x{row.events} to {row.until // MS}" if row.events > 1 else "")
        + (f" {row.text}" if row.what is What.EVENT and row.text else "")
        for row in scene.rows
    ]


def test_like_events_are_one_row() -> None:
    (scene,) = scenes(prediction([(60, event("start", "")), *tokens(80, "Hal", "lo", "!"), (130, END)]))
    assert script(scene) == [
        "A 0 request",
        "A 9 head",
        "A 60 start",
        "A 80 token x3 to 120 Hallo!",
        "A 130 end",
        "A 130 clean",
    ]
    run = scene.rows[3]
    assert (run.first, run.last, run.gap, run.widest) == (2, 4, 20 * MS, 20 * MS)


def test_a_second_request_of_the_same_chat_is_seen_to_take_over() -> None:
    (scene,) = scenes(*takeover())
    assert script(scene) == [
        "A 0 request",
        "A 9 head",
        "A 60 start",
        "A 80 token x4 to 140 Once upon a time",
        "B 150 request",
        "B 159 head",
        "B 170 token x4 to 230  there was a proxy",
        "B 250 start",
        "B 250 token x4 to 310 In short: no",
        "B 320 metadata",
        "B 320 end",
        "B 320 clean",
        "A 5000 client_left",
    ]
    assert [(lane.letter, lane.kin, lane.same) for lane in scene.lanes] == [
        ("A", ("B",), "chat 9b6e1c"),
        ("B", ("A",), "chat 9b6e1c"),
    ]
    assert [row.warning for row in scene.rows if row.warning] == [
        "asked while A of the same chat is open",
        "stall: 4.860 s of silence: nothing came after #5 token",
    ]


def test_streams_of_one_chat_one_after_the_other_do_not_meet() -> None:
    first, second = takeover()
    later = replace(second, head=replace(second.head, session_t=5_000_001))
    (scene,) = scenes(first, later)
    assert [lane.kin for lane in scene.lanes] == [("B",), ("A",)]
    assert not any(row.meets for row in scene.rows)


def test_strangers_do_not_break_each_others_runs() -> None:
    one = prediction(tokens(20, "a", "b", "c"))
    other = prediction(tokens(30, "x", "y", "z"), id="01KAQ3M5Z8T7QRSB")
    (scene,) = scenes(one, other)
    assert [each for each in script(scene) if "token" in each] == [
        "A 20 token x3 to 60 abc",
        "B 30 token x3 to 70 xyz",
    ]
    chats = (replace(one, request=takeover()[0].request), replace(other, request=takeover()[0].request))
    (scene,) = scenes(*chats)
    assert [each for each in script(scene) if "token" in each] == [
        *("A 20 token a", "B 30 token x", "A 40 token b", "B 50 token y", "A 60 token c", "B 70 token z"),
    ]


def test_a_stall_says_what_came_late_after_what_by_how_much() -> None:
    value = prediction([*tokens(20, "a", "b", "c"), *tokens(3_060, "d", "e"), (3_090, END)])
    (scene,) = scenes(value)
    assert script(scene)[2:4] == ["A 20 token x3 to 60 abc", "A 3060 token x2 to 3080 de"]
    assert [row.warning for row in scene.rows if row.warning] == [
        "stall: 3.000 s of silence: #4 token came after #3 token"
    ]


def test_a_finding_stands_with_its_event_alone() -> None:
    value = prediction([*tokens(20, "a", "b", "c"), (90, END), *tokens(95, "d")])
    late = finding(value, "O303", "a token after the end", event=5)
    whole = finding(value, "H203", "the head does not forbid buffering")
    (scene,) = scenes(value, findings=(late, whole))
    assert [(row.first, row.findings) for row in scene.rows if row.findings] == [(5, (late,))]
    assert scene.lanes[0].findings == (whole,)


def test_a_finding_ends_a_run() -> None:
    value = prediction(tokens(20, "a", "b", "c"))
    (scene,) = scenes(value, findings=(finding(value, "O303", "why", event=2),))
    assert [(row.first, row.last) for row in scene.rows if row.first] == [(1, 1), (2, 2), (3, 3)]


def test_comments_and_notes_have_rows() -> None:
    value = prediction([(20, b": beat\n\n"), *tokens(30, "a")])
    value = replace(value, notes=(Note(25 * MS, "here it was", ("user",), 1),))
    (scene,) = scenes(value)
    assert [(row.what, row.kind, row.text or row.data) for row in scene.rows[2:4]] == [
        (What.UNHEARD, "comment", "beat"),
        (What.NOTE, "note", "here it was"),
    ]


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        pytest.param(event("metadata", {"chatId": "c"}), '{"chatId":"c"}', id="an envelope's inside"),
        pytest.param(event("end", "[DONE]"), '"[DONE]"', id="a text"),
        pytest.param(b"event: end\ndata: [DONE]\n\n", "[DONE]", id="no envelope"),
        pytest.param(b'event: end\ndata: {"a":1}\n\n', '{"a":1}', id="an object of its own"),
        pytest.param(b"event: end\ndata: {a\n\n", "{a", id="no JSON"),
        pytest.param(DEEP, DEEP[14:-2].decode(), id="nested to break something"),
    ],
)
def test_what_an_event_holds_beside_its_kind(data: bytes, shown: str) -> None:
    (scene,) = scenes(prediction([(20, data)]))
    assert scene.rows[2].data == shown


def began(value: Exchange, session: str, at: int) -> Exchange:
    return replace(value, head=replace(value.head, id=f"{session}{at}", session=session, session_t=at))


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        pytest.param([("a", 0), ("a", 5)], [["a0", "a5"]], id="one session"),
        pytest.param([("a", 0), ("b", 5)], [["a0"], ["b5"]], id="two sessions have no common clock"),
        pytest.param([("a", 7), ("a", 0)], [["a0", "a7"]], id="in the order of the clock"),
        pytest.param([("a", 0), ("a", SPAN - 20 * MS)], [["a0", "a1980000"]], id="the longest clock"),
        pytest.param([("a", 0), ("a", SPAN - 20 * MS + 1)], [["a0"], ["a1980001"]], id="one too long"),
        pytest.param([("a", 10 * MS * at) for at in (0, 1500)], [["a0"], ["a15000000"]], id="idle for long"),
        pytest.param(
            [("a", 15 * MS * at) for at in range(700)],
            [[f"a{15 * MS * at}" for at in range(700)]],
            id="never idle",
        ),
    ],
)
def test_scenes(starts: list[tuple[str, int]], expected: list[list[str]]) -> None:
    value = prediction([(20, END)])
    found = scenes(*(began(value, session, at) for session, at in starts))
    assert [[lane.cassette for lane in scene.lanes] for scene in found] == expected
    assert all(scene.lanes[0].began == 0 for scene in found)


def test_a_clock_has_room_for_its_longest_exchange_and_says_what_was_between() -> None:
    """A minute long, with twelve seconds of nothing behind it; then five of four seconds, one each minute."""
    long, short = (prediction([(t, END)]) for t in (60_000, 4_000))
    starts = [0, *(72_000 * MS + at * 4_200 * MS for at in range(7))]
    (first, *rest) = scenes(*(began(short if at else long, "s", at) for at in starts))
    assert (len(first.lanes), first.idle) == (1, None)
    assert [(len(scene.lanes), scene.idle) for scene in rest] == [(4, IDLE + 2_000 * MS), (3, 200 * MS)]
    assert all(scene.duration <= 5 * 4_000 * MS for scene in rest)


def test_a_scene_is_made_of_what_it_shows_and_nothing_of_it_is_kept_for_the_next() -> None:
    """What is read and linted when each is there, and how many stories are alive when one is read."""
    values = [began(prediction([(20, END)]), "s", at) for at in (0, 5, 60_000 * MS, 120_000 * MS)]
    spans = [
        Span(place, place, value.head.wall, "s", value.head.session_t, value.duration, ended=True)
        for place, value in enumerate(values)
    ]
    log: list[str] = []
    made: list[weakref.ref[Story]] = []

    def read(place: int) -> Told:
        log.append(f"read {place}, alive {[number for number, ref in enumerate(made) if ref()]}")
        story = read_story(values[place])
        made.append(weakref.ref(story))
        return values[place].head.id, story

    def lint(places: Sequence[int]) -> list[Finding]:
        log.append(f"lint {places}")
        return []

    for scene in timeline(spans, read, lint):
        log.append(f"scene of {len(scene.lanes)}")
        del scene
    assert log == [
        *("lint [0, 1]", "read 0, alive []", "read 1, alive [0]", "scene of 2"),
        *("lint [2]", "read 2, alive []", "scene of 1"),
        *("lint [3]", "read 3, alive []", "scene of 1"),
    ]


@pytest.mark.parametrize(
    ("exchanges", "expected"),
    [
        pytest.param("a0 b5 c60 d120", ["ab", "c", "d"], id="what ran together"),
        pytest.param("d120 b5 c60 a0", ["ba", "c", "d"], id="as they were asked for"),
        pytest.param("a0 b60? c120 d180", ["a", "bcd", "", ""], id="all behind one without an end"),
        pytest.param("d180 c120? b60? a0", ["a", "dcb", "", ""], id="once"),
    ],
)
def test_what_is_compared_before_a_scene_is_told(exchanges: str, expected: list[str]) -> None:
    """A name, seconds; `?`: it has no end."""
    spans = [
        Span(each[0], place, "", "s", int(each[1:].rstrip("?")) * 1_000 * MS, 6_000 * MS, each[-1] != "?")
        for place, each in enumerate(exchanges.split())
    ]
    (groups,) = sessions(spans)
    assert ["".join(relevant) for _, relevant in with_relevant(groups)] == expected


def test_a_scene_of_which_nothing_can_be_had_is_left_out() -> None:
    told = [
        (value.head.id, read_story(value))
        for value in (began(takeover()[1], "s", at) for at in (0, IDLE * 9))
    ]
    spans = [span(each, place) for place, each in enumerate(told)]
    (scene,) = timeline(spans, lambda each: each if each is told[1] else None)
    assert scene.lanes[0].cassette == told[1][0]


def test_letters_go_on_behind_z() -> None:
    value = prediction([(20, END)])
    (scene,) = scenes(*(began(value, "s", at) for at in range(28)))
    assert [lane.letter for lane in scene.lanes][24:] == ["Y", "Z", "AA", "AB"]


@brief
@given(st.lists(exchanges(), min_size=1, max_size=4))
def test_no_event_is_lost_and_time_goes_on(values: list[Exchange]) -> None:
    stories = [(str(number), read_story(value)) for number, value in enumerate(values)]
    for fold in (True, False):
        found = scenes_of(stories, fold=fold)
        rows = [row for scene in found for row in scene.rows]
        events = sum(row.events for row in rows if row.what in (What.EVENT, What.UNHEARD))
        assert events == sum(len(story.moments) for _, story in stories)
        assert sum(row.what is What.END for row in rows) == len(values)
        for scene in found:
            assert all(before.at <= after.at for before, after in pairwise(scene.rows))


def test_folded_or_not_the_text_is_the_same() -> None:
    def said(rows: Sequence[Row]) -> str:
        return "".join(row.text for row in rows if row.what is What.EVENT)

    for value in captured().values():
        (folded,), (whole,) = scenes(value), scenes(value, fold=False)
        assert said(folded.rows) == said(whole.rows)
