"""Options that say whose events are looked for and which orders are legal: --dialect and --contract."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

from sseproxy.analysis.lint import Expectations
from sseproxy.cli.dialects import by_name, known
from sseproxy.contract import ContractError, compile_contract
from sseproxy.errors import SseproxyError

Function = TypeVar("Function", bound=Callable[..., Any])

_NAMED = re.compile(r"\s*([\w.-]+)\s*=(.*)", re.DOTALL)  # no contract holds a `=`


def expectations(function: Function) -> Function:
    """The command gets `expectations`, checked. Raises SseproxyError before it runs."""

    @functools.wraps(function)
    def with_expectations(*, dialect: str | None, contract: tuple[str, ...], **rest: Any) -> Any:
        found = Expectations(known(), by_name(dialect) if dialect else None, _contracts(contract))
        return function(expectations=found, **rest)

    dialect = click.option("--dialect", metavar="NAME", help="Whose events these are.  [default: found out]")
    contract = click.option(
        "--contract",
        multiple=True,
        metavar="[DIALECT=]PATTERN",
        help="The legal order of events, in place of the dialect's own; without a name, of all.",
    )
    return dialect(contract(with_expectations))  # type: ignore[return-value]


def _contracts(given: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for text in given:
        named = _NAMED.fullmatch(text)
        name, pattern = named.groups() if named else ("", text)
        if name:
            by_name(name)
        try:
            compile_contract(pattern)
        except ContractError as error:
            raise SseproxyError(f"--contract {(name or text)!r}: {error}") from None
        found[name] = pattern
    return found
