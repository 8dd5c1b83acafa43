"""Test runners of other languages, with the suites of docs/testing.md: real ones, through `sseproxy exec`.

`node:test` needs no package and is run by tests/cli/test_exec.py.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.builder import save, stream
from tests.cli.support import sseproxy
from tests.clients.harness import MODULES, require
from tests.clients.matrix import FOLDER, Needs

pytestmark = pytest.mark.clients

PAGE = FOLDER.parents[1] / "docs" / "testing.md"
IMPORTS = re.compile(r'(^import .*? from ".*?";\n)+', re.MULTILINE)


def suite_of_vitest() -> str:
    """The suite that is written out, with the import that the page has for Vitest."""
    blocks = re.findall(r"^```js\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    suite, imports = blocks
    assert "vitest" in imports
    return IMPORTS.sub(imports, suite)


@pytest.mark.parametrize(
    ("answer", "status", "told"),
    [((), 0, {"numPassedTests": 1, "numFailedTests": 0}), (("data: other\n\n",), 1, {"numFailedTests": 1})],
    ids=["passes", "fails"],
)
def test_vitest(answer: tuple[str, ...], status: int, told: dict[str, int], tmp_path: Path) -> None:
    require(Needs.NODE)
    save(tmp_path / "cassettes", stream(*(each.encode() for each in answer)))
    (tmp_path / "chat.test.mjs").write_text(suite_of_vitest())
    (tmp_path / "node_modules").symlink_to(MODULES)
    command = ("npx", "vitest", "run", "--reporter=json", "--outputFile=outcome.json")
    outcome = sseproxy("exec", "--", *command, cwd=tmp_path)
    assert outcome.status == status, outcome.err
    found = json.loads((tmp_path / "outcome.json").read_text())
    assert {key: found[key] for key in told} == told
