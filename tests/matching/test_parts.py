"""What of two requests that are not JSON is the same: queries, forms, multipart bodies, headers."""

from __future__ import annotations

import pytest

from sseproxy.exchange import Headers, Request
from sseproxy.matching import Rules
from sseproxy.matching.parts import parts_of
from tests.core import build

FORM: Headers = ((b"Content-Type", b"application/x-www-form-urlencoded"),)


def multipart(boundary: bytes) -> Headers:
    return ((b"Content-Type", b"multipart/form-data; boundary=" + boundary),)


def uploaded(boundary: bytes, *parts: tuple[bytes, bytes]) -> Request:
    """A body of these parts, each with its header fields and its content."""
    told = [b"--" + boundary + b"\r\n" + head + b"\r\n\r\n" + content + b"\r\n" for head, content in parts]
    return build.request(body=b"".join(told) + b"--" + boundary + b"--\r\n", headers=multipart(boundary))


NAME = b'Content-Disposition: form-data; name="question"'
FILE = b'Content-Disposition: form-data; name="files"; filename="a.bin"\r\nContent-Type: image/png'


def same(one: Request, other: Request) -> bool:
    return Rules().parts(one) == Rules().parts(other)


SAME_QUERY = [
    (b"/a?x=1&y=2", b"/a?y=2&x=1"),
    (b"/a?x=1&x=2", b"/a?x=2&x=1"),
    (b"/a?x=%7E", b"/a?x=~"),
    (b"/a?x=%c3%a9", b"/a?x=%C3%A9"),
    (b"/a?%78=1", b"/a?x=1"),
    (b"/a", b"http://host:1/a"),
    (b"/a?x", b"HTTP://host/a?x"),
]
OTHER_QUERY = [
    (b"/a?x=1", b"/a?x=2"),
    (b"/a?x=1", b"/a?X=1"),
    (b"/a?x=1", b"/a?x=1&x=1"),
    (b"/a?x=1&y=2", b"/a?x=2&y=1"),
    (b"/a?x=1", b"/a"),
    (b"/a?", b"/a"),
    (b"/a?x", b"/a?x="),
    (b"/a?x=%2B", b"/a?x=+"),
    (b"/a?x=%20", b"/a?x=+"),
    (b"/a?x=%26y=1", b"/a?x=&y=1"),
    (b"/a?x=a%26b", b"/a?x=a&x=b"),
    (b"/a?x=\xff", b"/a?x=\xfe"),
    (b"/a\xff", b"/a\\xff"),
    (b"/a", b"/%61"),
    (b"/a?x=1#y", b"/a?x=1"),
]


@pytest.mark.parametrize(("one", "other"), SAME_QUERY)
def test_these_targets_are_the_same(one: bytes, other: bytes) -> None:
    assert same(build.request(target=one), build.request(target=other))


@pytest.mark.parametrize(("one", "other"), OTHER_QUERY)
def test_these_targets_are_not(one: bytes, other: bytes) -> None:
    assert not same(build.request(target=one), build.request(target=other))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (b"a=1&b=2", b"b=2&a=1", True),
        (b"a=1&b=2", b"a=1&b=3", False),
        (b"a=1", b"a=1&b=", False),
        (b"q=caf%C3%A9", b"q=caf%c3%a9", True),
    ],
)
def test_a_form_is_compared_by_its_fields(one: bytes, other: bytes, expected: bool) -> None:
    assert same(build.request(body=one, headers=FORM), build.request(body=other, headers=FORM)) == expected
    # Where nothing says that it is one, its bytes are compared.
    assert same(build.request(body=one), build.request(body=other)) == (one == other)


def test_the_boundary_of_a_multipart_body_does_not_count() -> None:
    one = uploaded(b"----WebKitFormBoundaryA1", (NAME, b"Hi"), (FILE, b"\x89PNG\r\n\r\n--x"))
    other = uploaded(b"x9", (NAME, b"Hi"), (FILE, b"\x89PNG\r\n\r\n--x"))
    assert one.body != other.body
    assert same(one, other)
    quoted = build.request(body=other.body, headers=multipart(b'"x9"'))
    assert same(one, quoted)


@pytest.mark.parametrize(
    "parts",
    [
        [(NAME, b"Ho"), (FILE, b"png")],
        [(NAME, b"Hi"), (FILE, b"pnG")],
        [(NAME, b"Hi")],
        [(FILE, b"png"), (NAME, b"Hi"), (NAME, b"Hi")],
        [(NAME.replace(b"question", b"answer"), b"Hi"), (FILE, b"png")],
        [(NAME, b"Hi"), (FILE.replace(b"a.bin", b"b.bin"), b"png")],
        [(NAME, b"Hi"), (FILE.replace(b"png", b"jpg"), b"png")],
        [(NAME, b"Hi\r\n"), (FILE, b"png")],
    ],
)
def test_each_part_of_a_multipart_body_counts(parts: list[tuple[bytes, bytes]]) -> None:
    assert not same(uploaded(b"x", (NAME, b"Hi"), (FILE, b"png")), uploaded(b"x", *parts))


def test_parts_of_one_name_keep_their_order_and_others_need_not() -> None:
    other = NAME.replace(b"question", b"answer")
    assert same(uploaded(b"x", (NAME, b"1"), (other, b"2")), uploaded(b"x", (other, b"2"), (NAME, b"1")))
    assert not same(uploaded(b"x", (NAME, b"1"), (NAME, b"2")), uploaded(b"x", (NAME, b"2"), (NAME, b"1")))


@pytest.mark.parametrize("body", [b"--x\r\n\r\nno end", b"no boundary", b"--x--", b"--y\r\n\r\n\r\n--y--"])
def test_a_body_that_is_not_as_its_head_says_is_compared_by_its_bytes(body: bytes) -> None:
    request = build.request(body=body, headers=multipart(b"x"))
    assert "body" in parts_of(request)
    assert not same(request, build.request(body=body + b" ", headers=multipart(b"x")))


@pytest.mark.parametrize("size", [4_000, 5_000, 100_000])
def test_bodies_of_any_length_and_kind_are_told_apart(size: int) -> None:
    for byte in (b"a", b"\xff", b"\0"):
        body = byte * size
        assert same(build.request(body=body), build.request(body=body))
        assert not same(build.request(body=body), build.request(body=body + byte))
        assert not same(build.request(body=body), build.request(body=body[:-1] + b"!"))


def test_headers_count_where_they_are_named() -> None:
    one = build.request(headers=((b"X-Tenant", b"a"), (b"Accept", b"x")))
    assert "header.x-tenant" not in parts_of(one)
    assert parts_of(one, ["x-tenant", "x-other"])["header.x-tenant"] == "a"
    twice = build.request(headers=((b"x-tenant", b"a "), (b"X-TENANT", b"b")))
    assert parts_of(twice, ["x-tenant"])["header.x-tenant"] == "a, b"
