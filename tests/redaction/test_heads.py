"""What is masked before it is written, and what is left alone: tables of names met in the wild."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sseproxy.exchange import Headers
from sseproxy.redaction import (
    MASK,
    mask_head,
    mask_headers,
    mask_response,
    mask_target,
    mask_url,
)
from tests.core import build


def words(text: str) -> list[str]:
    return text.split()


CREDENTIAL_HEADERS = words("""
Authorization authorization AUTHORIZATION Proxy-Authorization X-Forwarded-Authorization
Cookie Set-Cookie cookie set-cookie2 Cookie2
X-Api-Key x-api-key X-API-KEY api-key API-Key Api_Key ApiKey apikey X-ApiKey x-goog-api-key OpenAI-Api-Key
Ocp-Apim-Subscription-Key Subscription-Key x-functions-key X-Access-Key X-Auth-Key X-Secret-Key
Token X-Token X-Auth-Token X-CSRF-Token X-Xsrf-Token X-Access-Token X-Refresh-Token X-Vault-Token
Private-Token
X-Amz-Security-Token x-amz-signature X-Amz-Credential X-Hub-Signature X-Hub-Signature-256 Signature
X-Auth X-Secret Client-Secret X-Client-Secret X-Password X-Passwd X-Pwd X-Jwt X-JWT-Assertion Bearer
X-REFRESHTOKEN RefreshToken X-SECRETKEY SecretAccessKey X-Signing-Key X-SigningKey X-Encryption-Key
X-EncryptionKey Api-Keys X-ApiKeys Secrets X-Passcode X-OTP Otp X-IdToken
X-Key X-Sid Sid X-Session X-Pass X-My-Auth X-Client-Auth X-My-Service-Token X-My-Service-Secret x_key
X-Appwrite-Key X-Master-Key X-Client-Key X-Shared-Key X-App-Key X-Parse-Master-Key DD-Application-Key
X-Session-Id Session-Id Mcp-Session-Id X-Credentials xAccessToken
""")

OTHER_HEADERS = words("""
Host Accept Accept-Encoding Accept-Language User-Agent Referer Origin Connection Date Server Vary ETag Via
Content-Type Content-Length Content-Encoding Transfer-Encoding Cache-Control Last-Event-ID Retry-After
WWW-Authenticate Proxy-Authenticate Idempotency-Key Sec-WebSocket-Key Keep-Alive Surrogate-Key
X-Request-Id X-Correlation-ID Request-Id traceparent tracestate OpenAI-Organization OpenAI-Version
OpenAI-Project anthropic-version anthropic-beta anthropic-ratelimit-tokens-remaining x-ratelimit-limit-tokens
X-RateLimit-Remaining X-Max-Tokens X-Tokens-Used X-Author Author X-Authority Tokenizer X-Tokenizer
X-Request-Token-Count X-Token-Limit Public-Key-Pins X-Keys X-Passcodes-Used X-Hotp X-Option
X-Cache-Key X-Surrogate-Key X-Idempotency-Key X-Public-Key X-Partition-Key X-Sidebar X-Inside X-Passage
X-Next-Page-Token X-Continuation-Token Continuation-Token X-Auth-Request-Id X-Session-Length
X-Monkey X-Keyboard Secretary Cookies-Policy-Version Design Assignment
""")


@pytest.mark.parametrize("name", CREDENTIAL_HEADERS)
def test_a_credential_is_masked(name: str) -> None:
    masked, named = mask_headers(((b"A", b"b"), (name.encode(), b"secret"), (b"C", b"d")))
    assert masked == ((b"A", b"b"), (name.encode(), MASK), (b"C", b"d"))
    assert named == [f"headers.{name.lower()}"]


@pytest.mark.parametrize("name", OTHER_HEADERS)
def test_anything_else_is_left_alone(name: str) -> None:
    headers = ((name.encode(), b"value"),)
    assert mask_headers(headers) == (headers, [])


def test_all_of_a_name_are_masked_and_each_is_named() -> None:
    headers = ((b"Set-Cookie", b"a=b"), (b"X", b"y"), (b"set-cookie", b"c=d"), (b"X-Token", b"e"))
    masked, named = mask_headers(headers)
    assert masked == ((b"Set-Cookie", MASK), (b"X", b"y"), (b"set-cookie", MASK), (b"X-Token", MASK))
    assert named == ["headers.set-cookie", "headers.set-cookie", "headers.x-token"]


def test_there_is_nothing_to_mask_in_an_empty_value() -> None:
    headers = ((b"Authorization", b""),)
    assert mask_headers(headers) == (headers, [])


def test_each_url_of_a_link_is_masked_up_to_its_end() -> None:
    link = b'<https://x/?api_key=k>; rel="next", </?page=2&sig=s>; rel=last'
    masked, named = mask_headers(((b"Link", link),))
    assert masked == (
        (b"Link", b'<https://x/?api_key=[redacted]>; rel="next", </?page=2&sig=[redacted]>; rel=last'),
    )
    assert named == ["headers.link: target.api_key", "headers.link: target.sig"]
    assert mask_headers(masked) == (masked, [])


def test_a_name_that_is_no_utf8_can_be_named_all_the_same() -> None:
    masked, named = mask_headers(((b"X-\xff-Token", b"a"),))
    assert masked == ((b"X-\xff-Token", MASK),)
    assert named == ["headers.x-\xff-token"]


@pytest.mark.parametrize(
    ("target", "masked", "named"),
    [
        (b"/a?token=x", b"/a?token=[redacted]", ["target.token"]),
        (b"/a?b=1&api_key=x&c=2", b"/a?b=1&api_key=[redacted]&c=2", ["target.api_key"]),
        (b"/a?key=x", b"/a?key=[redacted]", ["target.key"]),
        (b"/a?KEY=x", b"/a?KEY=[redacted]", ["target.KEY"]),
        (b"/a?auth=x&code=y", b"/a?auth=[redacted]&code=[redacted]", ["target.auth", "target.code"]),
        (b"?access_token=x", b"?access_token=[redacted]", ["target.access_token"]),
        (b"/a?accessToken=x", b"/a?accessToken=[redacted]", ["target.accessToken"]),
        (b"/a?client_secret=x", b"/a?client_secret=[redacted]", ["target.client_secret"]),
        (
            b"/a?refreshtoken=x&SECRETKEY=y",
            b"/a?refreshtoken=[redacted]&SECRETKEY=[redacted]",
            ["target.refreshtoken", "target.SECRETKEY"],
        ),
        (b"/a?otp=1&api_keys=x", b"/a?otp=[redacted]&api_keys=[redacted]", ["target.otp", "target.api_keys"]),
        (b"https://h/cb#access_token=x", b"https://h/cb#access_token=[redacted]", ["target.access_token"]),
        (b"/cb#a=b&token=x&c=d", b"/cb#a=b&token=[redacted]&c=d", ["target.token"]),
        (b"/cb?a=b#token=x&c=d", b"/cb?a=b#token=[redacted]&c=d", ["target.token"]),
        (b"/cb?a#key=x", b"/cb?a#key=[redacted]", ["target.key"]),
        (b"/cb?token=x#y", b"/cb?token=[redacted]#y", ["target.token"]),
        (
            b"/cb?code=x#access_token=y",
            b"/cb?code=[redacted]#access_token=[redacted]",
            ["target.code", "target.access_token"],
        ),
        (b"https://u:p@h/a", b"https://[redacted]@h/a", ["target.userinfo"]),
        (b"/cb#token=x#y", b"/cb#token=[redacted]", ["target.token"]),
        (
            b"/a?u=postgres%3A%2F%2Fbob%3Apw%40db",
            b"/a?u=postgres%3A%2F%2Fbob%3A[redacted]%40db",
            ["target: url-password"],
        ),
        (
            b"/a?u=amqp%3a%2f%2fb%3ap%2540w%40h%2fv",
            b"/a?u=amqp%3a%2f%2fb%3a[redacted]%40h%2fv",
            ["target: url-password"],
        ),
        (
            b"/a?h=Authorization%3A%20Basic%20dXNlcjpwYXNz",
            b"/a?h=Authorization%3A%20Basic%20[redacted]",
            ["target: authorization"],
        ),
        (
            b"/a?h=Authorization%3A+Basic+dXNlcjpwYXNz",
            b"/a?h=Authorization%3A+Basic+[redacted]",
            ["target: authorization"],
        ),
        (b"/a?sig=x&se=1", b"/a?sig=[redacted]&se=1", ["target.sig"]),
        (b"/a?X-Amz-Signature=x", b"/a?X-Amz-Signature=[redacted]", ["target.X-Amz-Signature"]),
        (b"/a?password=x%26y+z", b"/a?password=[redacted]", ["target.password"]),
        (b"/a?token=x=y==", b"/a?token=[redacted]", ["target.token"]),
        (b"/a?token=x&token=y", b"/a?token=[redacted]&token=[redacted]", ["target.token", "target.token"]),
        (b"/a?to%6ben=x", b"/a?to%6ben=[redacted]", ["target.token"]),
        (b"/a?api%5Fkey=x", b"/a?api%5Fkey=[redacted]", ["target.api_key"]),
        (b"/a?%ff-token=x", b"/a?%ff-token=[redacted]", ["target.\ufffd-token"]),
        (b"/a?user[password]=x", b"/a?user[password]=[redacted]", ["target.user[password]"]),
        (b"/a??token=x", b"/a??token=[redacted]", ["target.?token"]),
    ],
)
def test_credentials_in_the_query_are_masked(target: bytes, masked: bytes, named: list[str]) -> None:
    assert mask_target(target) == (masked, named)


@pytest.mark.parametrize(
    "target",
    [
        b"",
        b"/",
        b"*",
        b"/token=x",
        b"/a/token/b",
        b"/a?",
        b"/a?&&",
        b"/a?token",
        b"/a?token=",
        b"/a?=token",
        b"/a?q=token&x=%74oken",
        b"/a?max_tokens=5",
        b"/a?keyword=x&monkey=y&author=z&encode=1&zipcode=2",
        b"/a#b",
        b"https://[redacted]@h/a",
        b"/a?b#c=d#e&f=g#",
        b"/a?" + b"b=#" * 2000,
        b"/a?u=https%3A%2F%2Fexample.com%3A8080%2Fa%40b",
        b"/a?u=https%3A%2F%2Fexample.com%3A8080&v=a%40b",
        b"/a?chatId=1&sessionName=2",
        b"/a?pageToken=CAUQAA9&page_token=x&next_page_token=y&continuationToken=z&nextToken=1&syncToken=2",
        b"/chart?xKey=month&sort_key=a&inside=1&passage=2",
        b"/%2e%2e/%zz?a=%zz&b=+%20&c=\xff&&d",
    ],
)
def test_all_else_of_a_target_stays_as_it_was(target: bytes) -> None:
    assert mask_target(target) == (target, [])


@settings(deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from([b"?", b"&", b"=", b"#", b"token", b"key", b"a", b"%74", MASK, b"/"])).map(
        b"".join
    )
)
def test_to_mask_twice_is_to_mask_once(target: bytes) -> None:
    # Or a request would not match the recording it became.
    once, _ = mask_target(target)
    assert mask_target(once)[0] == once


def test_of_a_request_target_and_headers_are_masked_and_the_rest_is_kept() -> None:
    headers: Headers = ((b"Authorization", b"Bearer t"), (b"X", b"y"))
    request = build.request("PUT", b"/a?key=x", b"body", headers=headers)
    masked, named = mask_head(request)
    assert masked == build.request(
        "PUT", b"/a?key=[redacted]", b"body", headers=((b"Authorization", MASK), (b"X", b"y"))
    )
    assert named == ["target.key", "headers.authorization"]


def test_of_a_response_the_headers_are() -> None:
    head = build.response(((b"Set-Cookie", b"a=b"), (b"X", b"y")), t=5, status=404, reason=b"No")
    masked, named = mask_response(head)
    assert masked == build.response(((b"Set-Cookie", MASK), (b"X", b"y")), t=5, status=404, reason=b"No")
    assert named == ["headers.set-cookie"]


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("http://localhost:3000", "http://localhost:3000"),
        ("https://user:pw@host/a", "https://[redacted]@host/a"),
        ("http://user@host:1", "http://[redacted]@host:1"),
        ("http://a:b@c@host/", "http://[redacted]@host/"),
        ("http://host/a@b", "http://host/a@b"),
        ("http://host?a@b", "http://host?a@b"),
        ("http://host#a@b", "http://host#a@b"),
        ("http://u:p@host/?next=http://v:q@other", "http://[redacted]@host/?next=http://[redacted]@other"),
    ],
)
def test_of_a_url_the_userinfo_is_masked(url: str, masked: str) -> None:
    assert mask_url(url) == masked


def test_names_that_a_client_makes_up_are_not_held() -> None:
    tracemalloc.start()
    try:
        for number in range(500):
            mask_headers(((b"x" * 20_000 + b"%d" % number, b"1"),))
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 1_000_000
