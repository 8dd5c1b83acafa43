"""`sseproxy lint` and `sseproxy learn`."""

from __future__ import annotations

import fcntl
import json
import re
import tomllib
from pathlib import Path

import pytest

from sseproxy.cassette.pack import pack
from sseproxy.exchange import Ending
from tests.cli.builder import EVENTS, save, stream
from tests.cli.support import complaint, in_terminal, sseproxy
from tests.lint.streams import CAPTURES, GOOD_HEADERS, TAKEOVER

TOKEN, END = EVENTS[0], EVENTS[2]
METADATA = b'event: metadata\ndata: {"chatId":"c"}\n\n'
LATE = stream(TOKEN, METADATA, TOKEN, TOKEN, END, headers=GOOD_HEADERS)


@pytest.fixture
def late(tmp_path: Path) -> Path:
    """A cassette with two tokens behind the metadata."""
    return save(tmp_path, LATE, "late.sse.jsonl")


def test_good_streams_are_told_on_stderr_alone() -> None:
    done = sseproxy("lint", CAPTURES)
    assert (done.status, done.out, done.err) == (0, "", "12 cassettes checked, nothing found\n")


def test_a_finding_is_a_line_and_is_explained_at_the_end(late: Path) -> None:
    done = sseproxy("lint", late)
    finding, blank, *explained = done.out.splitlines()
    assert (done.status, done.err, blank) == (1, "1 cassette checked\n", "")
    assert finding == (
        f"{late}:6: error O301 late-token: `token` (event 3) came after `metadata` (event 2),"
        " at 0.030 s (and 1 more)"
    )
    assert explained[0] == "O301  A token came when the answer was over."
    assert explained[-1] == "      docs/findings.md#o301-late-token"


def test_of_two_requests_with_one_chat_id_both_streams_are_named() -> None:
    done = sseproxy("lint", TAKEOVER)
    finding, other, *_ = done.out.splitlines()
    assert (done.status, done.err) == (1, "2 cassettes checked\n")
    assert finding == (
        f"{TAKEOVER}/first.sse.jsonl:9: error S501 taken-over: this stream stopped after 5 tokens and got no"
        " end: a request with the same chat id `a-chat-of-two` came 0.129 s after it and got the end"
        f" ({TAKEOVER}/second.sse.jsonl), at 0.128 s"
    )
    assert other == f"  {TAKEOVER}/second.sse.jsonl:39: the other stream"


def test_json_is_for_tools(late: Path) -> None:
    done = sseproxy("lint", "--json", late)
    (finding,) = json.loads(done.out)
    assert done.status == 1
    assert {key: finding[key] for key in ("code", "severity", "line", "t", "event", "more", "cassette")} == {
        "code": "O301",
        "severity": "error",
        "line": 6,
        "t": 30_000,
        "event": 3,
        "more": 1,
        "cassette": str(late),
    }


def test_a_recording_without_its_end_is_told_once(tmp_path: Path) -> None:
    torn = save(tmp_path, stream(*EVENTS, ending=None, headers=GOOD_HEADERS), "torn.sse.jsonl")
    told, *_ = sseproxy("lint", torn).out.splitlines()
    why = "there is no `end`: its recorder died, could not write on, or is still at work"
    assert told.startswith(f"{torn}:")
    assert told.split(" R701 ")[1].startswith(f"incomplete: {why}, at ")
    assert "more" not in told
    assert [found["more"] for found in json.loads(sseproxy("lint", "--json", torn).out)] == [0]


def test_json_of_nothing_is_an_empty_array() -> None:
    done = sseproxy("lint", "--json", CAPTURES)
    assert (done.status, json.loads(done.out)) == (0, [])


def test_github_shows_it_beside_the_line(late: Path) -> None:
    strange = late.rename(late.with_name("a,b:c%.sse.jsonl"))
    (line,) = sseproxy("lint", "--github", strange).out.splitlines()
    assert line.startswith(
        f"::error file={strange.parent}/a%2Cb%3Ac%25.sse.jsonl,line=6,title=O301 late-token::`token` (ev"
    )


def test_colours_are_for_terminals(late: Path) -> None:
    assert "\x1b[1;31merror" in in_terminal("lint", late)


CHOICES = [
    ([], ["O301"]),
    (["--severity", "error"], ["O301"]),
    (["--severity", "info"], ["O301", "C604", "C605"]),
    (["--select", "C"], ["C604", "C605"]),
    (["--select", "C604,o3"], ["O301", "C604"]),
    (["--select", "C6", "--ignore", "C605"], ["C604"]),
    (["--ignore", "O"], []),
]


@pytest.mark.parametrize(("options", "codes"), CHOICES, ids=[" ".join(each) for each, _ in CHOICES])
def test_which_are_shown(options: list[str], codes: list[str], late: Path) -> None:
    done = sseproxy("lint", "--json", *options, late)
    found = {finding["code"] for finding in json.loads(done.out)}
    assert (done.status, sorted(found)) == (int(bool(codes)), sorted(codes))


