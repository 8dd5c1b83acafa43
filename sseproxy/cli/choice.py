"""Which findings are shown: --select, --ignore and --severity."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from sseproxy.analysis.lint import RULES, Rule, Severity
from sseproxy.errors import SseproxyError

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Choice:
    select: tuple[str, ...] = ()
    """Beginnings of codes; none: all. What is selected is shown whatever its severity is."""
    ignore: tuple[str, ...] = ()
    severity: Severity = Severity.WARNING

    def shows(self, rule: Rule) -> bool:
        if self.ignore and rule.code.startswith(self.ignore):
            return False
        if self.select:
            return rule.code.startswith(self.select)
        return rule.severity >= self.severity


def choice(function: Function) -> Function:
    """The command gets `choice`, checked."""

    @functools.wraps(function)
    def with_choice(*, select: tuple[str, ...], ignore: tuple[str, ...], severity: str, **rest: Any) -> Any:
        found = Choice(_codes("--select", select), _codes("--ignore", ignore), Severity[severity.upper()])
        return function(choice=found, **rest)

    options = [
        click.option(
            "--select",
            multiple=True,
            metavar="CODE,...",
            help="Show these alone, such as O301, or O3 for all that begin so; whatever their severity.",
        ),
        click.option("--ignore", multiple=True, metavar="CODE,...", help="Don't show these."),
        click.option(
            "--severity",
            type=click.Choice([str(each) for each in Severity]),
            default=str(Severity.WARNING),
            show_default=True,
            help="Show findings from this on.",
        ),
    ]
    wrapped: Any = with_choice
    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[no-any-return]


def _codes(option: str, given: Iterable[str]) -> tuple[str, ...]:
    codes = [code.strip().upper() for text in given for code in text.split(",") if code.strip()]
    for code in codes:
        if not any(known.startswith(code) for known in RULES):
            raise SseproxyError(f"{option}: no finding has the code {code!r}; there are {', '.join(RULES)}")
    return tuple(codes)
