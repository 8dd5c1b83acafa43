"""`sseproxy timeline` as its users run it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from sseproxy.analysis.gaps import STALL
from sseproxy.analysis.story import read_story
from sseproxy.analysis.timeline import came_late
from sseproxy.cassette.store import find, load_all
from sseproxy.exchange import Ending
from tests.cli.builder import save, stream, unanswered
from tests.cli.support import Command, complaint, good, in_terminal, sseproxy
from tests.e2e.record_cassettes import FOLDER
from tests.lint.streams import TAKEOVER
from tests.support.predictions import event, prediction, takeover, tokens

LAST = event("metadata", {"chatId": "c"}) + event("end", "[DONE]")
SLOW = prediction([*tokens(20, "a", "b", "c"), *tokens(3_060, "d", "e"), (3_090, LAST)], end_t=3_091)


def plain(text: str) -> list[str]:
    """Without colours."""
    return [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in text.splitlines()]


def test_one_stream(tmp_path: Path) -> None:
    assert plain(in_terminal("timeline", save(tmp_path, SLOW), columns=80)) == [
        "A  POST /api/v1/prediction/5f0c",
        "   200, flowise, 7 events, clean after 3.091 s, first event at 0.020 s",
        "   longest gap 3.000 s: #4 token came after #3 token",
        "",
        "    AT s   GAP ms  0         3.091 s    #  KIND      TEXT",
        'A  0.000           ►────────────────       request   {"question": "Hi", "stream…',
        "A  0.009     +9.0  ┤────────────────       head      200 text/event-stream",
        "A  0.020    +11.0  ━────────────────  1-3  token x3  “abc”",
        "A  stall: 3.000 s of silence: #4 token came after #3 token",
        "A  3.060  +3000.0  ░░░░░░░░░░░░░░░░━  4-5  token x2  “de”",
        'A  3.090    +10.0  ────────────────●    6  metadata  {"chatId":"c"}',
        'A  3.090     +0.0  ────────────────●    7  end       "[DONE]"',
        "A  3.091     +1.0  ────────────────■       clean     325 bytes in 6 reads",
    ]


def test_a_takeover_in_80_columns() -> None:
    shown = plain(in_terminal("timeline", TAKEOVER, columns=80))
    assert all(cell_len(line) <= 80 for line in shown)
    assert shown[:4] == [
        "session 01M83Y5EZN8YHJK1, 2026-11-23 10:10:29 UTC: 2 exchanges",
        "A  POST /api/v1/prediction/ea6332a2-f491-4f5b-84a9-6c4adb893b54",
        "   200, flowise, 6 events, client_left after 1.530 s, first event at 0.021 s",
        "   same chat a-chat-of-two as B",
    ]
    order = [line.split()[0] for line in shown[shown.index("") + 2 :] if not line.startswith(" ")]
    assert "".join(order) == "AAAAA" + "B" * 8 + "AA"
    assert "B  asked while A of the same chat is open" in shown
    assert "A  stall: 1.403 s of silence: nothing came after #6 token" in shown


def test_a_pipe_is_not_cut(tmp_path: Path) -> None:
    words = [f"word{number} " for number in range(100)]
    path = save(tmp_path, prediction([*tokens(20, *words, every=1), (200, LAST)]))
    assert f"“{''.join(words)}”" in good("timeline", path)


@pytest.mark.parametrize("option", [[], ["--all"]])
def test_of_a_text_that_nobody_would_read_the_beginning_is_shown(tmp_path: Path, option: list[str]) -> None:
    long = "and so on " * 500
    came = [*tokens(20, long, long), (60, event("metadata", {"x": long})), (200, LAST)]
    path = save(tmp_path, prediction(came))
    shown = good("timeline", *option, path)
    assert f"“{long[:2_000]}…”" in shown
    assert max(map(len, plain(shown))) < 2_200


def test_all_gives_each_event_a_line(tmp_path: Path) -> None:
    path = save(tmp_path, SLOW)
    assert len(re.findall(" token +“", good("timeline", "--all", path))) == 5
    assert "x3" not in good("timeline", "--all", path)


def test_how_it_ended_is_told_to_its_end(tmp_path: Path) -> None:
    """What is known of the ending is not cut with the texts of the table; a cut stands at the end."""
    long = "the upstream broke the connection: Connection reset by peer (of a name that takes some room)"
    reset = prediction(tokens(20, "a", "b"), ending=Ending.UPSTREAM_RESET, end_t=900)
    assert reset.end
    path = save(tmp_path, replace(reset, end=replace(reset.end, detail=long)))
    shown = plain(in_terminal("timeline", path, columns=80))
    place = next(index for index, line in enumerate(shown) if line.startswith("   H209 cut: "))
    assert shown[place - 1].startswith("A  0.900")
    told = " ".join(line.strip() for line in shown[place:])
    assert told == f"H209 cut: upstream_reset: {long}; 2 events had come"
    path = save(tmp_path, unanswered(Ending.CONNECT_FAILED, f"can't connect: {long}"))
    shown = plain(in_terminal("timeline", path, columns=80))
    assert " ".join(line.strip() for line in shown[-2:]) == f"can't connect: {long}"


def test_times_that_go_back_are_told_in_a_line(tmp_path: Path) -> None:
    path = save(tmp_path, prediction([*tokens(20, "a", "b"), (30, LAST)], end_t=90))
    shown = plain(good("timeline", path))
    place = shown.index("   R703 times-go-back: the record is of 0.030 s, the one before it of 0.040 s")
    assert shown[place - 1].split()[-3:-1] == ["3", "metadata"]


@pytest.mark.parametrize("columns", [40, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal_and_what_came_late_is_told(columns: int) -> None:
    """Which event, after which, by how much; of each of the real server's streams."""
    shown = plain(in_terminal("timeline", FOLDER, columns=columns))
    assert max(map(cell_len, shown)) <= columns
    told = " ".join(line.strip() for line in shown)
    stories = [read_story(exchange) for _, exchange in load_all(find([FOLDER]))]
    late = [found for story in stories if (found := story.survey.longest)]
    assert len(late) == 8
    for gap in (each for each in late if each.length >= 1_000):
        what = came_late(gap.before, gap.after)
        assert f"longest gap {gap.length / 1e6:.3f} s: {what}" in told
        assert gap.length < STALL or f"stall: {gap.length / 1e6:.3f} s of silence: {what}" in told