WRONG = [
    (["--select", "X9"], "--select: no finding has the code 'X9'; there are W101,"),
    (["--ignore", "O301,O3011"], "--ignore: no finding has the code 'O3011'"),
    (["--contract", "a |"], "--contract 'a |': contract, character 4: a kind or `(` is missing at the end"),
    (
        ["--contract", "flowise=(a"],
        "--contract 'flowise': contract, character 3: a `)` is missing at the end",
    ),
    (["--contract", "flowize=a"], "no dialect is called 'flowize'; did you mean 'flowise'?"),
    (["--dialect", "antropic"], "no dialect is called 'antropic'; did you mean 'anthropic'?"),
    (["--json", "--github"], "--json and --github can't go together."),
    (["--follow"], "--follow goes with one folder."),
]


@pytest.mark.parametrize(("options", "sentence"), WRONG, ids=[" ".join(each) for each, _ in WRONG])
def test_wrong_usage_is_a_sentence(options: list[str], sentence: str, late: Path) -> None:
    assert complaint(sseproxy("lint", *options, late)).startswith(sentence)


def test_what_can_not_be_read_hides_no_other(late: Path) -> None:
    bad = late.with_name("bad.sse.jsonl")
    bad.write_text("{}\n")
    late.with_name("fresh.sse.jsonl.part").touch()
    done = sseproxy("lint", "--json", late.parent)
    assert (done.status, [each["code"] for each in json.loads(done.out)]) == (2, ["O301"])
    assert done.err.splitlines() == [
        f"Error: {bad}:1: each line should be a JSON object with a string `k`",
        "1 cassette checked, 1 can't be read, 1 without a head yet",
    ]
    late.unlink()
    assert sseproxy("lint", bad).err.splitlines()[1:] == ["0 cassettes checked, 1 can't be read"]


def test_a_recording_that_is_not_whole_is_found(tmp_path: Path) -> None:
    path = save(tmp_path, stream(TOKEN, METADATA, headers=GOOD_HEADERS, ending=None))
    (finding,) = json.loads(sseproxy("lint", "--json", path).out)
    assert (finding["code"], finding["line"]) == ("R701", 5)
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert sseproxy("lint", path).err == "1 cassette checked, nothing found\n"


def test_packed_cassettes_are_read_as_they_are(late: Path) -> None:
    packed = pack(late)
    (finding,) = json.loads(sseproxy("lint", "--json", packed).out)
    assert (finding["code"], finding["line"], finding["cassette"]) == ("O301", 6, str(packed))
    packed.write_bytes(packed.read_bytes()[:-20])
    assert sseproxy("lint", packed).err.startswith(f"Error: {packed}: can't be unpacked: ")


def test_a_contract_of_ones_own(late: Path) -> None:
    ours = "token metadata token* end"
    assert sseproxy("lint", late, "--contract", ours).status == 0
    assert sseproxy("lint", late, "--contract", f"flowise-named={ours}").status == 0
    assert sseproxy("lint", late, "--contract", f"flowise={ours}").status == 1
    assert sseproxy("lint", late, "--dialect", "plain").status == 0


def test_contracts_of_the_configuration_file(late: Path, tmp_path: Path) -> None:
    (tmp_path / "sseproxy.toml").write_text('[contracts]\nflowise-named = "token metadata token* end"\n')
    assert sseproxy("lint", late, cwd=tmp_path).status == 0
    (tmp_path / "sseproxy.toml").write_text("contracts = 1\n")
    sentence = "sseproxy.toml: 'contracts' should be a table of patterns by dialect"
    assert complaint(sseproxy("lint", late, cwd=tmp_path)) == sentence
    (tmp_path / "sseproxy.toml").write_text('[contracts]\nflowize = "token"\n')
    sentence = "sseproxy.toml: [contracts]: no dialect is called 'flowize'; did you mean 'flowise'?"
    assert complaint(sseproxy("lint", late, cwd=tmp_path)) == sentence


def test_contracts_of_the_file_are_no_option_of_other_commands(late: Path, tmp_path: Path) -> None:
    (tmp_path / "sseproxy.toml").write_text('[contracts]\nplain = "a"\n')
    assert sseproxy("ls", late, cwd=tmp_path).status == 0


def test_learn_proposes_what_all_have_in_common(tmp_path: Path) -> None:
    save(tmp_path, stream(TOKEN, TOKEN, METADATA, END, id="A"))
    save(tmp_path, stream(TOKEN, END, id="B"))
    save(tmp_path, stream(TOKEN, id="C", ending=Ending.TRUNCATED))
    done = sseproxy("learn", tmp_path)
    assert (done.status, done.err) == (0, "1 stream without a whole ending left out\n")
    lines = done.out.splitlines()
    assert lines[:2] == ["[contracts]", 'flowise-named = "token+ metadata? end"']
    assert [re.sub(" +", " ", line.strip()) for line in lines[4:]] == [
        "# 2/2 (begin) token",
        "# 2/2 end (end)",
        "# 1/2 metadata end",
        "# 1/2 token end",
        "# 1/2 token metadata",
        "# 1/2 token token",
    ]
    assert tomllib.loads(done.out) == {"contracts": {"flowise-named": "token+ metadata? end"}}
    learned = json.loads(sseproxy("learn", "--json", tmp_path).out)
    assert learned["flowise-named"]["streams"] == 2
    assert sseproxy("lint", tmp_path, "--select", "O", "--contract", "token+ metadata? end").status == 0


def test_of_no_stream_nothing_is_learned(tmp_path: Path) -> None:
    path = save(tmp_path, stream(b"hello", headers=()))
    done = sseproxy("learn", path)
    assert (done.status, done.out, done.err) == (1, "", "no stream to learn from\n")
