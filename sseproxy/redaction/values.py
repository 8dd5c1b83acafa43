"""Values that are no secret though their member is called like one.

A secret that is written is an incident; a value that is masked needlessly spoils a replay. So a value is left
alone only where it tells nothing: the label of a field in a form, a word that types and states are named by,
and what people write where a secret would stand. Words that may be somebody's password are not among them.
"""

from __future__ import annotations

import regex

_WORDS = tuple(b"null none undefined true false string text required optional".split())
_PLACEHOLDER = regex.compile(
    rb"\*+|x{4,}|X{4,}|\.{3}|(?:\xe2\x80\xa2|\\+u2022)+"
    rb"|\$\{[A-Za-z_][A-Za-z0-9_.]*\}|\$[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+"
    rb"|\{\{ ?[A-Za-z_][A-Za-z0-9_.]* ?\}\}|<[A-Za-z][A-Za-z _-]*>"
    rb"|(?i:your)[-_ ](?:[A-Za-z]+[-_ ]){0,5}(?i:key|token|secret|password|here)"
)
_BETWEEN_WORDS = b"-_ "
_BEHIND_LABELS = b":*?."


def says_nothing(name: bytes, value: bytes) -> bool:
    """Whether the whole value of a member is no secret."""
    said = _folded(value)
    label = said.rstrip(_BEHIND_LABELS)
    return label == _folded(name) or said in _WORDS or _PLACEHOLDER.fullmatch(value) is not None


def may_say_nothing(name: bytes, begun: bytes) -> bool:
    """The same of one that may go on."""
    said = _folded(begun)
    known = (_folded(name), *_WORDS)
    if said.rstrip(_BEHIND_LABELS) == known[0] or any(each.startswith(said) for each in known):
        return True
    return _PLACEHOLDER.fullmatch(begun, partial=True) is not None


def _folded(words: bytes) -> bytes:
    return words.lower().translate(None, _BETWEEN_WORDS)
