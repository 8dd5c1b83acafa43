"""What a rule makes of two requests: a table for each kind, and what is said of rules that are none."""

from __future__ import annotations

import tomllib

import pytest

from sseproxy.errors import SseproxyError
from sseproxy.exchange import Headers, Request
from sseproxy.matching import Rules, parse_rules
from sseproxy.matching.json_text import DEPTH_LIMIT
from tests.core import build


def asked(body: bytes = b"", target: bytes = b"/api", headers: Headers = (), method: str = "POST") -> Request:
    return build.request(method, target, body, headers=headers)


def same(rules: Rules, one: Request, other: Request) -> bool:
    return rules.parts(one) == rules.parts(other)


IGNORE = [
    ("$.id", b'{"q":1,"id":1}', b'{"q":1,"id":2}', True),
    ("$.id", b'{"q":1,"id":1}', b'{"q":1,"id":{"a":[1]}}', True),
    ("$.id", b'{"q":1,"id":1}', b'{"q":1}', True),
    ("$.id", b'{"id":1}', b"{}", True),
    ("$.id", b'{"id":1,"id":2}', b'{"id":3}', True),
    ("$.id", b'{"q":1,"id":1}', b'{"q":2,"id":1}', False),
    ("$.id", b'{"a":{"id":1}}', b'{"a":{"id":2}}', False),
    ("$.id", b'{"idea":1}', b'{"idea":2}', False),
    ("$.id", b"{}", b"", False),
    ("$.a.id", b'{"a":{"id":1}}', b'{"a":{"id":2}}', True),
    ("$['a b'][0]", b'{"a b":[1,2]}', b'{"a b":[3,2]}', True),
    ("$['a b'][0]", b'{"a b":[1,2]}', b'{"a b":[1,3]}', False),
    ("$..id", b'{"a":[{"id":1,"b":{"id":2}}]}', b'{"a":[{"id":3,"b":{"id":4}}]}', True),
    ("$..id", b'{"a":[{"id":1,"q":1}]}', b'{"a":[{"id":1,"q":2}]}', False),
    ("$.m[*].id", b'{"m":[{"id":1},{"id":2}]}', b'{"m":[{"id":3},{"id":4}]}', True),
    ("$.m[*].id", b'{"m":[{"id":1},{"id":2}]}', b'{"m":[{"id":3}]}', False),
    ("$.m[-1]", b'{"m":[1,2]}', b'{"m":[1,3]}', True),
    ("$.m[?@.role=='system'].content", b'{"m":[{"role":"system","content":"a"}]}',
     b'{"m":[{"role":"system","content":"b"}]}', True),
    ("$.m[?@.role=='system'].content", b'{"m":[{"role":"user","content":"a"}]}',
     b'{"m":[{"role":"user","content":"b"}]}', False),
    ("$", b'{"a":1}', b"[1,2]", True),
    ("body", b'{"a":1}', b"not JSON", True),
    ("body", b'{"a":1}', b"", True),
    ("$.a", b"not JSON", b"no JSON", False),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "one", "other", "expected"), IGNORE)
def test_what_is_ignored_in_a_body_makes_no_difference(
    rule: str, one: bytes, other: bytes, expected: bool
) -> None:
    assert same(Rules(ignore=(rule,)), asked(one), asked(other)) == expected
    assert not same(Rules(), asked(one), asked(other))


@pytest.mark.parametrize(
    ("rule", "one", "other", "expected"),
    [
        ("query.ts", b"/a?ts=1&x=1", b"/a?x=1&ts=2", True),
        ("query.ts", b"/a?ts=1&x=1", b"/a?x=1", True),
        ("query.ts", b"/a?ts=1&x=1", b"/a?ts=1&x=2", False),
        ("query.ts", b"/a?ts2=1", b"/a?ts2=2", False),
        ("query.", b"/a?", b"/a?=1", True),
        ("query.", b"/a?", b"/a?x", False),
        ("path", b"/a/1", b"/a/2", True),
        ("path", b"/a/1?x", b"/a/2?y", False),
    ],
)
def test_what_is_ignored_in_a_target(rule: str, one: bytes, other: bytes, expected: bool) -> None:
    assert same(Rules(ignore=(rule,)), asked(target=one), asked(target=other)) == expected


def test_fields_of_forms_are_ignored_by_name() -> None:
    form = ((b"Content-Type", b"application/x-www-form-urlencoded"),)
    rules = Rules(ignore=("form.token",))
    assert same(rules, asked(b"a=1&token=2", headers=form), asked(b"token=3&a=1", headers=form))
    assert not same(rules, asked(b"a=1&token=2", headers=form), asked(b"a=2&token=2", headers=form))


