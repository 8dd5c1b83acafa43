"""A request equal up to what is ignored always matches; any other change never does."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sseproxy.exchange import Request
from sseproxy.matching import Answers, Loaded, Rules
from sseproxy.matching.differences import Unhelpful
from sseproxy.matching.telling import lines
from tests.core import build
from tests.matching.support import pasted, recorded

FORM = b"application/x-www-form-urlencoded"

thorough = settings(max_examples=100, deadline=None, derandomize=True)

RULES = Rules(
    ignore=("$.chatId", "$.meta.trace", "$.m[*].id", "query.ts"),
    headers=("X-Tenant",),
    values=(("$.q", "[0-9]+"),),
)

words = st.text("abc é\"'\\[.$#0", max_size=6)
plain = st.text("ab ", min_size=1, max_size=4)  # no digits: an expression finds these
leaves = st.none() | st.booleans() | st.integers(-100, 100) | words
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3)
)
names = words.filter(lambda name: name not in ("chatId", "meta", "m", "q"))

documents = st.fixed_dictionaries(
    {
        "q": st.tuples(plain, st.integers(0, 999), plain).map(lambda each: f"{each[0]}{each[1]}{each[2]}"),
        "chatId": values,
        "meta": st.fixed_dictionaries({"trace": values, "kept": values}),
        "m": st.lists(st.fixed_dictionaries({"id": values, "content": words}), max_size=3),
    }
).flatmap(lambda fixed: st.dictionaries(names, values, max_size=3).map(lambda more: {**more, **fixed}))


def asked(document: Any, ts: int = 0, x: str = "1", tenant: bytes = b"a", other: bytes = b"") -> Request:
    return build.request(
        "POST",
        f"/api?ts={ts}&x={x}".encode(),
        json.dumps(document).encode(),
        headers=((b"X-Tenant", tenant), (b"X-Other", other)),
    )


def answers(recording: Request, request: Request) -> bool:
    library = Loaded([recorded("1", 1, recording)])
    return Answers(library, RULES).answer(request) is not None


def shuffled(value: Any, source: random.Random) -> Any:
    """The same document, its names in another order."""
    if isinstance(value, dict):
        items = [(name, shuffled(each, source)) for name, each in value.items()]
        source.shuffle(items)
        return dict(items)
    return [shuffled(each, source) for each in value] if isinstance(value, list) else value


@thorough
@given(documents, documents, st.integers(), st.integers(0, 9), st.binary(max_size=3))
def test_a_request_equal_up_to_what_is_ignored_matches(
    document: Any, other: Any, seed: int, number: int, header: bytes
) -> None:
    changed = shuffled(document, random.Random(seed))
    changed["chatId"] = other["chatId"]
    changed["meta"]["trace"] = other["meta"]["trace"]
    for message in changed["m"]:
        message["id"] = other["q"]
    before = changed["q"].rstrip("ab ").rstrip("0123456789")
    changed["q"] = f"{before}{number}" + changed["q"][len(changed["q"].rstrip("ab ")) :]
    assert answers(asked(document), asked(changed, ts=number, other=header))
    assert answers(asked(changed, ts=number, other=header), asked(document))


def leaves_of(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [path for step, each in steps for path in leaves_of(each, (*at, step))]
    return found or [at]


def ignored(path: tuple[Any, ...]) -> bool:
    return (
        path[:1] in (("chatId",), ("q",))
        or path[:2] == ("meta", "trace")
        or (path[:1] == ("m",) and len(path) > 2 and path[2] == "id")
    )


def put(value: Any, path: tuple[Any, ...], leaf: Any) -> Any:
    if not path:
        return leaf
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = put(value[path[0]], path[1:], leaf)
    return copy


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def differ(one: Any, other: Any) -> bool:
    return (type(one), one) != (type(other), other)


def lookalikes(value: Any) -> list[Any]:
    """Values of other types that are easily taken for it."""
    found: list[Any] = [str(value), json.dumps(value), [value], None, "", [], {}, False, 0]
    return [*found, int(value)] if isinstance(value, bool) else [*found, bool(value)]


@thorough
@given(st.data(), documents)
def test_any_other_change_of_the_body_never_matches(data: st.DataObject, document: Any) -> None:
    path = data.draw(st.sampled_from([path for path in leaves_of(document) if not ignored(path)] or [()]))
    assume(path)
    leaf = data.draw(leaves | st.sampled_from(lookalikes(at(document, path))))
    assume(differ(at(document, path), leaf))
    assert not answers(asked(document), asked(put(document, path, leaf)))
    assert not answers(asked(put(document, path, leaf)), asked(document))


@thorough
@given(documents, names, values)
def test_nor_does_a_name_more(document: Any, name: str, value: Any) -> None:
    assume(name not in document)
    assert not answers(asked(document), asked({**document, name: value}))
    assert not answers(asked({**document, name: value}), asked(document))


@thorough
@given(documents, st.text("ab", min_size=1, max_size=3))
def test_nor_what_is_different_beside_the_body(document: Any, text: str) -> None:
    request = asked(document)
    for changed in (
        replace(request, method="PUT"),
        replace(request, target=b"/" + text.encode() + request.target),
        replace(request, target=request.target + b"&" + text.encode()),
        asked(document, x=f"1{text}"),
        asked(document, tenant=b"a" + text.encode()),
        replace(request, headers=()),
    ):
        assert not answers(request, changed)
        assert not answers(changed, request)


@thorough
@given(documents, plain, plain)
def test_nor_what_stands_around_what_an_expression_finds(document: Any, one: str, other: str) -> None:
    assume(one != other)
    assert not answers(asked({**document, "q": f"{one}7"}), asked({**document, "q": f"{other}7"}))


odd = st.text("ab'\"\\[].$#*\n\u0001\ud800é ", max_size=3)
odd_values = st.recursive(
    leaves | odd, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd, inner, max_size=3)
)
targets = st.text("ab/?&=%+#.", max_size=8).map(lambda rest: f"/{rest}".encode())


@thorough
@given(targets, targets, odd_values, odd_values, st.sampled_from([b"", b"a=1&a=2", b"=&"]))
def test_the_rule_that_a_miss_tells_makes_the_request_match(
    target: bytes, other_target: bytes, document: Any, other: Any, raw: bytes
) -> None:
    library = Loaded([recorded("1", 1, build.request("POST", target, json.dumps(document).encode()))])
    for body in (json.dumps(other).encode(), raw):
        request = build.request("POST", other_target, body, headers=((b"Content-Type", FORM),))
        answers = Answers(library)
        if answers.answer(request):
            continue
        miss = answers.explain(request)
        (near,) = miss.nearest
        if isinstance(near.rule, Unhelpful):
            assert "path" in [each.place for each in near.differences]
            continue
        assert Answers(library, pasted("", *lines(miss))).answer(request) is not None
