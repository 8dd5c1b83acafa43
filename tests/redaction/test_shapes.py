"""What keys look like, and what only looks like the beginning of one."""

from __future__ import annotations

import random
from string import ascii_letters, digits

import pytest

from sseproxy.redaction.mask import masked
from sseproxy.redaction.rules import built_in
from sseproxy.redaction.scanner import Scanner
from tests.redaction.keys import BEHIND, ESCAPED_KEYS, KEYS, LETTERS, PEM_LINES, QUOTED_KEYS, Key, pem

every_key = pytest.mark.parametrize(
    "key", [*KEYS, *ESCAPED_KEYS, *QUOTED_KEYS], ids=lambda key: f"{key.name} {key.public.decode()}"
)


def scan(data: bytes) -> tuple[bytes, list[str]]:
    """What a text becomes that comes at once, and why."""
    result = Scanner(built_in().plain).feed(data, final=True)
    assert masked(data, result.marks) == result.data
    return result.data, [mark.name for mark in result.marks]


def surrounded(key: Key, before: bytes, behind: bytes) -> tuple[bytes, bytes]:
    """A text with the key, and the text that should become of it."""
    behind = BEHIND.get(key.name, b"") + behind
    return before + key.whole + behind, before + key.masked + behind


@every_key
@pytest.mark.parametrize(
    ("before", "behind"),
    [
        (b"", b""),
        (b"my key is ", b" and that is that"),
        (b'{"text":"', b'"}'),
        (b"<b>", b"</b>"),
        (b"key=", b"&next=1"),
        (b"(", b")"),
        ("schlüssel ".encode(), "…".encode()),
        (b"\n", b"\n\n"),
        (b'{"q":"my .env:\\n', b'\\n"}'),
        (b'{"q":"\\t', b'"}'),
        (b'{"q":"\\r', b'"}'),
        (b'{"q":"a\\u003d', b'"}'),
        (b'{"q":"a=b\\u0026', b'"}'),
        (b'{"q":"{\\"a\\":\\"b:\\\\n', b'\\"}"}'),
        (b"/p?u=https%3A%2F%2Fh%2F%3Fz%3D", b"&a"),
        (b"/p?u=https%3a%2f%2fh%2f%3fz%3d", b"&a"),
        (b"/p?u=z%253D", b"&a"),
        (b"/p?u=z%25253D", b"&a"),
    ],
)
def test_a_key_is_masked_wherever_it_stands(key: Key, before: bytes, behind: bytes) -> None:
    text, expected = surrounded(key, before, behind)
    assert scan(text) == (expected, [key.name])


@every_key
def test_a_key_is_masked_each_time(key: Key) -> None:
    text, expected = surrounded(key, b"one ", b" two ")
    assert scan(text + text) == (expected + expected, [key.name, key.name])


@every_key
def test_what_is_masked_is_not_masked_again(key: Key) -> None:
    _, once = surrounded(key, b"a ", b" b")
    assert scan(once) == (once, []) or masked(once, Scanner(built_in().plain).feed(once).marks) == once


@every_key
def test_too_short_a_key_is_none(key: Key) -> None:
    short = key.public + key.secret[:5] + b" and no more"
    if key.name in ("url-password", "bearer-token", "authorization"):
        short = key.public + key.secret[:5] + b"/ and no more"
    assert scan(short) == (short, [])


@pytest.mark.parametrize("kind", [b"", b"RSA ", b"EC ", b"ENCRYPTED ", b"OPENSSH "])
@pytest.mark.parametrize(
    "line_end", [b"\n", b"\r\n", b"\\n", b"\\r\\n", b"\\\\n", b"%0A", b"%0D%0A", b" ", b""]
)
def test_a_private_key_is_masked_between_its_lines(kind: bytes, line_end: bytes) -> None:
    data = b"x " + pem(line_end, kind) + b" y"
    result, names = scan(data)
    assert names == ["private-key"]
    assert len(result) == len(data)
    assert not any(line in result for line in PEM_LINES)
    assert result.startswith(b"x -----BEGIN " + kind + b"PRIVATE KEY-----")
    assert result.endswith(b"-----END " + kind + b"PRIVATE KEY----- y")


WORDY = [
    b"sk-my-company-production-key-" + LETTERS[:20],
    b"sk-" + b"a" * 30 + b"-1f",
    b"sk-12345678901234567890",
    b"xai-" + b"word-" * 8 + LETTERS[:40],
    b"Bearer my-service-account-" + LETTERS[:20],
]


