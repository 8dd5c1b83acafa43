"""Which names are a credential's: of headers, cookies, queries, JSON members, form fields and parts."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, wraps

# A name is a credential's if one of its words is, or if it ends in one of the pairs. Plain "key" and
# "auth" are too common to be told so ("Idempotency-Key", "WWW-Authenticate").
_WORDS = frozenset(
    b"authorization cookie token secret password passwd pwd credential credentials signature sig "
    b"apikey accesskey accesstoken authtoken clientsecret sessionid phpsessid passphrase privatekey jwt "
    b"refreshtoken idtoken secretkey secretaccesskey signingkey encryptionkey apikeys secrets passcode otp "
    b"bearer dpop".split()
)
_PAIRS = (
    b"api-key",
    b"access-key",
    b"secret-key",
    b"private-key",
    b"subscription-key",
    b"functions-key",
    b"auth-key",
    b"signing-key",
    b"encryption-key",
    b"api-keys",
    b"access-keys",
    b"session-id",
    b"x-auth",
    b"application-key",
    b"master-key",
    b"shared-key",
    b"account-key",
    b"openai-key",
)
_FIELDS = frozenset({b"key", b"auth", b"code", b"pass", b"sid", b"session"})
# A header that somebody made up (`X-Appwrite-Key`) is a credential if it ends so, unless it is one of these.
_HEADER_ENDS = _FIELDS - {b"code"}
_NO_HEADERS = frozenset(b"cache surrogate idempotency public partition routing sort object".split())
_COUNTS = frozenset(b"count counts limit remaining usage".split())
# Where to go on reading is no secret, and requests that differ in it alone are for different pages.
_CURSORS = (b"page-token", b"continuation-token", b"next-token", b"sync-token")

# In a document a name describes content as often as it holds a credential: `secretName`, `sessionId`, the id
# that a prediction server has as `credential`, the `signature` of a model's thinking. So there the last word
# has to be one, and fewer words are.
_MEMBER_WORDS = frozenset(
    b"authorization cookie secret password passwd pwd passphrase apikey accesskey "
    b"privatekey secretkey secretaccesskey signingkey encryptionkey apikeys secrets passcode otp "
    b"accesstoken authtoken refreshtoken idtoken clientsecret jwt pass credentials bearer".split()
)
_MEMBER_PAIRS = tuple(pair for pair in _PAIRS if pair.endswith((b"-key", b"-keys")))
_TOKEN_OF = frozenset(
    b"access refresh id auth session bearer api security csrf xsrf private bot deploy client oauth personal "
    b"user".split()
)
_ONCE_MORE = frozenset(b"confirm confirmation repeat again new old".split())

_SHORT = 64
"""Bytes of a name that is remembered: longer ones nobody sends twice, but a hostile client sends many."""

NAME_ENDS = (b'"', b"\\", b"%")
"""How the quotation mark behind a name begins: in a document, in a string of one, percent-encoded."""

# With the beginnings of keys they are no more than 64: of so many strings the library makes a vector search
# (35 µs for 64 KiB), of one more an automaton (106 µs). So a word that texts seldom have stands for itself.
MEMBER_ANCHORS = (
    *(b"authorization", b"secret", b"pass", b"pwd", b"cookie", b"jwt", b"otp", b"credentials", b"bearer"),
    *(word + end for word in (b"key", b"keys") for end in NAME_ENDS),
    # Not with a quotation mark alone: "token" is the value that a prediction server's events have.
    *(b'token":', b'token" ', b'token"\t', b'token"\n', b'token"\r', b"token\\", b"token%"),
    # Letters that need no escape: hardly anybody has them so.
    *(b"\\u006", b"\\u007"),
)
"""Lower-case parts of which each name of a credential's member has one, its quotation mark included."""

_WORD = re.compile(rb"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def _words(name: bytes) -> list[bytes]:
    return [word.lower() for word in _WORD.findall(name)]


def _ends_in(words: list[bytes], pairs: tuple[bytes, ...]) -> bool:
    joined = b"-".join(words)
    return any(joined == pair or joined.endswith(b"-" + pair) for pair in pairs)


def _spellings(name: bytes) -> tuple[list[bytes], list[bytes]]:
    """The words of the name, by its capitals and without them: `accessToken`, but `pAsSwOrD` too."""
    return _words(name), _words(name.lower())


def _remembered(function: Callable[[bytes], bool]) -> Callable[[bytes], bool]:
    """Each request has the same names."""
    known = lru_cache(4096)(function)

    @wraps(function)
    def answer(name: bytes) -> bool:
        return known(name) if len(name) <= _SHORT else function(name)

    return answer


@_remembered
def is_credential(name: bytes) -> bool:
    """Whether a query parameter, or anything else of this name, holds a credential."""
    spellings = _spellings(name)
    if any(_ends_in(words, _CURSORS) or _COUNTS.intersection(words[-1:]) for words in spellings):
        return False
    return any(_WORDS.intersection(words) or _ends_in(words, _PAIRS) for words in spellings)


@_remembered
def is_credential_header(name: bytes) -> bool:
    """The same of a header."""
    return is_credential(name) or any(map(_ends_header, _spellings(name)))


def _ends_header(words: list[bytes]) -> bool:
    made_up = len(words) == 1 or words[:1] == [b"x"]
    return made_up and words[-1] in _HEADER_ENDS and not _NO_HEADERS.intersection(words)


def is_credential_field(name: bytes) -> bool:
    """The same of a query parameter, a form's field or a part; some short names are credentials there."""
    return is_credential(name) or name.lower() in _FIELDS


@_remembered
def is_credential_member(name: bytes) -> bool:
    """Whether a string that is a JSON member of this name is a credential, whatever it looks like."""
    if name[:2].lower() == b"x-" and is_credential_header(name):  # of the headers that a tool is to send
        return True
    return any(map(_are_credential, _spellings(name)))


def _are_credential(words: list[bytes]) -> bool:
    while len(words) > 1 and any(b"passw" in word for word in words[:-1]) and _says_less(words[-1]):
        words.pop()
    if len(words) > 1 and words[-1] == b"token":
        return words[-2] in _TOKEN_OF
    return bool(words) and (words[-1] in _MEMBER_WORDS or _ends_in(words, _MEMBER_PAIRS))


@_remembered
def is_token_member(name: bytes) -> bool:
    """Whether it may be one: `token` is a credential, or a piece of what a model said (`logprobs`)."""
    words = _words(name)
    return words[-1:] == [b"token"] and not _ends_in(words, _CURSORS)


def _says_less(word: bytes) -> bool:
    return word in _ONCE_MORE or word.isdigit()