def test_parts_of_multipart_bodies_are_ignored_by_name() -> None:
    def body(chat: bytes, question: bytes) -> Request:
        told = b'--x\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
        both = told % (b"chat", chat) + told % (b"chatter", question)
        headers = ((b"Content-Type", b"multipart/form-data; boundary=x"),)
        return asked(both + b"--x--", headers=headers)

    rules = Rules(ignore=("part.chat",))
    assert same(rules, body(b"1", b"Hi"), body(b"2", b"Hi"))
    assert not same(rules, body(b"1", b"Hi"), body(b"1", b"Ho"))


@pytest.mark.parametrize(
    ("rule", "one", "other", "expected"),
    [
        ("$.question", b'{"question":"a","x":1}', b'{"question":"a","y":[2]}', True),
        ("$.question", b'{"question":"a"}', b'{"question":"b"}', False),
        ("$.m[*].content", b'{"m":[{"id":1,"content":"a"}]}', b'{"m":[{"id":2,"content":"a"}]}', True),
        ("$.m[*].content", b'{"m":[{"content":"a"}]}', b'{"m":[{"content":"a"},{"content":"b"}]}', False),
        ("$.question", b"not JSON", b"no JSON", False),
    ],
)
def test_what_alone_is_compared_of_a_body(rule: str, one: bytes, other: bytes, expected: bool) -> None:
    assert same(Rules(compare=(rule,)), asked(one), asked(other)) == expected


def test_comparing_less_of_a_body_leaves_the_target_alone() -> None:
    rules = Rules(compare=("$.question",))
    assert not same(rules, asked(b"{}", b"/a"), asked(b"{}", b"/b"))
    assert not same(rules, asked(b"{}", b"/a?x=1"), asked(b"{}", b"/a?x=2"))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ([(b"X-Tenant", b"a")], [(b"x-tenant", b"a")], True),
        ([(b"X-Tenant", b"a")], [(b"X-Tenant", b"b")], False),
        ([(b"X-Tenant", b"a")], [], False),
        ([(b"Accept", b"a")], [(b"Accept", b"b")], True),
        ([(b"X-Tenant", b"a"), (b"X-Tenant", b"b")], [(b"X-Tenant", b"a, b")], True),
    ],
)
def test_a_header_counts_where_a_rule_names_it(
    one: list[tuple[bytes, bytes]], other: list[tuple[bytes, bytes]], expected: bool
) -> None:
    rules = Rules(headers=("X-TENANT",))
    assert same(rules, asked(headers=tuple(one)), asked(headers=tuple(other))) == expected


DATE = r"\d{4}-\d\d-\d\d"


@pytest.mark.parametrize(
    ("place", "expression", "one", "other", "expected"),
    [
        ("$.q", DATE, b'{"q":"on 2026-01-01, why?"}', b'{"q":"on 2027-12-31, why?"}', True),
        ("$.q", DATE, b'{"q":"on 2026-01-01, why?"}', b'{"q":"on 2026-01-01, how?"}', False),
        ("$.q", DATE, b'{"q":"2026-01-01"}', b'{"q":"2026-01-01 2026-01-01"}', False),
        ("$.q", DATE, b'{"q":"2026-01-01"}', b'{"q":""}', False),
        ("$.q", DATE, b'{"q":"today"}', b'{"q":"today"}', True),
        ("$.q", DATE, b'{"r":"2026-01-01"}', b'{"r":"2027-01-01"}', False),
        ("$.q", ".+", b'{"q":"a"}', b'{"q":"b"}', True),
        ("$.q", ".+", b'{"q":"1"}', b'{"q":1}', False),
        ("$.q", ".*", b'{"q":{}}', b'{"q":[]}', False),
        ("$..q", "[0-9]+", b'{"a":[{"q":1}]}', b'{"a":[{"q":23}]}', True),
        ("body", "id [0-9]+", b"id 1: Hi", b"id 2: Hi", True),
        ("body", "id [0-9]+", b"id 1: Hi", b"id 1: Ho", False),
    ],
)
def test_what_an_expression_finds_in_a_value_equals_anything_else_it_finds(
    place: str, expression: str, one: bytes, other: bytes, expected: bool
) -> None:
    assert same(Rules(values=((place, expression),)), asked(one), asked(other)) == expected


def test_expressions_hold_for_paths_queries_and_headers_too() -> None:
    in_path = Rules(values=(("path", "(?<=/flows/)[^/]+"),))
    assert same(in_path, asked(target=b"/flows/1/run"), asked(target=b"/flows/2/run"))
    assert not same(in_path, asked(target=b"/flows/1/run"), asked(target=b"/flows/2/stop"))
    in_query = Rules(values=(("query.at", "[0-9]+"),))
    assert same(in_query, asked(target=b"/?at=1s"), asked(target=b"/?at=2s"))
    assert not same(in_query, asked(target=b"/?at=1s"), asked(target=b"/?at=1m"))
    in_header = Rules(headers=("X-Run",), values=(("header.x-run", "[0-9]+"),))
    assert same(in_header, asked(headers=((b"X-Run", b"r1"),)), asked(headers=((b"X-Run", b"r2"),)))
    assert not same(in_header, asked(headers=((b"X-Run", b"r1"),)), asked(headers=((b"X-Run", b"s1"),)))


