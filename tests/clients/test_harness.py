"""A client that can't be run here is skipped with a reason; where all must run that is a failure."""

from __future__ import annotations

import pytest

from tests.clients.harness import require
from tests.clients.matrix import Needs


@pytest.mark.parametrize("needs", Needs)
def test_what_is_missing_is_told(needs: Needs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"^no \S+ on this machine$"):
        require(needs)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=r"^no \S+ on this machine$"):
        require(needs)


def test_a_client_of_python_alone_needs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    require(None)
