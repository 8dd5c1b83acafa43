"""What keys look like: a beginning that nothing else has, and enough letters behind it.

The table is ours. Libraries of such rules are made to look through source files. detect-secrets 1.5, the best
kept of them, reads whole lines of text, tells the values found but not where they stand, finds the head of a
private key and not the key, knows no key of Google's, Anthropic's or OpenAI's newer ones, takes 99 µs for an
event of 100 bytes (ours 2.5), and can't be asked whether what has come so far may be the beginning of one.

A shape is written unit by unit, a unit being one letter of a secret. So the same shape can be looked for in a
text as it is, and in an event stream where the text goes on behind the break of a `data` line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORD = "[A-Za-z0-9_-]"
_ALNUM = "[A-Za-z0-9]"
_BASE64 = "[A-Za-z0-9+/=_-]"

NO_WORDS = re.compile(
    rb"[0-9][A-Za-z]|[0-9]{9}|[A-Z]{2}[a-z]|(?<![a-z])[a-z][A-Z]|(?i:[bcdfghjklmnpqrstvwz]{5})"
)
"""What chance soon makes of letters and digits, and hardly anybody who writes names.

A name is words, in capitals or not (`AbcDef-ghi_JKL`), and numbers behind them (`api03`, `2024`).
Of 22 letters of base64url that chance makes one in 17,000 is such a name, of 32 one in two million.
"""
MIXED = re.compile(rb"[0-9]|[a-z][^A-Za-z]*[A-Z]|[A-Z][^A-Za-z]*[a-z]")
"""More than letters of one case, as which placeholders are written (`YOUR_API_KEY`, `xxxx`)."""


@dataclass(frozen=True, slots=True)
class Run:
    """So many letters of a kind."""

    unit: str
    """A regular expression for one of them."""
    least: int
    most: int | None = None
    """None: as many as `least`."""


Part = str | Run
"""A string stands for itself, its letters in either case where the shape says so."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of key."""

    name: str
    begins: str
    """What each key of the kind begins with. It is known to all, says what was masked, and stays."""
    follows: tuple[Part, ...]
    """What has to follow so that it is one."""
    goes_on: str = ""
    """The unit of all the rest."""
    leads: tuple[Part, ...] = ()
    """What stands between the beginning and the secret."""
    telling: re.Pattern[bytes] | None = None
    """What must be somewhere in the secret, or it is a name (`sk-learn-contrib`) or stands for one."""
    ends: str = ""
    """What stands behind the secret and is no part of it; without it, it is none."""
    any_case: bool = False
    boundary: bool = True
    """Whether no letter or digit may stand before it."""


def _key(
    name: str, begins: str, least: int, unit: str = _WORD, *, telling: re.Pattern[bytes] | None = MIXED
) -> Shape:
    return Shape(name, begins, (Run(unit, least),), unit, telling=telling)


_SPACE = r"(?:[ \t+]|%20)"
_LINE_END = r"(?:[ \t\r\n]|\\+[rn]|%0[AaDd])"
_IN_PEM = r"-?(?:[A-Za-z0-9+/=%:,. \t\r\n]|\\(?=\\*[^\\\"]))"  # not what escapes a quotation mark
_IN_URL = r"[^\s/?#@:\"'<>\\]"
_PASSWORD = r"[^\s/?#@\"'<>\\]"
_GAP = r"(?:[ \t\r\n]|\\+[nrt])*"
_QUOTE = r"\\*[\"']"
_VALUE = r"[A-Za-z0-9._~+/=_-]"
_ENCODED_VALUE = rf"(?:{_VALUE}|%[0-9A-Fa-f]{{2}})"
_CHOSEN = r"[A-Za-z0-9._~+/=_!@#$%^*?:|-]"
_IN_ENCODED_URL = r"(?:[A-Za-z0-9._~!$'()*+,;-]|%(?!40|2[Ff]|3[AaFf]|23)[0-9A-Fa-f]{2})"
_ENCODED_PASSWORD = r"(?:[A-Za-z0-9._~!$'()*+,;-]|%(?!40|2[Ff]|3[Ff]|23)[0-9A-Fa-f]{2})"


def _named(
    begins: str, unit: str = _VALUE, *, least: int = 16, ends: str = "", any_case: bool = True
) -> Shape:
    """What is assigned to a name that ends so (`OPENAI_API_KEY=…`, `X-Api-Key: …`), and looks like a secret.

    In a list of names and values these stand side by side (`"x-api-key","value":"…"`).
    """
    assigned = rf"(?:[:=]|%3[AaDd]|{_QUOTE}{_GAP},{_GAP}(?:{_QUOTE}value{_QUOTE}{_GAP}:)?)"
    return Shape(
        "named-secret",
        begins,
        (Run(unit, least),),
        unit,
        leads=(
            *(Run(f"[{letter}{letter.upper()}]", 1) for letter in ends),
            *(() if begins.endswith("=") else (Run(assigned, 1),)),
            Run(r"(?:[\\\"' \t\r\n]|%2[02])", 0, 12),
        ),
        telling=NO_WORDS,
        any_case=any_case,
        boundary=not begins.startswith("_"),
    )


