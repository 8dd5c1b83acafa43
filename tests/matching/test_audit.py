"""How strong the rules are: which changes of a request go unnoticed, and why."""

from __future__ import annotations

import pytest

from sseproxy.exchange import Request
from sseproxy.matching import Loaded, Rules
from sseproxy.matching.audit import audit, mutations
from tests.core import build
from tests.matching.support import recorded

CHAT = build.request(
    "POST",
    b"/api/v1/prediction/5f0c?ts=1&token=[redacted]",
    b'{"question":"Hi","chatId":"a","history":[{"id":1},{"id":2}],"streaming":true,"uploads":[]}',
    headers=((b"Accept", b"*/*"), (b"Content-Type", b"application/json")),
)
FORM = ((b"Content-Type", b"application/x-www-form-urlencoded"),)
UPLOAD = ((b"Content-Type", b"multipart/form-data; boundary=x"),)


def table(request: Request, rules: Rules = Rules(), *, strict: bool = False) -> dict[str, str]:  # noqa: B008
    """Of each place: how many changes went unnoticed of how many, and why."""
    found = audit(Loaded([recorded("1", 1, request)]), rules, strict=strict)
    return {each.place: f"{each.unnoticed}/{each.changes} {', '.join(each.reasons)}" for each in found}


DEFAULT = {
    "header.accept": "2/2 not compared",
    "$.chatId": "1/2 folded: prediction $.chatId",
    "query.token": "1/2 masked",
    "$ (a new name)": "0/1 ",
    "$.history[*].id": "0/4 ",
    "$.question": "0/2 ",
    "$.streaming": "0/2 ",
    "$.uploads": "0/2 ",
    "method": "0/1 ",
    "path": "0/1 ",
    "query (a new item)": "0/1 ",
    "query.ts": "0/2 ",
}


def test_each_place_is_changed_and_the_weakest_are_first() -> None:
    assert list(table(CHAT).items()) == list(DEFAULT.items())


@pytest.mark.parametrize(
    ("rules", "strict", "otherwise"),
    [
        (Rules(), True, {"$.chatId": "0/2 "}),
        (Rules(ignore=("$.chatId",)), False, {"$.chatId": "2/2 ignored by a rule"}),
        (Rules(ignore=("query.ts",)), False, {"query.ts": "2/2 ignored by a rule"}),
        (Rules(headers=("Accept",)), False, {"header.accept": "0/2 "}),
        (Rules(values=(("$.question", ".*"),)), False, {"$.question": "1/2 ignored by a rule"}),
    ],
)
def test_rules_show_in_the_table(rules: Rules, strict: bool, otherwise: dict[str, str]) -> None:
    assert table(CHAT, rules, strict=strict) == {**DEFAULT, **otherwise}


def test_a_compared_credential_is_masked() -> None:
    request = build.request("GET", b"/a", headers=((b"Authorization", b"[redacted]"),))
    found = table(request, Rules(headers=("Authorization",)))
    assert found["header.authorization"] == "1/2 masked"


@pytest.mark.parametrize(
    ("request_", "places"),
    [
        (build.request("GET", b"/a"), {"method": 1, "path": 1, "query (a new item)": 1, "body": 1}),
        (
            build.request("POST", b"/a", b"a=1&b=2", headers=FORM),
            {
                "method": 1,
                "path": 1,
                "query (a new item)": 1,
                "form.a": 2,
                "form.b": 2,
                "form (a new item)": 1,
            },
        ),
        (
            build.request(
                "POST",
                b"/a",
                b'--x\r\nContent-Disposition: form-data; name="q"\r\n\r\nHi\r\n'
                b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\n\xff\r\n--x--\r\n',
                headers=UPLOAD,
            ),
            {"method": 1, "path": 1, "query (a new item)": 1, "part.q": 2, "part.f": 2},
        ),
        (
            build.request("POST", b"/a", b"\xff"),
            {"method": 1, "path": 1, "query (a new item)": 1, "body": 2},
        ),
        (build.request("POST", b"/a", b"1"), {"method": 1, "path": 1, "query (a new item)": 1, "$": 1}),
    ],
    ids=["no body", "a form", "multipart", "bytes", "a number"],
)
def test_whatever_the_body_is_all_changes_are_noticed(request_: Request, places: dict[str, int]) -> None:
    counts: dict[str, int] = {}
    for at, _, changed in mutations(request_):
        assert changed != request_
        counts[at] = counts.get(at, 0) + 1
    assert counts == places
    assert all(told.startswith("0/") for told in table(request_).values())
