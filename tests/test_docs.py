"""The documentation says what is so."""

from __future__ import annotations

import json
import pkgutil
import re
import shutil
import tomllib
from pathlib import Path

import click
import pytest

import sseproxy
from sseproxy.analysis.diff import Heading
from sseproxy.analysis.events import read_stream
from sseproxy.analysis.lint import RULES, Finding, Place
from sseproxy.analysis.lint import as_json as lint_json
from sseproxy.analysis.report import as_json
from sseproxy.analysis.story import read_story
from sseproxy.analysis.validate import findings
from sseproxy.cassette.decode import decode
from sseproxy.exchange import Ending
from sseproxy.export.rows import rows
from tests import docs_cli, docs_clients, docs_examples, docs_findings
from tests.cli.builder import encoded

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXT = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in PAGES}
README, FORMAT, ARCHITECTURE = (
    TEXT["README.md"],
    TEXT["docs/cassette-format.md"],
    TEXT["docs/architecture.md"],
)
every_page = pytest.mark.parametrize("page", TEXT)


def fenced(text: str, language: str) -> list[str]:
    """The code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    """What a page's headings are linked by."""
    headings = re.findall(
        r"^#+ (.*)$", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE
    )
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_command_line_reference_is_up_to_date() -> None:
    assert TEXT["docs/cli.md"] == docs_cli.render(), "run: python -m tests.docs_cli"


def test_the_table_of_clients_is_up_to_date() -> None:
    assert TEXT["docs/clients.md"] == docs_clients.render(), "run: python -m tests.docs_clients"


def test_the_findings_are_up_to_date() -> None:
    assert TEXT["docs/findings.md"] == docs_findings.render(), "run: python -m tests.docs_findings"


def test_the_json_of_lint_has_the_keys_that_are_documented() -> None:
    example = next(block for block in fenced(TEXT["docs/cli.md"], "json") if '"code"' in block)
    (documented,) = json.loads(example)
    place = Place("one", "id", 1)
    real = lint_json(Finding(RULES["O301"], place, "", others=(place,)))
    assert list(documented) == list(real)


@pytest.mark.parametrize(("name", "command"), docs_cli.commands().items(), ids=list(docs_cli.commands()))
def test_a_command_is_documented(name: str, command: click.Command) -> None:
    assert command.help
    assert [option.name for option in docs_cli.options(command) if not option.help] == []
    assert docs_cli.EXAMPLES[name].startswith(f"sseproxy {name}")
    assert re.search(rf"\bsseproxy {name}\b|`{name}`", README)


@every_page
def test_a_link_leads_somewhere(page: str) -> None:
    text = re.sub(r"^```.*?^```$", "", TEXT[page], flags=re.MULTILINE | re.DOTALL)
    for link in re.findall(r"\]\(([^)]+)\)", text):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), link


@every_page
def test_an_example_uses_commands_and_options_that_there_are(page: str) -> None:
    commands = docs_cli.commands()
    for line in "".join(fenced(TEXT[page], "sh")).replace("\\\n", " ").splitlines():
        for name, rest in re.findall(r"\bsseproxy ([a-z]+)\b([^|&#]*)", line):
            assert name in commands, line
            known = {flag for option in docs_cli.options(commands[name]) for flag in option.opts}
            ours = rest.partition(" -- ")[0]  # what follows is another program's
            assert set(re.findall(r"(?<!\S)--[a-z-]+", ours)) <= known, line


def test_the_configuration_file_sets_options_that_there_are() -> None:
    (example,) = fenced(TEXT["docs/cli.md"], "toml")
    flags = {
        flag
        for command in docs_cli.commands().values()
        for each in docs_cli.options(command)
        for flag in each.opts
    }
    assert {f"--{key}" for key in tomllib.loads(example)} <= flags | {"--contracts"}


OUTPUTS = [
    (page, command, output)
    for page in ("docs/debugging.md", "docs/export.md")
    for command, output in re.findall(
        r"^```sh\n(sseproxy [^\n]*)\n```\n\n```\n(.*?)^```$", TEXT[page], re.MULTILINE | re.DOTALL
    )
]


@pytest.mark.parametrize(("page", "command", "output"), OUTPUTS, ids=[each[1] for each in OUTPUTS])
def test_an_output_is_what_the_command_prints(page: str, command: str, output: str, tmp_path: Path) -> None:
    if "jq " in command and not shutil.which("jq"):
        pytest.skip("there is no jq on this machine")
    docs_examples.lay_out(tmp_path)
    assert docs_examples.printed(command, tmp_path) == output


