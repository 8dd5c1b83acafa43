"""A timeline as one page of HTML that needs nothing but a browser."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterable
from importlib import resources
from string import Template

import orjson

from sseproxy.analysis.lint import Finding
from sseproxy.analysis.timeline import Lane, Row, Scene, What, came_late
from sseproxy.exchange import Ending
from sseproxy.printable import counted, printable, printable_bytes

_LONGEST = 2_000
"""Characters of a text that the page holds."""

Json = dict[str, object]


def page(scenes: Iterable[Scene], title: str) -> bytes:
    """The page. Its content security policy allows its own script and style and nothing else.

    The scenes should be unfolded: the page draws like events over each other where they are close.
    """
    folder = resources.files(__name__)
    style = folder.joinpath("page.css").read_text(encoding="utf-8")
    script = folder.joinpath("page.js").read_text(encoding="utf-8")
    data = orjson.dumps([_scene(scene) for scene in scenes]).decode()
    text = Template(folder.joinpath("page.html").read_text(encoding="utf-8")).substitute(
        title=html.escape(printable(title)),
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        data=data.replace("<", "\\u003c"),  # or `</script>` in a token would end it
    )
    return text.encode()


def _hash(text: str) -> str:
    """As a content security policy names a text that it allows."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _scene(scene: Scene) -> Json:
    many = counted(len(scene.lanes), "exchange")
    later = "" if scene.idle is None else f", {scene.idle / 1e6:.3f} s after the one before"
    return {
        "title": f"Session {printable(scene.session)}, {printable(scene.wall)}{later}: {many}",
        "duration": scene.duration,
        "lanes": [_lane(scene, index, lane) for index, lane in enumerate(scene.lanes)],
        "rows": [_row(scene.lanes[row.lane], row) for row in scene.rows],
    }


def _lane(scene: Scene, index: int, lane: Lane) -> Json:
    exchange, heard = lane.story.exchange, lane.story.heard
    request, response = exchange.request, exchange.response
    how = f"{response.status}, " if response else "no response, "
    if lane.story.stream.is_stream:
        how += f"{lane.story.dialect.name}, {counted(len(heard), 'event')}, "
    about = [printable(lane.cassette)]
    if gap := lane.longest:
        late = came_late(gap.before, gap.after)
        about.append(
            f"first event after {heard[0].t / 1e6:.3f} s; longest gap {gap.length / 1e6:.3f} s: {late}"
        )
    own = [row for row in scene.rows if row.lane == index]
    return {
        "letter": lane.letter,
        "title": f"{printable(request.method)} {printable_bytes(request.target)}"
        if request
        else "no request",
        "ended_how": f"{how}{exchange.ending} after {exchange.duration / 1e6:.3f} s",
        "whole": exchange.ending.whole,
        "began": lane.began,
        "ended": lane.ended,
        "about": about + ([f"same {lane.same} as {', '.join(lane.kin)}"] if lane.kin else []),
        "warnings": [row.warning for row in own if row.warning],
        "findings": [
            _finding(each) for each in [*lane.findings, *(told for row in own for told in row.findings)]
        ],
        "stalls": [{"from": row.at - row.stall.length, "to": row.at} for row in own if row.stall],
    }


def _row(lane: Lane, row: Row) -> Json:
    text = "; ".join(filter(None, [row.text or row.data, row.detail]))
    return {
        "lane": row.lane,
        "kind": printable(row.kind),
        "style": _style(lane, row),
        "at": row.at,
        "gap": row.gap,
        "number": row.first,
        "text": text if len(text) <= _LONGEST else text[:_LONGEST] + "…",
        "late": row.warning,
        "findings": [_finding(each) for each in row.findings],
    }


def _finding(finding: Finding) -> Json:
    rule = finding.rule
    more = f" (and {finding.more} more)" if finding.more else ""
    told = f"{rule.code} {rule.name}: {printable(finding.message)}{more}"
    return {"severity": str(rule.severity), "text": told}


def _style(lane: Lane, row: Row) -> str:
    """One of the page's own classes."""
    dialect = lane.story.dialect
    if row.what is What.END:
        return "good" if Ending(row.kind).whole else "error"
    if row.findings or row.kind in dialect.errors:
        return "error"
    if row.what is What.EVENT:
        return "token" if row.kind in dialect.tokens else "event"
    return "unheard" if row.what is What.UNHEARD else "quiet"
