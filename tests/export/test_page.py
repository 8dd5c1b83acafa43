"""A timeline as a page: what it holds, and that a browser draws it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sseproxy.analysis.lint import RULES, Finding
from sseproxy.analysis.story import read_story
from sseproxy.exchange import Exchange
from sseproxy.export.page import page
from tests.support.predictions import event, finding, prediction, takeover, tokens
from tests.support.scenes import scenes_of

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


def made(*values: Exchange, title: str = "T", findings: tuple[Finding, ...] = ()) -> str:
    stories = ((value.head.id, read_story(value)) for value in values)
    return page(scenes_of(stories, findings, fold=False), title).decode()


def data(text: str) -> list[dict[str, Any]]:
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    scenes: list[dict[str, Any]] = json.loads(found)
    return scenes


def test_the_page_holds_every_row() -> None:
    (scene,) = data(made(*takeover()))
    assert [row["kind"] for row in scene["rows"]].count("token") == 12
    assert [lane["letter"] for lane in scene["lanes"]] == ["A", "B"]
    assert [lane["warnings"] for lane in scene["lanes"]] == [
        ["stall: 4.860 s of silence: nothing came after #5 token"],
        ["asked while A of the same chat is open"],
    ]
    assert scene["lanes"][0]["stalls"] == [{"from": 140_000, "to": 5_000_000}]
    assert scene["lanes"][0]["ended_how"] == "200, flowise, 5 events, client_left after 5.000 s"


def test_findings_are_told() -> None:
    value = prediction(tokens(20, "a", "b"))
    told = (finding(value, "O303", "why", event=2), finding(value, "H203", "where"))
    (scene,) = data(made(value, findings=told))
    (row,) = (row for row in scene["rows"] if row["findings"])
    assert (row["number"], row["style"]) == (2, "error")
    assert row["findings"] == [{"severity": "error", "text": f"O303 {RULES['O303'].name}: why"}]
    assert [each["text"][:4] for each in scene["lanes"][0]["findings"]] == ["H203", "O303"]  # all at a glance


EVIL = "</script><script>alert(1)</script><!-- &amp; $data ${x}"


def test_nothing_in_a_stream_becomes_markup() -> None:
    text = made(prediction([(20, event("token", EVIL))]), title=EVIL)
    assert "alert(1)</script><!--" not in text
    assert len(re.findall("<script", text)) == 2
    (scene,) = data(text)
    assert scene["rows"][2]["text"] == EVIL


def test_the_page_asks_for_nothing() -> None:
    text = made(*takeover())
    assert "default-src 'none'" in text
    assert re.findall(r"""(?:src|href)=|@import|url\(|https?://(?!www\.w3\.org/2000/svg)""", text) == []


@pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine")
def test_a_browser_draws_it(tmp_path: Path) -> None:
    """The policy lets the script run, and the script makes a row a row, a mark a mark."""
    assert CHROMIUM
    (tmp_path / "page.html").write_text(made(*takeover(), title=EVIL), encoding="utf-8")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile"]
    asked = [*command, "--virtual-time-budget=2000", "--dump-dom", f"file://{tmp_path}/page.html"]
    done = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=100)
    body = re.search(r"<tbody>.*</tbody>", done.stdout, re.DOTALL)
    assert body
    assert body[0].count("<tr") == 22
    assert body[0].count('class="late"') == 2
    assert done.stdout.count('class="stall"') == 2  # in the chart, and in its legend
    assert done.stdout.count('<rect class="token"') == 12
