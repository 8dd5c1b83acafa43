"""`sseproxy export` and `import` as their users run them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sseproxy.cassette.store import find, load
from tests.cassette.schema import complaints
from tests.cli.builder import save, stream
from tests.cli.support import complaint, good, sseproxy
from tests.export.support import captured


def test_a_folder_goes_out_as_a_har_and_comes_back(tmp_path: Path) -> None:
    for name in ("conversation", "streaming_probe_true"):
        save(tmp_path / "was", captured()[name])
    assert good("export", "--to", "har", "-o", tmp_path / "all.har", tmp_path / "was") == ""
    written = good("import", tmp_path / "all.har", "--cassettes", tmp_path / "now").splitlines()
    assert sorted(written) == sorted(map(str, find([tmp_path / "now"])))
    was = {load(path).head.id: load(path) for path in find([tmp_path / "was"])}
    assert {load(path).head.id: load(path) for path in find([tmp_path / "now"])} == was
    for path in find([tmp_path / "now"]):
        assert complaints(path.read_bytes()) == []


def test_what_is_there_already_stays(tmp_path: Path) -> None:
    (tmp_path / "all.har").write_text(good("export", "--to", "har", save(tmp_path, stream())))
    (path,) = good("import", tmp_path / "all.har", "--cassettes", tmp_path / "now").splitlines()
    Path(path).write_text("mine")
    again = sseproxy("import", tmp_path / "all.har", "--cassettes", tmp_path / "now")
    assert (again.status, again.out, again.err) == (0, "", f"{path} is there already and stays as it is\n")
    assert Path(path).read_text() == "mine"


def test_the_text_of_a_stream_comes_from_a_file(tmp_path: Path) -> None:
    path = save(tmp_path, stream())
    (tmp_path / "text").write_text(good("export", "--to", "sse", path))
    (made,) = good("import", tmp_path / "text", "--cassettes", tmp_path / "now").splitlines()
    assert good("show", "--raw", made) == good("show", "--raw", path)


def test_a_cassette_that_can_not_be_read_hides_no_other(tmp_path: Path) -> None:
    save(tmp_path, stream())
    (tmp_path / "a.sse.jsonl").write_text("{}\n")
    outcome = sseproxy("export", "--to", "har", tmp_path)
    assert outcome.status == 2
    assert len(json.loads(outcome.out)["log"]["entries"]) == 1
    assert outcome.err.count("\n") == 1


def test_an_export_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "out.sse"
    target.write_text("yesterday's")
    for id in ("01KAQ3M5Z8T7QRS1", "01KAQ3M5Z8T7QRS2"):
        save(tmp_path / "two", stream(id=id))
    before = sorted(tmp_path.iterdir())
    outcome = sseproxy("export", "--to", "sse", "-o", target, tmp_path / "two")
    assert "raw SSE holds one stream" in complaint(outcome)
    assert (target.read_text(), sorted(tmp_path.iterdir())) == ("yesterday's", before)


def test_an_export_goes_through_links_and_into_devices(tmp_path: Path) -> None:
    path = save(tmp_path, stream())
    (tmp_path / "link").symlink_to("real")
    good("export", "--to", "sse", "-o", tmp_path / "link", path)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == good("export", "--to", "sse", path)
    assert good("export", "--to", "sse", "-o", "/dev/stdout", path) == (tmp_path / "real").read_text()
    assert complaint(sseproxy("export", "--to", "sse", "-o", tmp_path / "none" / "file", path)) == (
        f"{tmp_path / 'none' / 'file'}: No such file or directory"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["import", "bad", "--cassettes", "x"],
            "bad: neither a HAR nor the text of an event stream: no event in it",
        ),
        (
            ["import", "letter", "--cassettes", "x"],
            "letter: neither a HAR nor the text of an event stream: no line in it begins with `data:`,"
            " `event:`, `id:` or `retry:`",
        ),
        (["import", "none", "--cassettes", "x"], "none: No such file or directory"),
        (["export", "--to", "sse", "bad"], "bad:1: not JSON: "),
        (["export", "--to", "sse", "."], ".: no cassettes (*.sse.jsonl) in this folder"),
    ],
)
def test_trouble_is_a_sentence(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    (tmp_path / "bad").write_text("hello")
    (tmp_path / "letter").write_text("Dear reader,\n\nthe data: see below.\n:-)\n\n")
    assert complaint(sseproxy(*arguments, cwd=tmp_path)).startswith(sentence)
