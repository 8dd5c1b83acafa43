"""All that is to be masked: what we know of, and what a user adds."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from functools import cache, cached_property

import regex

from sseproxy.redaction.frames import Frame
from sseproxy.redaction.lookup import Lookup
from sseproxy.redaction.members import MemberFinder
from sseproxy.redaction.names import (
    MEMBER_ANCHORS,
    NAME_ENDS,
    is_credential_field,
    is_credential_header,
    is_credential_member,
    is_token_member,
)
from sseproxy.redaction.paths import Path

_FRAMES = 8


class Rules:
    """What is masked. The values are those of `[redact]` and --secret-env, checked by `redaction.own`."""

    def __init__(
        self,
        *,
        names: Sequence[str] = (),
        keep: Sequence[str] = (),
        paths: Sequence[Path] = (),
        patterns: Mapping[str, regex.Pattern[bytes]] | None = None,
        secrets: Mapping[str, bytes] | None = None,
    ) -> None:
        """`names`: masked wherever they name something. `keep`: never masked for their name.

        `patterns` and `secrets` by the name that a record tells of what was masked by them.
        """
        self._names = frozenset(name.lower().encode() for name in names)
        self._keep = frozenset(name.lower().encode() for name in keep)
        self.paths = tuple(paths)
        self.patterns = dict(patterns or {})
        self.secrets = dict(secrets or {})
        self.frames: deque[Frame] = deque(maxlen=_FRAMES)
        """What streams had around their texts of late: a memory of `redaction.texts`, for speed alone."""

    def is_header(self, name: bytes) -> bool:
        """Whether a header of this name is masked."""
        return self._own(name, is_credential_header(name))

    def is_field(self, name: bytes) -> bool:
        """The same of a query parameter, a form's field, a part."""
        return self._own(name, is_credential_field(name))

    def is_member(self, name: bytes) -> bool:
        """The same of a member of a JSON object."""
        return self._own(name, is_credential_member(name))

    def is_token(self, name: bytes) -> bool:
        """Whether a member of this name is masked where its value looks like a credential."""
        return self._own(name, is_token_member(name))

    def _own(self, name: bytes, known: bool) -> bool:
        name = name.lower()
        return name in self._names or (known and name not in self._keep)

    @cached_property
    def plain(self) -> Lookup:
        """For text as it is."""
        return self._lookup(lines=False)

    @cached_property
    def stream(self) -> Lookup:
        """For an event stream as it is on the wire."""
        return self._lookup(lines=True)

    def _lookup(self, *, lines: bool) -> Lookup:
        members = MemberFinder(lines, self.is_member, self.is_token)
        own = MemberFinder(lines, lambda name: name.lower() in self._names, own=True)
        anchors = [(anchor, members) for anchor in MEMBER_ANCHORS]
        anchors += [(name + end, own) for name in sorted(self._names) for end in NAME_ENDS]
        return Lookup(anchors, self.secrets, self.patterns, lines=lines)


@cache
def built_in() -> Rules:
    """The rules that hold where nobody has set any."""
    return Rules()
