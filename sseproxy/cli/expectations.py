"""Options that say whose events are looked for and which orders are legal: --dialect and --contract."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from sseproxy.analysis.lint import Expectations
from sseproxy.cli.dialects import by_name, known
from sseproxy.config import Tables
from sseproxy.contract import ContractError, compile_contract
from sseproxy.errors import SseproxyError

Function = TypeVar("Function", bound=Callable[..., Any])

_NAMED = re.compile(r"\s*([\w.-]+)\s*=(.*)", re.DOTALL)  # no contract holds a `=`


def expectations(function: Function) -> Function:
    """The command gets `expectations`, checked. Raises SseproxyError before it runs."""

    @functools.wraps(function)
    def with_expectations(*, dialect: str | None, contract: tuple[str, ...], **rest: Any) -> Any:
        whose = by_name(dialect) if dialect else None
        found = Expectations(known(), whose, _contracts(contract, _source()))
        return function(expectations=found, **rest)

    dialect = click.option("--dialect", metavar="NAME", help="Whose events these are.  [default: found out]")
    contract = click.option(
        "--contract",
        multiple=True,
        metavar="[DIALECT=]PATTERN",
        help="The legal order of events, in place of the dialect's own; without a name, of all.",
    )
    return dialect(contract(with_expectations))  # type: ignore[return-value]


def _source() -> str:
    """Where in the configuration file the contracts stand; empty where the command line gives them."""
    context = click.get_current_context()
    tables = context.find_object(Tables)
    if tables and context.get_parameter_source("contract") is ParameterSource.DEFAULT_MAP:
        return tables.where("contracts")
    return ""


def as_options(expectations: Expectations) -> list[str]:
    """What makes another command expect the same."""
    dialect = ["--dialect", expectations.dialect.name] if expectations.dialect else []
    named = (f"{name}={pattern}" if name else pattern for name, pattern in expectations.contracts.items())
    return dialect + [word for text in named for word in ("--contract", text)]


def _contracts(given: tuple[str, ...], source: str) -> dict[str, str]:
    found = {}
    for text in given:
        named = _NAMED.fullmatch(text)
        name, pattern = named.groups() if named else ("", text)
        try:
            if name:
                by_name(name)
            compile_contract(pattern)
        except ContractError as error:
            raise SseproxyError(f"{source or '--contract'} {(name or text)!r}: {error}") from None
        except SseproxyError as error:
            raise SseproxyError(f"{source}: {error}" if source else str(error)) from None
        found[name] = pattern
    return found
