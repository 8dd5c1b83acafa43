"""Members of JSON documents by name: which, in which spelling, and how much of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus, unquote_plus

import pytest

from sseproxy.redaction import Rules
from sseproxy.redaction.names import MEMBER_ANCHORS, is_credential_member, is_token_member
from sseproxy.redaction.scanner import Scanner
from sseproxy.redaction.shapes import SHAPES

RULES = Rules()


def scan(data: bytes, rules: Rules = RULES) -> tuple[bytes, list[str]]:
    result = Scanner(rules.plain).feed(data, final=True)
    return result.data, [mark.name for mark in result.marks]


def words(text: str) -> list[str]:
    return text.split()


CREDENTIALS = words("""
password Password PASSWORD passWord pAsSwOrD passwd pwd userPassword user_password user[password] password2
password_confirmation newPassword oldPassword passphrase secret clientSecret client_secret SECRET
api_key apiKey APIKEY api-key ApiKey openai_api_key openaiApiKey OPENAI_API_KEY x-api-key
aws_secret_access_key secretAccessKey accessKey access_key private_key privateKey subscription-key
access_token accessToken refresh_token id_token auth_token session_token bearerToken csrfToken apiToken
authorization Authorization AUTHORIZATION proxy-authorization cookie Set-Cookie jwt JWT
refreshtoken REFRESHTOKEN SECRETKEY SECRETACCESSKEY api_keys apiKeys APIKEYS access_keys secrets
client_secrets
master_key masterKey sharedKey shared_key accountKey
pass smtpPass credentials bearer openai_key X-Custom-Key X-Vault-Token
signing_key signingKey encryption_key encryptionKey ENCRYPTIONKEY passcode userPasscode otp OTP
""")

OTHERS = words("""
name key keys keyword monkey question chatId sessionId session_id signature credential secretName
secret_arn passwordHint password_policy tokens max_tokens prompt_tokens completion_tokens totalTokens
token_count tokenizer eos_token next_page_token stop_token author authority code state id usage
public_keys foreignKeys total_keys sharedPublicKeys
xKey xSid masterKeyId x_auth
idempotency_key primaryKey foreign_key sort_key public_key event data content text delta cookies cookiePolicy
""")


@pytest.mark.parametrize("name", CREDENTIALS)
def test_a_credential_is_masked(name: str) -> None:
    before, behind = json.dumps({"a": 1, name: "@"}).encode().split(b"@")
    assert scan(before + b"hunter2" + behind) == (before + b"[redact" + behind, [f"body.{name}"])


@pytest.mark.parametrize("name", CREDENTIALS)
@pytest.mark.parametrize("mark", ['"', '\\"', "%22", "%5C%22"])
def test_each_name_has_an_anchor_by_which_it_is_found(name: str, mark: str) -> None:
    written = f"{name}{mark}:".lower().encode()
    assert any(anchor in written for anchor in MEMBER_ANCHORS)


def test_there_are_no_more_anchors_than_a_vector_search_is_made_of() -> None:
    assert len({*MEMBER_ANCHORS, *(shape.begins.lower().encode() for shape in SHAPES)}) <= 64


@pytest.mark.parametrize("name", OTHERS)
def test_anything_else_is_left_alone(name: str) -> None:
    document = json.dumps({name: "hunter2", "b": [{name: "hunter2"}]}).encode()
    assert scan(document) == (document, [])


@pytest.mark.parametrize(
    ("value", "is_masked"),
    [
        ("abcDEF0123456789", True),
        ("0f1e2d3c-4b5a-6978", True),
        ("abcDEF01234567", False),  # a piece of what a model said
        ("internationalization", False),
        ("several words of 16 letters", False),
        ("ABCDEFGHIJKLMNOPQRST", False),
        ("addEventListener", False),
        ("YOUR_API_TOKEN_HERE", False),
        ("my-service-token-aB3dE6gH9jK", True),
        ("                    ", False),
    ],
)
def test_a_token_is_a_credential_where_it_looks_like_one(value: str, is_masked: bool) -> None:
    assert not is_credential_member(b"token")
    assert is_token_member(b"token")
    document = json.dumps({"token": value}).encode()
    assert (scan(document) != (document, [])) == is_masked


@pytest.mark.parametrize("colon", [":", ": ", " : ", ":\n"])
def test_a_token_of_a_users_own_is_one_whatever_it_looks_like(colon: str) -> None:
    document = f'{{"token"{colon}" the"}}'.encode()
    assert scan(document) == (document, [])
    assert scan(document, Rules(names=["token"]))[1] == ["body.token"]


NO_SECRETS = words("""
password=Password password=PASSWORD password=password apiKey=API+Key apiKey=api-key api_key=Api+Key:
confirmPassword=Confirm+password newPassword=New+Password* cookie=Cookie secret=string password=text
password=required secret=null authorization=none access_token=undefined api_key=optional jwt=false
apiKey=YOUR_API_KEY apiKey=YOUR_OPENAI_API_KEY_HERE apiKey=your-api-key secret=your+client+secret
apiKey=${OPENAI_API_KEY} apiKey=$OPENAI_API_KEY apiKey={{apiKey}} apiKey={{+secrets.openai_key+}}
apiKey=<your+key> password=****** password=xxxxxxxx apiKey=XXXXXXXX password=...
password=•••
""")

SECRETS = words("""
password=Password1 password=swordfish password=passwords apiKey=apikeyboard secret=strings secret=nullable
apiKey=YOUR_API_KEY_1f2e apiKey=your-dog password=yourselfhere password=${DB_PASSWORD:-hunter2}
password=$ecret password=$SECRET password={{a apiKey=<b password=xxx password=*x password=.... jwt=truefalse
password=letmein apiKey=password secret=password password=my-secret-key password=changeme password=12345678
""")


@pytest.mark.parametrize("member", NO_SECRETS)
@pytest.mark.parametrize("encoded", [str, quote], ids=["plain", "query"])
def test_labels_and_what_stands_for_a_secret_are_left_alone(
    member: str, encoded: Callable[[str], str]
) -> None:
    name, _, value = member.replace("+", " ").partition("=")
    plain = encoded(json.dumps({name: value, "b": value}, ensure_ascii=False)).encode()
    escaped = encoded(json.dumps(json.dumps({name: value}))).encode()
    for document in (plain, escaped):
        assert scan(document) == (document, [])
        for at in range(len(document)):
            scanner = Scanner(RULES.plain)
            parts = [scanner.feed(document[:at]), scanner.feed(document[at:], final=True)]
            assert b"".join(part.data for part in parts) == document, at
    own = Rules(names=[name])
    assert scan(plain, own)[1] == [f"body.{name}"]


@pytest.mark.parametrize("member", SECRETS)
def test_anything_else_may_be_one(member: str) -> None:
    name, _, value = member.partition("=")
    document = json.dumps({"a": 1, name: value, "b": "c"}).encode()
    result, names = scan(document)
    assert names == [f"body.{name}"]
    for at in range(len(document)):
        scanner = Scanner(RULES.plain)
        parts = [scanner.feed(document[:at]), scanner.feed(document[at:], final=True)]
        assert b"".join(part.data for part in parts) == result, at


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (b'{"password":"hunter2"}', b'{"password":"[redact"}'),
        (b'{"password" : "hunter2"}', b'{"password" : "[redact"}'),
        (b'{"access_token"\t:"hunter2"}', b'{"access_token"\t:"[redact"}'),
        (b'{"access_token"\n:\n"hunter2"}', b'{"access_token"\n:\n"[redact"}'),
        (b'{"access_token"\r\n : "hunter2"}', b'{"access_token"\r\n : "[redact"}'),
        (b'{"api_keys":"hunter2"}', b'{"api_keys":"[redact"}'),
        (b'{"password":\n\t"hunter2"}', b'{"password":\n\t"[redact"}'),
        (b'{"a":{"b":[{"password":"hunter2"}]}}', b'{"a":{"b":[{"password":"[redact"}]}}'),
        (b'{"password":"a\\"b\\\\","c":"d"}', b'{"password":"[redac","c":"d"}'),
        (b'{"password":"\\u00e9\\n"}', b'{"password":"[redacte"}'),
        ('{"password":"pässwörter"}'.encode(), b'{"password":"[redacted]**"}'),
        (b'{"password":"hunter2-and-more"}', b'{"password":"[redacted]******"}'),
        (b'{"password":"a","password":"b"}', b'{"password":"[","password":"["}'),
        # In a string that holds a document itself: a tool's arguments, or what a model writes.
        (
            b'{"arguments":"{\\"password\\":\\"hunter2\\"}"}',
            b'{"arguments":"{\\"password\\":\\"[redact\\"}"}',
        ),
        (
            b'{"data":"{\\"password\\": \\"a\\\\\\"b\\\\\\\\\\", \\"c\\": 1}"}',
            b'{"data":"{\\"password\\": \\"[redacted]\\", \\"c\\": 1}"}',
        ),
        (b'"{\\n  \\"password\\": \\"hunter2\\"\\n}"', b'"{\\n  \\"password\\": \\"[redact\\"\\n}"'),
        # Names that JSON escapes, and the headers that a tool is to send.
        (b'{"pass\\u0077ord":"hunter2"}', b'{"pass\\u0077ord":"[redact"}'),
        (b'{"api\\u005Fkey":"hunter2"}', b'{"api\\u005Fkey":"[redact"}'),
        (b'{"\\u0070wd":"hunter2"}', b'{"\\u0070wd":"[redact"}'),
        (b'"{\\"\\\\u006awt\\":\\"hunter2\\"}"', b'"{\\"\\\\u006awt\\":\\"[redact\\"}"'),
        # The first string of a list or an object, where it looks like a key.
        (b'{"apiKey":["0f1e2d3c4b5a6978"]}', b'{"apiKey":["[redacted]******"]}'),
        (
            b'{"openAIApiKey": {"chat_0": "0f1e2d3c4b5a6978"}}',
            b'{"openAIApiKey": {"chat_0": "[redacted]******"}}',
        ),
        # Cut in the middle.
        (b'{"password":"hunter2', b'{"password":"[redact'),
        (b'{"password":"Pass', b'{"password":"[red'),
    ],
)
def test_what_is_masked_is_the_value_of_a_string(document: bytes, expected: bytes) -> None:
    assert scan(document)[0] == expected


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
@pytest.mark.parametrize("value", ["hunter2", 'a"b\\', "\\\\", '"', 'x\\"', "a\nb/c", "é" * 3, "[{}]"])
@pytest.mark.parametrize("encoded", [str, quote_plus, quote], ids=["plain", "form", "query"])
def test_it_is_masked_in_a_document_within_strings_of_documents(
    depth: int, value: str, encoded: Callable[[str], str]
) -> None:
    inner: object = {"a": 1, "password": value, "b": "c"}
    for _ in range(depth):
        inner = {"text": json.dumps(inner, indent=depth), "n": 1}
    document = encoded(json.dumps(inner)).encode()
    result, names = scan(document)
    assert len(result) == len(document)
    assert names == ["body.password"]
    got = json.loads(result if encoded is str else unquote_plus(result.decode()))
    for _ in range(depth):
        got = json.loads(got["text"])
    assert got["a"] == 1
    assert got["b"] == "c"
    assert b"[redacted]".startswith(got["password"].rstrip("*").encode())
    first = document.index(b"password") - 12
    for at in range(max(first, 0), min(first + 80, len(document))):
        scanner = Scanner(RULES.plain)
        parts = [scanner.feed(document[:at]), scanner.feed(document[at:], final=True)]
        assert b"".join(part.data for part in parts) == result, at


@pytest.mark.parametrize(
    "document",
    [
        b'{"password":""}',
        b'{"password":null}',
        b'{"password":true}',
        b'{"password":1234}',
        b'{"password":{"type":"string","description":"as set at sign-up"}}',  # a tool's schema
        b'{"password":["a"]}',
        b'{"a":"password","b":"c"}',
        b'{"a":"the password: none"}',
        b'"password":',
        b'{"password"',
    ],
)
def test_there_is_nothing_to_mask_elsewhere(document: bytes) -> None:
    assert scan(document) == (document, [])


@pytest.mark.parametrize(
    "document",
    [
        b'{"a":1,"pass\\u0077ord":"hunter2","b":2}',
        b'"{\\"pass\\\\u0077ord\\":\\"hunter2\\"}"',
        b'{"apiKey":["0f1e2d3c4b5a6978"],"b":2}',
        b'{"apiKey":{"chat_0":"0f1e2d3c4b5a6978"},"b":2}',
    ],
)
def test_it_makes_no_difference_where_a_document_was_cut(document: bytes) -> None:
    result, names = scan(document)
    assert len(names) == 1
    for at in range(len(document)):
        scanner = Scanner(RULES.plain)
        parts = [scanner.feed(document[:at]), scanner.feed(document[at:], final=True)]
        assert b"".join(part.data for part in parts) == result, at


def test_a_users_own_name_is_masked_whatever_case_it_is_written_in() -> None:
    rules = Rules(names=["tenant-id", "PIN"])
    document = b'{"Tenant-Id":"acme","pin":1234,"x":{"Pin":-1.5e3},"tenant":"b","pins":1}'
    expected = b'{"Tenant-Id":"[red","pin":9999,"x":{"Pin":999999},"tenant":"b","pins":1}'
    assert scan(document, rules) == (expected, ["body.Tenant-Id", "body.pin", "body.Pin"])
    assert json.loads(expected)


def test_a_name_to_keep_is_not_masked() -> None:
    rules = Rules(keep=["cookie", "accessToken"])
    document = b'{"Cookie":"choc","accessToken":"t","password":"p"}'
    assert scan(document, rules)[0] == b'{"Cookie":"choc","accessToken":"t","password":"["}'