@pytest.mark.parametrize("key", WORDY)
def test_a_key_that_begins_with_words_is_one_wherever_it_is_cut(key: bytes) -> None:
    text = b"is " + key + b" right"
    result, _ = scan(text)
    assert key[-15:] not in result
    for at in range(len(text)):
        scanner = Scanner(built_in().plain)
        assert scanner.feed(text[:at]).data + scanner.feed(text[at:], final=True).data == result


def test_of_keys_that_chance_makes_none_is_taken_for_words() -> None:
    dice = random.Random(5)
    alphabets = [ascii_letters + digits, ascii_letters + digits + "-_", "0123456789abcdef"]
    for _ in range(20_000):
        text = "sk-" + "".join(dice.choices(dice.choice(alphabets), k=32))
        assert scan(text.encode())[1] == ["sk-key"], text


def test_a_private_key_with_header_lines_is_one_too() -> None:
    head, _, rest = pem(b"\n").partition(b"\n")
    data = head + b"\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0F1E2D3C\n\n" + rest
    result, names = scan(data)
    assert names == ["private-key"]
    assert not any(line in result for line in PEM_LINES)


def test_a_private_key_that_was_cut_is_masked_as_far_as_it_goes() -> None:
    data = pem(b"\\n")[:150] + b'"}'
    result, _ = scan(data)
    assert PEM_LINES[0] not in result
    assert result.endswith(b'"}')


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"sk-",
        b"A risk-assessment, a task-force, a disk-encryption-with-passphrase-of-20-letters",
        b"sk-learn-contrib-and-other-long-names-of-modules",
        b"Asia, the AKIA format, and Asian-Pacific.",
        b"eyJust kidding, eyJ is how a JWT begins",
        b"https://example.com:8080/path?x=1 http://[::1]:3000/ http://host:80",
        b"https://user@example.com/a:b@c",
        b"a bearer of bad news; Bearer authentication-and-authorization",
        b"Authorization: Bearer <token>",
        b"the header `Authorization` is required: please send one",
        b"-----BEGIN CERTIFICATE-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END CERTIFICATE-----",
        b"-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----",
        b"A key begins with -----BEGIN PRIVATE KEY----- and ends otherwise.",
        b"msg.content, img.src, sg. and SG. are no keys",
        b"6b2f8988-2f95-45ec-9df6-7bdea873edab 2026-11-23T00:41:34.120415Z",
        b"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4",
        b"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG fp_44709d6fcb msg_67c9fdcf37fc8190ba82116e33fb28c5",
        b"call_abcDEF123456789012345678 resp_67c9fdcecf488190bdd9a0409de3a1ec07b8b0ad toolu_01A09q90qw90lq",
        b"npm_config_registry hf_hub_download pypi-publish gsk_ r8_",
        b"C:\\new\\task-Force-with-1-Name-of-20-Letters C:\\risk-Force-with-1-Name-of-20-Letters",
        b"100%risk-Force-with-1-Name-of-20-Letters %zzsk-Force-with-1-Name-of-20-Letters",
        b"hooks.slack.com/services/ is where webhooks live",
        # Words, names and placeholders where the rest of a key would be.
        b"sk-learn-Contrib-And-Other-Modules-2 sk-learn-1-4-and-what-is-new-in-2024-05-01",
        b"sk-YOUR_OPENAI_API_KEY_HERE sk-xxxxxxxxxxxxxxxxxxxxxxxx sk-your-Api-Key-goes-here",
        b"xai-explainable-artificial-intelligence-methods-and-tools-2024",
        b"r8_unorm_block_compressed_texture_format_2 r8_UNORM_BLOCK_COMPRESSED_FORMAT_FOR_GPUS",
        b"SG.AbcDefGhiJkl.Names.Of.SomeModule.And.AnotherModule.Of.It",
        b"xoxb-your-slack-bot-token-here xapp-your-app-level-token glpat-your-gitlab-token-goes-here",
        b"github_pat_your_fine_grained_token_here ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        b"nvapi-your-nvidia-key-from-the-build-page-and-no-more lsv2_your_langsmith_api_key_of_this_service",
        b"hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx gsk_YOURGROQAPIKEYGOESHEREANDISQUITELONG",
        b"hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
        b"api_key=settings.OPENAI_API_KEY, password=passwordEncoder, secret: the one you know",
        b"page_token=CAUQAA9aB3dE6gH9jK2 MAX_TOKENS=4096 OPENAI_API_KEY=${OPENAI_API_KEY}",
        b"API_KEY=xxxxxxxxxxxxxxxxxx",
        b"Bearer YOUR_API_KEY_HERE, Authorization: Bearer YOUR_TOKEN, Bearer your-token-goes-here",
    ],
)
def test_all_else_stays_as_it_is(text: bytes) -> None:
    assert scan(text) == (text, [])
