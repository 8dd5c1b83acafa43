"""What several places say of a test's server, the first that says something counting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sseproxy.config import check_settings, read_config, take_tables
from sseproxy.demo.server import DEMO
from sseproxy.errors import SseproxyError
from sseproxy.matching import Exhausted, Rules, parse_rules
from sseproxy.modes import IN_TESTS, RecordMode
from sseproxy.proxy.routes import parse_routes
from sseproxy.schedule import parse_speed
from sseproxy.standin import Plan
from sseproxy.testing.masking import Masking
from sseproxy.upstream.origin import parse_url

Layer = Mapping[str, Any]
"""Settings by name. One that is None is not said."""

KNOWN = ("record_mode", "speed", "upstream", "secret_env", "match", "strict", "exhausted")


class Tables(NamedTuple):
    """What a configuration file says of matching and of masking."""

    rules: Rules
    masking: Masking


def read_tables(folder: Path) -> Tables:
    """Those of the `sseproxy.toml` or `pyproject.toml` there. Options count for commands alone.

    Raises SseproxyError for what is no rule, and for a key or a table that is none of ours.
    """
    if (found := read_config(folder)) is None:
        return Tables(Rules(), Masking())
    tables = take_tables(*found)
    check_settings(*found)
    rules = parse_rules(tables.match, tables.where("match"))
    return Tables(rules, Masking(tables.redact, tables.where("redact")))


def resolve(
    library: Path,
    *layers: Layer | tuple[str, Layer],
    rules: Rules = Rules(),  # noqa: B008 - a frozen value
    masking: Masking | None = None,
) -> Plan:
    """The plan for a library. A layer may have a name, for errors; earlier ones go first.

    `rules`: those that hold where no layer says `match`; `masking`: what is masked, but for `secret_env`, of
    which all that is said counts: a secret stays one. Raises SseproxyError for what is no setting.
    """
    found: dict[str, Any] = {}
    secrets: list[str] = []
    for where, layer in (each if isinstance(each, tuple) else ("settings", each) for each in layers):
        if not isinstance(layer, Mapping):
            hint = "; is a `return` missing?" if layer is None else ""
            raise SseproxyError(f"{where}: {layer!r} is no dictionary of settings{hint}")
        for name, value in layer.items():
            if name not in KNOWN:
                raise SseproxyError(f"{where}: there is no setting {name!r}; there are {', '.join(KNOWN)}")
            if value is not None and name == "secret_env":
                secrets += _checked(where, name, value)
            elif value is not None and name not in found:
                found[name] = _checked(where, name, value)
    mode = found.get("record_mode", RecordMode.NONE)
    return Plan(
        library,
        mode=mode,
        upstreams=found.get("upstream", ()),
        rules=found.get("match", rules),
        redaction=(masking or Masking()).rules(secrets, records=mode is not RecordMode.NONE),
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
                return upstreams(value)
            case "secret_env":
                return _texts(value, "a variable's name")
            case "match":
                return parse_rules(value, f"{where}: match")
            case _:
                return _flag(value)
    except ValueError as error:
        raise SseproxyError(f"{where}: {name}: {error}") from None
    except SseproxyError as error:
        raise SseproxyError(str(error) if name == "match" else f"{where}: {name}: {error}") from None


def upstreams(value: Any) -> tuple[str, ...]:
    """One or several, `URL` or `/prefix=URL` each. Raises ValueError, saying what is wrong with which."""
    specs = _texts(value, "a URL")
    try:
        for _, url in parse_routes(specs):
            if url != DEMO:
                parse_url(url)
    except SseproxyError as error:  # on the command line it is an option's
        raise ValueError(str(error).removeprefix("--upstream ")) from None
    return specs


def _one_of(allowed: Sequence[str], kind: Any, value: Any) -> Any:
    if value not in allowed:
        raise ValueError(f"{value!r} is none of {', '.join(allowed)}")
    return kind(value)


def _texts(value: Any, what: str) -> tuple[str, ...]:
    several = [value] if isinstance(value, str) else value
    if not (isinstance(several, list | tuple) and several and all(isinstance(each, str) for each in several)):
        raise ValueError(f"{value!r} is neither {what} nor a list of them")
    return tuple(several)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither True nor False")
    return value