def test_the_columns_of_events_are_documented() -> None:
    table = TEXT["docs/export.md"].split("## Rows")[1].split("```sql")[0]
    named = re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)))
    (real, *_) = rows("", read_story(decode(fenced(FORMAT, "jsonl")[0].encode())))
    assert sorted(named) == sorted(real)


def test_the_json_of_diff_has_the_headings() -> None:
    example = next(block for block in fenced(TEXT["docs/cli.md"], "json") if '"only_a"' in block)
    (pair,) = json.loads(example)["pairs"]
    assert list(pair) == ["a", "b", *Heading]


@every_page
def test_no_page_names_a_machine(page: str) -> None:
    assert re.findall(r"/(?:work|root|home|tmp)/\S*", TEXT[page]) == []


def test_the_readme_has_one_block_for_ci_and_names_the_tests() -> None:
    """.ci/readme runs the first; the second is what .ci/run has run already."""
    assert re.findall(r"^<!-- ci -->\n```sh\n(.*?)\n```$", README, re.MULTILINE | re.DOTALL) == [
        "python3 -m venv .venv && .venv/bin/pip install -q . && .venv/bin/sseproxy demo"
    ]
    assert ".ci/test\n" in fenced(README, "sh")
    assert "\nstep test .ci/test\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", [README, TEXT["docs/cli.md"]], ids=["README", "cli.md"])
def test_exit_statuses_are_told(text: str) -> None:
    assert [number for number in ("0", "1", "2", "130") if f"\n| {number} | " not in text] == []


def test_the_example_of_a_cassette_is_one() -> None:
    (example,) = fenced(FORMAT, "jsonl")
    exchange = decode(example.encode())
    assert findings(exchange) == []
    assert [len(data) for _, data in exchange.arrivals] == [92, 47]
    assert len(read_stream(exchange).dispatched) == 3
    # As our own recorder would have written it, the masked names aside.
    assert encoded(exchange).decode() == example.replace(',"redacted":["headers.authorization"]', "")


def test_a_changed_token_is_a_changed_line() -> None:
    (example,) = fenced(FORMAT, "jsonl")
    (diff,) = fenced(FORMAT, "diff")
    before = "".join(line[1:] for line in diff.splitlines(keepends=True) if line[0] in " -")
    after = "".join(line[1:] for line in diff.splitlines(keepends=True) if line[0] in " +")
    assert before in example
    assert len(diff.splitlines()) == len(before.splitlines()) + 1
    changed = decode(example.replace(before, after).encode())
    assert findings(changed) == []
    assert [timed.event.data for timed in read_stream(changed).dispatched][
        1
    ] == '{"event":"token","data":"Hey"}'


def test_all_endings_and_records_are_described() -> None:
    _, *endings = re.findall(
        r"^\| `(\w+)` \|", FORMAT.split("## Endings")[1].split("## Files")[0], re.MULTILINE
    )
    assert endings == list(Ending)
    kinds = re.findall(r"`(\w+)`", "".join(re.findall("^### .*$", FORMAT, re.MULTILINE)))
    assert kinds == ["head", "request", "upload", "upload_end", "response", "data", "note", "end"]


def test_the_json_of_show_has_the_keys_that_are_documented() -> None:
    example = next(block for block in fenced(TEXT["docs/cli.md"], "json") if '"events"' in block)
    (documented,) = json.loads(example)
    exchange = decode(fenced(FORMAT, "jsonl")[0].encode())
    real = json.loads(json.dumps(as_json("", exchange, read_stream(exchange))))
    assert list(documented) == list(real)
    assert list(documented["events"][0]) == list(real["events"][0])


def test_the_floors_are_those_that_are_checked() -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (layers,) = (
        each["layers"]
        for each in contract["tool"]["importlinter"]["contracts"]
        if each.get("containers") == ["sseproxy"]
    )
    (block,) = (block for block in fenced(ARCHITECTURE, "") if "cassette.decode" in block)
    assert [re.split(" {2,}", line)[0] for line in block.splitlines()] == layers


def test_the_walks_lead_past_functions_that_there_are() -> None:
    names = re.findall(r"`([a-z_0-9.]+:[A-Za-z_.]+)`", ARCHITECTURE)
    assert len(names) > 20
    for name in names:
        assert callable(pkgutil.resolve_name(f"sseproxy.{name}")), name


def test_files_that_are_named_are_there() -> None:
    package = Path(sseproxy.__file__).parent
    for name in re.findall(r"`([a-z_/0-9]+\.py)`", "".join(TEXT.values())):
        assert (package / name).exists(), name