def test_what_has_no_events_is_shown_too(tmp_path: Path) -> None:
    path = save(tmp_path, unanswered(Ending.CONNECT_FAILED, "can't connect: refused"))
    assert plain(good("timeline", path))[-1].endswith("0 bytes in 0 reads; can't connect: refused")


def test_a_page_is_written_and_nothing_printed(tmp_path: Path) -> None:
    path = save(tmp_path, stream())
    assert good("timeline", "--html", tmp_path / "page.html", path) == ""
    assert (tmp_path / "page.html").read_text().startswith("<!doctype html>")


def test_where_no_page_can_be_written_a_sentence_says_so(tmp_path: Path) -> None:
    outcome = sseproxy("timeline", "--html", tmp_path / "none" / "page.html", save(tmp_path, stream()))
    assert complaint(outcome) == f"{tmp_path / 'none' / 'page.html'}: No such file or directory"


def test_findings_stand_in_words_below_their_event() -> None:
    """Folded to the width of the terminal, and nothing of them lost."""
    shown = plain(in_terminal("timeline", TAKEOVER, columns=80))
    place = next(index for index, line in enumerate(shown) if line.startswith("   S501 taken-over: "))
    assert shown[place - 1].startswith("A  0.128")
    told = " ".join(line.strip() for line in shown[place : place + 4])
    assert (
        "stopped after 5 tokens and got no end: a request with the same chat id `a-chat-of-two` came 0.129 s"
        in told
    )


def test_a_contract_of_ones_own_is_kept_to(tmp_path: Path) -> None:
    path = save(tmp_path, SLOW)
    assert "O30" not in good("timeline", path)
    assert "O30" in good("timeline", "--contract", "start token* metadata end", path)


def broken(path: Path) -> Path:
    """Still a cassette by its first lines and its last."""
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:4], b"hello\n", *lines[4:]]))
    return path


def test_a_scene_is_printed_before_the_next_is_read(tmp_path: Path) -> None:
    """The first does not fit into the pipe: what happens to the second meanwhile is still seen."""
    save(tmp_path, prediction([*tokens(20, *["word"] * 2_000), (60_000, LAST)]), "a.sse.jsonl")
    second = save(tmp_path, replace(SLOW, head=replace(SLOW.head, session="another")), "b.sse.jsonl")
    showing = Command(("timeline", "--all", tmp_path))
    assert showing.stdout.readline().startswith(b"A  POST")
    broken(second)
    outcome = showing.ended()
    assert complaint(outcome).startswith(f"{second}:5: not JSON")
    assert outcome.out.count("A  POST") == 0


def test_one_that_breaks_off_in_the_middle_is_told_once_and_hides_no_other(tmp_path: Path) -> None:
    save(tmp_path, stream(), "a.sse.jsonl")
    bad = broken(save(tmp_path, SLOW, "b.sse.jsonl"))
    outcome = sseproxy("timeline", tmp_path)
    assert complaint(outcome).startswith(f"{bad}:5: not JSON")
    assert outcome.out == good("timeline", tmp_path / "a.sse.jsonl")


def test_whoever_takes_over_a_stream_without_an_end_may_come_much_later(tmp_path: Path) -> None:
    """In a scene of its own, and told in the one of the stream that was taken over."""
    first, second = takeover()
    save(tmp_path, replace(first, end=None), "a.sse.jsonl.part")
    late = save(tmp_path, replace(second, head=replace(second.head, session_t=60_000_000)), "b.sse.jsonl")
    shown, later = good("timeline", tmp_path).split("in which nothing was open:")
    assert "S501 taken-over: this stream stopped after 4 tokens" in shown
    assert f"came 60.000 s after it and got the end ({late})" in shown
    assert "S501" not in later
    assert "O3" not in later
