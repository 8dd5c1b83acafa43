"""`sseproxy scan` and `sseproxy scrub` as processes, and the rules of a configuration file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sseproxy.cassette.pack import pack
from sseproxy.cassette.writer import CassetteWriter
from tests.cassette.lines import DATA, END, HEAD, REQUEST, RESPONSE, lines
from tests.cli.support import Outcome, complaint, sseproxy

KEY = "sk-proj-aB3dE6gH9jK2mN5pQ8sT1vW4"
MASKED = "sk-[redacted]" + "*" * 19

CLEAN = lines(HEAD, REQUEST, RESPONSE, DATA, END)
LEAKY = lines(
    HEAD,
    REQUEST,
    RESPONSE,
    DATA | {"text": f"data: {KEY}\n\n"},
    DATA | {"text": 'data: {"password":"hunter2","tenant":"acme-inc"}\n\n'},
    END,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "clean.sse.jsonl").write_bytes(CLEAN)
    (tmp_path / "leaky.sse.jsonl").write_bytes(LEAKY)
    return tmp_path


def run(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> Outcome:
    outcome = sseproxy(*arguments, cwd=folder, env=env)
    assert not re.search("aB3dE6|hunter2|acme", outcome.out + outcome.err)  # never printed
    return outcome


def test_scan_says_where_and_exits_1(folder: Path) -> None:
    outcome = run(folder, "scan", ".")
    assert outcome.out == "leaky.sse.jsonl:4: sk-key\nleaky.sse.jsonl:5: body.password\n"
    assert outcome.err == "found something in 1 of 2 cassettes\n"
    assert outcome.status == 1
    assert (folder / "leaky.sse.jsonl").read_bytes() == LEAKY


def test_where_there_is_nothing_it_exits_0(folder: Path) -> None:
    outcome = run(folder, "scan", "clean.sse.jsonl")
    assert (outcome.status, outcome.out, outcome.err) == (0, "", "found something in 0 of 1 cassette\n")


def test_scrub_masks_and_says_where(folder: Path) -> None:
    outcome = run(folder, "scrub", ".")
    assert outcome.out == "leaky.sse.jsonl:4: sk-key\nleaky.sse.jsonl:5: body.password\n"
    assert (outcome.status, outcome.err) == (0, "masked something in 1 of 2 cassettes\n")
    masked = (folder / "leaky.sse.jsonl").read_text()
    assert MASKED in masked
    assert '\\"password\\":\\"[redact\\"' in masked
    assert (folder / "clean.sse.jsonl").read_bytes() == CLEAN
    assert sorted(path.name for path in folder.iterdir()) == ["clean.sse.jsonl", "leaky.sse.jsonl"]
    assert run(folder, "scan", ".").status == 0


def test_packed_ones_stay_packed(folder: Path) -> None:
    packed = pack(folder / "leaky.sse.jsonl")
    assert run(folder, "scan", ".").status == 1
    assert run(folder, "scrub", ".").status == 0
    assert run(folder, "scan", ".").status == 0
    assert packed.exists()


def test_what_is_being_recorded_is_left_alone(folder: Path) -> None:
    writer = CassetteWriter(folder, "open.sse.jsonl")
    writer.append(LEAKY)
    outcome = run(folder, "scrub", "open.sse.jsonl.part")
    writer.close()
    assert complaint(Outcome(outcome.status, b"", outcome.stderr.splitlines(keepends=True)[0])) == (
        "open.sse.jsonl.part: is being recorded; scrub it when it is finished"
    )
    assert writer.path.read_bytes() == LEAKY
    assert run(folder, "scrub", "open.sse.jsonl.part").status == 0
    assert writer.path.read_bytes() != LEAKY


def test_one_that_can_t_be_read_hides_no_other(folder: Path) -> None:
    (folder / "bad.sse.jsonl").write_text("nonsense\n")
    outcome = run(folder, "scan", ".")
    assert outcome.status == 2
    assert outcome.out == "leaky.sse.jsonl:4: sk-key\nleaky.sse.jsonl:5: body.password\n"
    assert outcome.err.startswith("Error: bad.sse.jsonl:1: not JSON: ")


@pytest.mark.parametrize("name", ["sseproxy.toml", "pyproject.toml"])
def test_rules_come_from_the_configuration_file(folder: Path, name: str) -> None:
    table = "redact" if name == "sseproxy.toml" else "tool.sseproxy.redact"
    (folder / name).write_text(f'[{table}]\nnames = ["tenant"]\nkeep = ["password"]\n')
    outcome = run(folder, "scan", ".")
    assert outcome.out == "leaky.sse.jsonl:4: sk-key\nleaky.sse.jsonl:5: body.tenant\n"


def test_a_wrong_rule_is_told_with_its_place(folder: Path) -> None:
    (folder / "sseproxy.toml").write_text('[redact]\njson = ["user.email"]\n')
    assert complaint(run(folder, "scan", ".")).startswith(
        "sseproxy.toml: [redact]: 'user.email' is no JSONPath: "
    )
    (folder / "sseproxy.toml").write_text("redact = 1\n")
    assert complaint(run(folder, "scan", ".")) == "sseproxy.toml: [redact] should be a table"


def test_the_value_of_a_variable_is_looked_for(folder: Path) -> None:
    outcome = run(folder, "scan", ".", "--secret-env", "A", env={"A": "acme-inc"})
    assert [line.partition(": ")[2] for line in outcome.out.splitlines()] == [
        "sk-key",
        "body.password",
        "env.A",
    ]
    outcome = run(folder, "scan", "clean.sse.jsonl", env={"SSEPROXY_SECRET_ENV": "A B"})
    assert outcome.err.splitlines()[:2] == [
        f"sseproxy: warning: {name} (--secret-env) is not set: nothing to mask" for name in "AB"
    ]
    assert outcome.status == 0


def test_a_variable_with_hardly_a_value_is_refused(folder: Path) -> None:
    assert complaint(run(folder, "scan", ".", "--secret-env", "A", env={"A": "1"})) == (
        "the secret in A has 1 bytes: too short to be told from other text"
    )