ROUTES = Rules(
    ignore=("$.id",),
    routes=(("POST /chat/*", Rules(ignore=("$.ts",))), ("/chat/*", Rules(headers=("X-A",)))),
)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (asked(b'{"id":1,"ts":1}', b"/chat/a"), asked(b'{"id":2,"ts":2}', b"/chat/a"), True),
        (asked(b'{"id":1,"ts":1}', b"/other"), asked(b'{"id":2,"ts":1}', b"/other"), True),
        (asked(b'{"ts":1}', b"/other"), asked(b'{"ts":2}', b"/other"), False),
        (asked(b'{"ts":1}', b"/chat/a", method="PUT"), asked(b'{"ts":2}', b"/chat/a", method="PUT"), False),
        (asked(b"{}", b"/chat/a", ((b"X-A", b"1"),)), asked(b"{}", b"/chat/a", ((b"X-A", b"2"),)), False),
        (asked(b"{}", b"/other", ((b"X-A", b"1"),)), asked(b"{}", b"/other", ((b"X-A", b"2"),)), True),
    ],
)
def test_the_rules_of_a_route_hold_there_in_addition(one: Request, other: Request, expected: bool) -> None:
    assert same(ROUTES, one, other) == expected


def test_rules_add_up() -> None:
    both = Rules(ignore=("$.a",)) + Rules(ignore=("query.b",), headers=("X",))
    assert both == Rules(ignore=("$.a", "query.b"), headers=("X",))


@pytest.mark.parametrize("rule", ["$..id", "$" + ".a" * (DEPTH_LIMIT - 1) + ".id"])
def test_a_rule_reaches_as_deep_as_a_body_is_looked_into(rule: str) -> None:
    deep = b'{"a":' * (DEPTH_LIMIT - 1) + b'{"id":%d}' + b"}" * (DEPTH_LIMIT - 1)
    assert same(Rules(ignore=(rule,)), asked(deep % 1), asked(deep % 2))
    deeper = b"[" + deep + b"]"
    assert not same(Rules(ignore=("$..id",)), asked(deeper % 1), asked(deeper % 2))


CONFIGURATION = """
ignore = ["$.chatId", "query.ts"]
headers = "X-Tenant"
[values]
"$.question" = '\\d+'
[[route]]
for = "POST /v1/*"
compare = "$.messages"
"""


def test_rules_are_read_from_a_table() -> None:
    assert parse_rules(tomllib.loads(CONFIGURATION), "x.toml: [match]") == Rules(
        ignore=("$.chatId", "query.ts"),
        headers=("X-Tenant",),
        values=(("$.question", r"\d+"),),
        routes=(("POST /v1/*", Rules(compare=("$.messages",))),),
    )


NO_RULES = {
    "ignore = ['$.a[']": "ignore: '$.a[' is no JSONPath (RFC 9535): ",
    "ignore = ['chatId']": "ignore: 'chatId' names no part of a request: it should be a JSONPath such as ",
    "ignore = 1": "'ignore' should be a string or a list of them",
    "ignore = [1]": "'ignore' should be a string or a list of them",
    "compare = ['query.a']": "compare: 'query.a' can't be compared alone: it should be a JSONPath",
    "headers = ['X Tenant']": "headers: 'X Tenant' is no name of a header",
    "values = 'x'": "'values' should be a table of places and regular expressions",
    "values = {'$.a' = 1}": "'values' should be a table of places and regular expressions",
    "values = {'$.a' = '('}": "values: $.a: '(' is no regular expression: ",
    "ignored = []": "no rule is called 'ignored'; there are ignore, compare, headers, values",
    "route = 'x'": "'route' should be tables: [[match.route]]",
    "route = ['x']": "route 1: should be a table",
    "[[route]]\nignore = '$.a'": "route 1: 'for' is missing: the requests it holds for",
    "[[route]]\nfor = 'POST'": "route 1: 'POST' should be a path pattern",
    "[[route]]\nfor = '/'\nignore = 'a'": "route 1: ignore: 'a' names no part of a request",
    "[[route]]\nfor = '/'\nroute = []": "route 1: no rule is called 'route'",
}


@pytest.mark.parametrize(("text", "said"), NO_RULES.items())
def test_what_is_no_rule_is_said_with_its_key(text: str, said: str) -> None:
    with pytest.raises(SseproxyError) as caught:
        parse_rules(tomllib.loads(text), "x.toml: [match]")
    assert str(caught.value).startswith(f"x.toml: [match]: {said}")
    assert "\n" not in str(caught.value)


def test_rules_that_are_no_table_are_said() -> None:
    with pytest.raises(SseproxyError, match=r"x.toml: \[match\]: should be a table"):
        parse_rules(1, "x.toml: [match]")
