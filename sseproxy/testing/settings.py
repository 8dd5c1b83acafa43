"""What several places say of a test's server, the first that says something counting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sseproxy.errors import SseproxyError
from sseproxy.matching import Exhausted, Rules, parse_rules
from sseproxy.modes import IN_TESTS, RecordMode
from sseproxy.redaction import Rules as Redaction
from sseproxy.schedule import parse_speed
from sseproxy.standin import Plan

Layer = Mapping[str, Any]
"""Settings by name. One that is None is not said."""

KNOWN = ("record_mode", "speed", "upstream", "match", "strict", "exhausted")


def resolve(
    library: Path,
    *layers: Layer | tuple[str, Layer],
    rules: Rules = Rules(),  # noqa: B008 - a frozen value
    redaction: Redaction | None = None,
) -> Plan:
    """The plan for a library. A layer may have a name, for errors; earlier ones go first.

    `rules`: those that hold where no layer says `match`; `redaction`: what is masked. Raises SseproxyError
    for what is no setting.
    """
    found: dict[str, Any] = {}
    for where, layer in (each if isinstance(each, tuple) else ("settings", each) for each in layers):
        for name, value in layer.items():
            if name not in KNOWN:
                raise SseproxyError(f"{where}: there is no setting {name!r}; there are {', '.join(KNOWN)}")
            if value is not None and name not in found:
                found[name] = _checked(where, name, value)
    return Plan(
        library,
        mode=found.get("record_mode", RecordMode.NONE),
        upstreams=found.get("upstream", ()),
        rules=found.get("match", rules),
        redaction=redaction,
        strict=found.get("strict", False),
        **{name: found[name] for name in ("speed", "exhausted") if name in found},
    )


def _checked(where: str, name: str, value: Any) -> Any:
    try:
        match name:
            case "record_mode":
                return _one_of(IN_TESTS, RecordMode, value)
            case "exhausted":
                return _one_of(tuple(Exhausted), Exhausted, value)
            case "speed":
                return parse_speed(value)
            case "upstream":
                return _upstreams(value)
            case "match":
                return parse_rules(value, f"{where}: match")
            case _:
                return _flag(value)
    except ValueError as error:
        raise SseproxyError(f"{where}: {name}: {error}") from None
    except SseproxyError as error:
        raise SseproxyError(str(error) if name == "match" else f"{where}: {name}: {error}") from None


def _one_of(allowed: Sequence[str], kind: Any, value: Any) -> Any:
    if value not in allowed:
        raise ValueError(f"{value!r} is none of {', '.join(allowed)}")
    return kind(value)


def _upstreams(value: Any) -> tuple[str, ...]:
    several = [value] if isinstance(value, str) else value
    if not (isinstance(several, list | tuple) and several and all(isinstance(each, str) for each in several)):
        raise ValueError(f"{value!r} is neither a URL nor a list of them")
    return tuple(several)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither True nor False")
    return value