SHAPES: tuple[Shape, ...] = (
    _key("sk-key", "sk-", 20, telling=NO_WORDS),  # OpenAI, Anthropic, and many who speak their languages
    _key("google-key", "AIza", 30),
    _key("google-token", "ya29.", 20),
    _key("google-secret", "GOCSPX-", 20),
    # Of capitals and few digits: some have none.
    _key("aws-key", "AKIA", 16, "[A-Z0-9]", telling=None),
    _key("aws-key", "ASIA", 16, "[A-Z0-9]", telling=None),
    _key("aws-bedrock-key", "ABSK", 60, _BASE64, telling=None),
    *(_key("github-token", f"gh{kind}_", 30, _ALNUM) for kind in "pousr"),
    _key("github-token", "github_pat_", 22, telling=NO_WORDS),
    _key("gitlab-token", "glpat-", 20),
    Shape(
        "slack-token",
        "xox",
        (Run("[abeoprs]", 1), "-", Run("[A-Za-z0-9-]", 10)),
        "[A-Za-z0-9-]",
        telling=NO_WORDS,
    ),
    _key("slack-token", "xapp-", 10, "[A-Za-z0-9-]", telling=NO_WORDS),
    # JSON may escape slashes.
    Shape(
        "slack-webhook",
        "hooks.slack.com",
        (Run(r"(?:[A-Za-z0-9/]|\\/)", 20),),
        r"(?:[A-Za-z0-9/]|\\/)",
        leads=(Run(r"\\?/", 1), "services", Run(r"\\?/", 1)),
        telling=NO_WORDS,
    ),
    _key("stripe-key", "sk_live_", 16, _ALNUM),
    _key("stripe-key", "rk_live_", 16, _ALNUM),
    _key("hugging-face-token", "hf_", 30, _ALNUM),
    _key("groq-key", "gsk_", 30, _ALNUM),
    _key("ephemeral-key", "ek_", 20, _ALNUM),  # OpenAI's, for a browser
    _key("xai-key", "xai-", 40, telling=NO_WORDS),
    _key("perplexity-key", "pplx-", 30, _ALNUM),
    _key("replicate-token", "r8_", 30, telling=NO_WORDS),
    _key("nvidia-key", "nvapi-", 40, telling=NO_WORDS),
    _key("langsmith-key", "lsv2_", 30, telling=NO_WORDS),
    _key("npm-token", "npm_", 30, _ALNUM),
    _key("pypi-token", "pypi-AgEI", 40, telling=None),
    _key("sendgrid-key", "SG.", 40, "[A-Za-z0-9_.-]", telling=NO_WORDS),
    # RFC 7519: the first part is a JSON object in base64url, and so begins with `{"`.
    Shape("jwt", "eyJ", (Run(_WORD, 8, 4000), ".", Run(_WORD, 8)), "[A-Za-z0-9_.=-]"),
    # RFC 7468. Behind its head there may be line ends in any spelling, and header lines (RFC 1421).
    Shape(
        "private-key",
        "-----BEGIN ",
        (Run("[A-Za-z0-9+/=:-]", 10),),
        _IN_PEM,
        leads=(Run("[A-Z0-9 ]", 0, 20), "PRIVATE KEY", Run("[A-Z ]", 0, 6), "-----", Run(_LINE_END, 0, 8)),
        boundary=False,
    ),
    # RFC 6750, and how it is written into a query.
    Shape(
        "bearer-token",
        "bearer",
        (Run("[A-Za-z0-9._~+/=-]", 16),),
        "[A-Za-z0-9._~+/=-]",
        leads=(Run(_SPACE, 1, 4),),
        telling=MIXED,  # people choose these, as words perhaps
        any_case=True,
    ),
    # A head that is quoted in a text: `Authorization: Basic dXNlcjpwYXNzd29yZA==`.
    Shape(
        "authorization",
        "authorization",
        (Run("[A-Za-z0-9._~+/=-]", 8),),
        "[A-Za-z0-9._~+/=-]",
        leads=(
            Run(r"(?:value|[\\\"'\]:=, \t+]|%(?:20|22|27|2[Cc]|3[AaDd]))", 1, 16),
            Run("[A-Za-z]", 3, 12),
            Run(_SPACE, 1, 4),
        ),
        telling=MIXED,
        any_case=True,
    ),
    _named("authorization"),  # without a scheme
    _named("api_key", _ENCODED_VALUE),
    _named("api-key"),
    _named("secret", _ENCODED_VALUE),
    _named("pass", _CHOSEN, least=8, ends="word"),
    # In capitals, as variables are: `page_token` is no secret.
    _named("_TOKEN=", any_case=False),
    _named("sig=", _ENCODED_VALUE),
    _named("signature=", _ENCODED_VALUE),
    # RFC 3986: known to be one only when its end is there.
    Shape(
        "url-password",
        "://",
        (Run(_PASSWORD, 1, 200),),
        leads=(Run(_IN_URL, 0, 100), ":"),
        ends="@",
        boundary=False,
    ),
    # The same where JSON escapes its slashes.
    Shape(
        "url-password",
        r":\/\/",
        (Run(_PASSWORD, 1, 200),),
        leads=(Run(_IN_URL, 0, 100), ":"),
        ends="@",
        boundary=False,
    ),
    # The same in a query.
    Shape(
        "url-password",
        "%3a%2f%2f",
        (Run(_ENCODED_PASSWORD, 1, 200),),
        leads=(Run(_IN_ENCODED_URL, 0, 100), Run("%3[Aa]", 1)),
        ends="%40",
        any_case=True,
        boundary=False,
    ),
)
