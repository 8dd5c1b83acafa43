"""Keys of every kind, made up, each in the form that its issuer gives it. None has ever opened anything.

They are put together here, so that no scanner takes this file for a leak.
"""

from __future__ import annotations

from dataclasses import dataclass

LETTERS = b"aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD3fG6iJ9lM2oP5rS8uV1wX4yZ7bC0eF3hI6kL9nO2qR5tU8"


@dataclass(frozen=True, slots=True)
class Key:
    name: str
    """The rule that knows it."""
    public: bytes
    """What all keys of its kind begin with, and what stays."""
    secret: bytes

    @property
    def whole(self) -> bytes:
        return self.public + self.secret

    @property
    def masked(self) -> bytes:
        return self.public + b"[redacted]".ljust(len(self.secret), b"*")[: len(self.secret)]


KEYS = [
    Key("sk-key", b"sk-", LETTERS[:48]),  # OpenAI's, as they were
    Key("sk-key", b"sk-", b"proj-" + LETTERS[:20] + b"_" + LETTERS[:20] + b"-T3Blbk"),
    Key("sk-key", b"sk-", b"svcacct-" + LETTERS[:40]),
    Key("sk-key", b"sk-", b"ant-api03-" + LETTERS[:60] + b"-AA"),
    Key("sk-key", b"sk-", b"or-v1-" + b"0f1e2d3c" * 8),
    Key("sk-key", b"sk-", b"9f8e7d6c5b4a39281706f5e4d3c2b1a0"),  # DeepSeek's
    Key("google-key", b"AIza", b"Sy" + LETTERS[:33]),
    Key("google-token", b"ya29.", b"a0" + LETTERS[:60]),
    Key("google-secret", b"GOCSPX-", LETTERS[:28]),
    Key("aws-key", b"AKIA", b"Q3EGUDF7EXAMPLEX"),
    Key("aws-key", b"ASIA", b"Q3EGUDF7EXAMPLEX"),
    Key("aws-bedrock-key", b"ABSK", LETTERS[:70] + b"=="),
    Key("github-token", b"ghp_", LETTERS[:36]),
    Key("github-token", b"gho_", LETTERS[:36]),
    Key("github-token", b"ghu_", LETTERS[:36]),
    Key("github-token", b"ghs_", LETTERS[:36]),
    Key("github-token", b"ghr_", LETTERS[:36]),
    Key("github-token", b"github_pat_", LETTERS[:22] + b"_" + LETTERS[:59]),
    Key("gitlab-token", b"glpat-", LETTERS[:20]),
    Key("slack-token", b"xox", b"b-123456789012-1234567890123-" + LETTERS[:24]),
    Key("slack-token", b"xox", b"p-123456789012-" + LETTERS[:24]),
    Key("slack-token", b"xapp-", b"1-A0123456789-" + LETTERS[:30]),
    Key("slack-webhook", b"hooks.slack.com/services/", b"T01234567/B01234567/" + LETTERS[:24]),
    Key("stripe-key", b"sk_live_", LETTERS[:24]),
    Key("stripe-key", b"rk_live_", LETTERS[:24]),
    Key("hugging-face-token", b"hf_", LETTERS[:34]),
    Key("groq-key", b"gsk_", LETTERS[:52]),
    Key("xai-key", b"xai-", LETTERS[:80]),
    Key("perplexity-key", b"pplx-", LETTERS[:48]),
    Key("replicate-token", b"r8_", LETTERS[:37]),
    Key("nvidia-key", b"nvapi-", LETTERS[:64]),
    Key("langsmith-key", b"lsv2_", b"pt_" + b"0f1e2d3c" * 4 + b"_0f1e2d3c4b"),
    Key("npm-token", b"npm_", LETTERS[:36]),
    Key("pypi-token", b"pypi-AgEI", b"cHlwaS5vcmc" + LETTERS[:70]),
    Key("sendgrid-key", b"SG.", LETTERS[:22] + b"." + LETTERS[:43]),
    Key("jwt", b"eyJ", b"hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0"),
    Key("bearer-token", b"Bearer ", LETTERS[:32]),
    Key("bearer-token", b"bearer%20", LETTERS[:32]),
    Key("ephemeral-key", b"ek_", b"0f1e2d3c" * 4),
    Key("ephemeral-key", b"realtime, openai-insecure-api-key.ek_", b"0f1e2d3c" * 4),
    Key("named-secret", b"OPENAI_API_KEY=", LETTERS[:32]),
    Key("named-secret", b"-H 'X-Api-Key: ", LETTERS[:32]),
    Key("named-secret", b"DB_PASSWORD=", b"aB3d!E6g@H9"),
    Key("named-secret", b"export HF_TOKEN='", LETTERS[:32]),
    Key("named-secret", b"https://h/a?api_key=", LETTERS[:32]),
    Key("named-secret", b"https://h/a?b=c&sig=", LETTERS[:32]),
    Key("named-secret", b"https://h/a?X-Amz-Signature=", b"0f1e2d3c" * 8),
    Key("authorization", b"Authorization: Basic ", b"dXNlcjpwYXNzd29yZA=="),
    Key("url-password", b"://user:", b"hunter-2"),
]

ESCAPED_KEYS = [
    Key("slack-webhook", b"hooks.slack.com\\/services\\/", b"T01234567\\/B01234567\\/" + LETTERS[:24]),
    Key("url-password", b":\\/\\/user:", b"hunter-2"),
]
"""As JSON may spell them: it need not escape slashes, but some writers do."""

QUOTED_KEYS = [
    Key("named-secret", b'{"name":"x-api-key","value":"', LETTERS[:32]),
    Key("named-secret", b'[["Authorization", "', LETTERS[:32]),
    Key("authorization", b'{"name":"Authorization","value":"Basic ', b"dXNlcjpwYXNzd29yZA=="),
    Key("named-secret", b"https://h/a?b=c&sig=", LETTERS[:32] + b"%2B%3D"),
]
"""In a document of their own, or percent-encoded: not as a string of an event holds them, nor over lines."""

BEHIND = {"url-password": b"@host/"}
"""What has to follow so that it is one."""

PEM_LINES = [LETTERS[:64], LETTERS[10:74], LETTERS[:20] + b"=="]


def pem(line_end: bytes, kind: bytes = b"RSA ") -> bytes:
    """A private key as a text has it whose lines end so."""
    lines = [
        b"-----BEGIN " + kind + b"PRIVATE KEY-----",
        *PEM_LINES,
        b"-----END " + kind + b"PRIVATE KEY-----",
    ]
    return line_end.join(lines)
