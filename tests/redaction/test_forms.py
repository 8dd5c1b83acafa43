"""Forms: fields by name, however the body was cut."""

from __future__ import annotations

import pytest

from sseproxy.exchange import Headers
from sseproxy.redaction import Rules, UploadMasker, mask_body

FORM: Headers = ((b"Content-Type", b"application/x-www-form-urlencoded"),)
BOUNDARY = b"----WebKitFormBoundary7MA4YWxk"
MULTIPART: Headers = ((b"Content-Type", b'multipart/form-data; boundary="' + BOUNDARY + b'"'),)
RULES = Rules(names=["pin"])


def part(name: bytes, value: bytes, more: bytes = b"") -> bytes:
    return b"--%b\r\nContent-Disposition: form-data; name=%b%b\r\n\r\n%b\r\n" % (BOUNDARY, name, more, value)


END = b"--" + BOUNDARY + b"--\r\n"

URLENCODED = [
    (b"", b"", []),
    (b"a=b&c=d", b"a=b&c=d", []),
    (b"user=joe&password=hunter2&x=y", b"user=joe&password=[redact&x=y", ["body.password"]),
    (b"PASSWORD=hunter2", b"PASSWORD=[redact", ["body.PASSWORD"]),
    (b"pass%77ord=hunter2", b"pass%77ord=[redact", ["body.password"]),
    (b"pass=a%26b+c&code=1&pin=2", b"pass=[redact&code=[&pin=[", ["body.pass", "body.code", "body.pin"]),
    (b"client_secret=a=b==&x", b"client_secret=[reda&x", ["body.client_secret"]),
    (b"password=&a=b", b"password=&a=b", []),
    (b"password&a=b", b"password&a=b", []),
    (b"q=password&r=token", b"q=password&r=token", []),
]

PARTS = [
    (END, END, []),
    (part(b'"a"', b"b") + END, part(b'"a"', b"b") + END, []),
    (
        part(b'"a"', b"b") + part(b'"password"', b"hunter2") + END,
        part(b'"a"', b"b") + part(b'"password"', b"[redact") + END,
        ["body.password"],
    ),
    (part(b"apiKey", b"x\r\ny") + END, part(b"apiKey", b"[\r\nr") + END, ["body.apiKey"]),
    (
        part(b'"token"', b"0123456789--x", b'; filename="a"\r\nContent-Type: text/plain') + END,
        part(b'"token"', b"[redacted]***", b'; filename="a"\r\nContent-Type: text/plain') + END,
        ["body.token"],
    ),
    (part(b'"password"', b"") + END, part(b'"password"', b"") + END, []),
    (part(b'"password"', b"cut off")[:-2], part(b'"password"', b"[redact")[:-2], ["body.password"]),
]

CASES = [(FORM, *case) for case in URLENCODED] + [(MULTIPART, *case) for case in PARTS]


@pytest.mark.parametrize(("headers", "body", "expected", "names"), CASES)
def test_credentials_among_the_fields_are_masked(
    headers: Headers, body: bytes, expected: bytes, names: list[str]
) -> None:
    assert mask_body(headers, body, RULES) == (expected, names)
    assert mask_body(headers, expected, RULES).data == expected


@pytest.mark.parametrize(("headers", "body", "expected", "names"), CASES)
def test_they_are_however_the_body_comes(
    headers: Headers, body: bytes, expected: bytes, names: list[str]
) -> None:
    for offset in range(len(body) + 1):
        masker = UploadMasker(headers, RULES)
        first, named = masker.feed(body[:offset], final=False)
        rest, named_later = masker.feed(body[offset:], final=True)
        # Of what may be the end of a part nothing is masked: its letters are those of the boundary.
        assert first + rest == expected or _differ_in_the_boundary(first + rest, body, expected)
        assert set(named + named_later) == set(names)


def _differ_in_the_boundary(got: bytes, body: bytes, expected: bytes) -> bool:
    return all(
        g in (e, b) and (g == e or b in b"\r\n-" or b in BOUNDARY)
        for g, b, e in zip(got, body, expected, strict=True)
    )


def test_a_key_in_any_field_is_masked() -> None:
    key = b"sk-" + b"aB3" * 10
    masked = b"sk-[redacted]" + b"*" * 20
    assert mask_body(FORM, b"note=" + key, RULES).data == b"note=" + masked
    assert mask_body(MULTIPART, part(b'"f"', key) + END, RULES).data == part(b'"f"', masked) + END


UNTOLD: list[Headers] = [(), ((b"Content-Type", b""),), ((b"Content-Type", b"multipart/form-data"),)]


@pytest.mark.parametrize("headers", UNTOLD)
@pytest.mark.parametrize(
    ("body", "expected"),
    [(body, expected) for _, body, expected, _ in CASES if body]
    + [
        (each, each)
        for each in (
            b'{"a":"b&password=hunter2"}',
            b"a text with = and &password=hunter2",
            b"<a href=x&password=hunter2>",
            b"-- a dash\r\n\r\nand text",
            b"-",
            b"=",
            b"&",
            b"text",
        )
    ],
)
def test_a_body_of_no_told_type_is_a_form_where_it_begins_as_one(
    headers: Headers, body: bytes, expected: bytes
) -> None:
    assert mask_body(headers, body, RULES).data == expected
    for offset in range(len(body) + 1):
        masker = UploadMasker(headers, RULES)
        parts = [masker.feed(body[:offset], final=False).data, masker.feed(body[offset:], final=True).data]
        assert b"".join(parts) == expected or _differ_in_the_boundary(b"".join(parts), body, expected)


def test_a_part_may_be_multipart_itself() -> None:
    def nested(value: bytes, files: bytes) -> bytes:
        inner = b'Content-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
        mixed = b"\r\nContent-Type: multipart/mixed; boundary=in"
        return b"".join(
            [
                part(b'"a"', b"--in\r\n" + inner % (b"apiKey", value) + b"--in--", mixed),
                # Of these the part around them alone has a name (RFC 2388, section 4.2).
                part(b'"secret"', b"--in\r\nContent-Type: text/plain\r\n\r\n" + files + b"\r\n--in--", mixed),
                part(b'"password"', value),
                part(b'"b"', b"open"),
                END,
            ]
        )

    names = ["body.apiKey", "body.secret", "body.password"]
    body = nested(b"hunter2", b"hunter3")
    assert mask_body(MULTIPART, body, RULES) == (nested(b"[redact", b"[redact"), names)
    for offset in range(len(body)):
        masker = UploadMasker(MULTIPART, RULES)
        data = masker.feed(body[:offset], final=False).data + masker.feed(body[offset:], final=True).data
        assert b"hunter" not in data
