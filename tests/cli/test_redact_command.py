"""`govern redact` and `govern redact measure`: streams, files, exit codes, and that nothing removed is shown."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
from office import Result, govern

TEXT = "Hi Maren,\n\nplease call John Smith at +49 30 1234567.\nThe pass\u200bword: hunter2-Qx\n\nThanks\nJonas Weber\n"
GONE = ("Maren", "John", "Smith", "1234567", "hunter2", "Jonas", "Weber")
PEOPLE = """\
version: 1
organisation:
  name: Example
  mail_domains: [example.com]
people:
  - pid: p-4k7q2m9x
    names: [Maren Holt]
    emails: [maren.holt@example.com]
"""


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    path = tmp_path / "mail.txt"
    path.write_text(TEXT, "utf-8")
    return path


def piped(data: bytes, *args: object) -> Result:
    """Run the command with bytes on standard input."""
    with mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(data))):
        return govern("redact", "-", *args)


def test_a_text_is_printed_without_what_was_found(mail: Path) -> None:
    result = govern("redact", mail)
    assert result.code == 0, result.err
    assert not [value for value in GONE if value in result.out + result.err]
    assert "[PHONE]" in result.out
    assert "password: [SECRET]\n" in result.out
    assert result.out.count("\n") == TEXT.count("\n")
    assert "not guaranteed" in result.err


def test_explain_says_where_and_why_on_stderr_and_never_what(mail: Path) -> None:
    result = govern("redact", mail, "--explain")
    assert not [value for value in GONE if value in result.out + result.err]
    lines = result.err.splitlines()
    assert [line for line in lines if line.startswith("1:4-1:9  PERSON  PERSON_X")]
    # The invisible character counts in the original.
    (secret,) = [line for line in lines if line.startswith("4:16-4:26  SECRET  [SECRET]")]
    assert "form of a secret" in secret
    assert govern("redact", mail, "--quiet").err == ""


def test_the_document_holds_text_spans_counts_and_receipt(mail: Path) -> None:
    result = govern("redact", mail, "--json")
    document = result.json
    assert not [value for value in GONE if value in result.out + result.err]
    assert document["counts"] == document["receipt"]["by_entity"]
    assert document["receipt"]["profile"] == "strict"
    for span in document["spans"]:
        assert document["text"][span["start"] : span["end"]] == span["token"]
        assert (span["line"], span["column"]) < (span["end_line"], span["end_column"])
        assert span["why"]
    assert len(document["spans"]) == sum(document["counts"].values())


def test_a_key_file_makes_tokens_comparable(tmp_path: Path, mail: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(bytes(range(32)))
    assert govern("redact", mail).out != govern("redact", mail).out
    assert govern("redact", mail, "--key-file", key).out == govern("redact", mail, "--key-file", key).out
    key.write_bytes(b"short")
    result = govern("redact", mail, "--key-file", key)
    assert (result.code, result.out) == (6, "")
    assert "hint: " in result.err


def test_listed_people_get_their_numbers(tmp_path: Path, mail: Path) -> None:
    people = tmp_path / "people.yaml"
    people.write_text(PEOPLE, "utf-8")
    result = govern("redact", mail, "--people", people)
    assert result.out.startswith("Hi PERSON_001,"), result.err
    people.write_text("people: 7\n", "utf-8")
    assert govern("redact", mail, "--people", people).code == 6


def test_tokens_stay_in_a_text_that_was_redacted_before_and_are_spelled_apart_in_any_other(mail: Path) -> None:
    once = govern("redact", mail).out
    assert piped(once.encode(), "--again").out == once
    assert "[SECRET]" not in piped(b"I typed [SECRET] myself.\n").out


def test_a_kept_word_stays() -> None:
    text = b"We moved the build to Krakatoa Pipelines last week.\n"
    assert b"Krakatoa Pipelines" in text
    assert piped(text, "--keep", "Krakatoa Pipelines").out == text.decode()


def test_an_output_file_is_whole_or_not_there(tmp_path: Path, mail: Path) -> None:
    output = tmp_path / "clean.txt"
    result = govern("redact", mail, "-o", output)
    assert (result.code, result.out) == (0, "")
    assert "[PHONE]" in output.read_text("utf-8")
    again = govern("redact", mail, "-o", output)
    assert again.code == 2
    assert "--force" in again.err
    assert govern("redact", mail, "-o", mail).code == 2
    assert mail.read_text("utf-8") == TEXT
    assert govern("redact", mail, "-o", mail, "--force").code == 0
    assert "[PHONE]" in mail.read_text("utf-8")
    assert govern("redact", tmp_path / "latin.txt", "-o", tmp_path / "x").code == 2
    (tmp_path / "latin.txt").write_bytes("Grüße\n".encode("latin-1"))
    assert govern("redact", tmp_path / "latin.txt", "-o", tmp_path / "x").code == 6
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clean.txt", "latin.txt", "mail.txt"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param("Grüße von Jörg Bäcker\n".encode("latin-1"), "not UTF-8, near byte 2", id="latin"),
        pytest.param("Jonas Weber\n".encode("utf-16"), "UTF-16", id="utf-16"),
        pytest.param(b"PK\x03\x04\x00\x00Jonas Weber", "binary", id="zip"),
        pytest.param("Jonas Web\xe9".encode()[:-1], "not UTF-8", id="cut inside a character"),
    ],
)
def test_what_is_no_text_is_refused_without_showing_it(data: bytes, says: str) -> None:
    result = piped(data)
    assert (result.code, result.out) == (6, "")
    assert says in result.err
    assert "hint: " in result.err
    assert "Jonas" not in result.err


def test_a_folder_and_a_missing_file_are_refused_with_a_hint(tmp_path: Path) -> None:
    for path, says in ((tmp_path, "folder"), (tmp_path / "none.txt", "no such file")):
        result = govern("redact", path)
        assert (result.code, result.out) == (2, "")
        assert says in result.err
        assert "hint: " in result.err


def test_nothing_gives_nothing() -> None:
    result = piped(b"")
    assert (result.code, result.out) == (0, "")
    assert piped(b"", "--json").json["text"] == ""
    assert piped("\ufeffnothing here\n".encode()).out == "nothing here\n"


def test_a_file_called_measure_can_be_redacted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("measure").write_text(TEXT, "utf-8")
    for words in (["./measure"], ["--", "measure"], ["--profile", "fast", "measure"]):
        result = govern("redact", *words)
        assert result.code == 0, result.err
        assert "[PHONE]" in result.out
    assert "nothing to measure on" in govern("redact", "measure").err


def test_an_unknown_model_and_a_wrong_option_say_what_to_do(mail: Path) -> None:
    missing = govern("redact", mail, "--model", "fr=fr_core_news_sm_not_there")
    assert missing.code == 10
    assert "hint: " in missing.err
    for words in (["--model", "fr"], ["--model", "fr=../x"], ["--profile", "loose"]):
        assert govern("redact", mail, *words).code == 2


def test_a_long_text_is_redacted_in_pieces_and_its_places_are_those_of_the_whole(tmp_path: Path) -> None:
    long = tmp_path / "long.txt"
    filler = "nothing of interest in here\r\n" * 40_000 + "\r\n"
    long.write_bytes((filler + "Please call John M Smith.\r\n").encode())
    document = govern("redact", long, "--json").json
    assert document["receipt"]["texts"] == 2
    (span,) = document["spans"]
    assert (span["line"], span["column"], span["end_column"]) == (40_002, 13, 25)
    assert document["text"][span["start"] : span["end"]] == span["token"]
    assert document["text"].count("\n") == 40_002


def gold_file(path: Path, *rows: dict[str, object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


ROWS = [
    {
        "id": str(i),
        "text": "Hi Maren,\nplease call John M. Smith.\n",
        "spans": [
            {"start": 3, "end": 8, "label": "PERSON", "eid": "a"},
            {"start": 22, "end": 35, "label": "PER", "eid": "b"},
        ],
        "origin": "Swedish",
    }
    for i in range(6)
]


def test_figures_are_printed_with_intervals_and_without_text(tmp_path: Path) -> None:
    gold = gold_file(tmp_path / "gold.jsonl", *ROWS)
    result = govern("redact", "measure", gold, "--profile", "strict", "--profile", "fast")
    assert result.code == 0, result.err
    assert "PERSON (12): leakR" in result.out
    assert "1.000 (.758–1.000)" in result.out
    assert "PERSON, Swedish (12): leakR" in result.out
    assert "persons fully hidden (ER)" in result.out
    assert "Maren" not in result.out + result.err
    table = govern("redact", "measure", gold, "--markdown", "--half", "both").out
    assert "### gold.jsonl, development half: " in table
    assert "### gold.jsonl, held-out half: " in table
    assert "|  | strict |" in table


def test_the_document_of_figures_holds_the_ends_of_each_interval(tmp_path: Path) -> None:
    gold = gold_file(tmp_path / "gold.jsonl", *ROWS)
    document = govern("redact", "measure", gold, "--json", "--peer", "presidio").json
    (measured,) = document["sets"]
    assert (measured["texts"], measured["mentions"]) == (6, 12)
    ours, theirs = measured["detectors"]["strict"], measured["detectors"]["plain Presidio"]
    assert ours["persons_hidden"] == {"part": 12, "whole": 12, "value": 1.0, "low": 0.7575, "high": 1.0}
    assert ours["entities"]["PERSON"]["leakR"]["value"] == 1.0
    assert theirs["one_token"]["value"] is None


def test_secrets_are_made_and_false_hits_counted_in_normal_text(tmp_path: Path) -> None:
    normal = tmp_path / "normal.txt"
    normal.write_text("Nothing secret is in here.\n" * 10 + "password: hunter2-Qx\n", "utf-8")
    shown = govern("redact", "measure", "--secrets", "--normal", normal)
    assert shown.code == 0, shown.err
    assert "(1 in 291)" in shown.out
    assert "hunter2" not in shown.out + shown.err
    document = govern("redact", "measure", "--secrets", "--json").json["secrets"]
    for figures in document.values():
        assert figures["leakR"]["low"] < figures["leakR"]["value"] >= 0.97
        assert len(figures["leaks"]) == figures["gold"] - figures["hidden"]
        assert figures["false_hits_per_megabyte"] is None
    assert govern("redact", "measure", "--normal", normal).code == 2


def test_whom_the_people_file_lists_is_known_to_the_measured_redactor(tmp_path: Path) -> None:
    people = tmp_path / "people.yaml"
    people.write_text(PEOPLE.replace("Maren", "Zorblax"), "utf-8")
    row = {"id": "1", "text": "so zorblax said", "spans": [{"start": 3, "end": 10, "label": "PERSON"}]}
    gold = gold_file(tmp_path / "gold.jsonl", row)
    hidden = [
        govern("redact", "measure", gold, "--json", *more).json["sets"][0]["detectors"]["strict"]["entities"]["PERSON"]
        for more in ((), ("--people", people))
    ]
    assert [h["hidden"] for h in hidden] == [0, 1]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        pytest.param("Jonas", "is not JSON", id="no JSON"),
        pytest.param("[" * 100_000, "is not JSON", id="too deep"),
        pytest.param("[]", "is no object", id="list"),
        pytest.param('{"text": "Jonas", "spans": []}', 'no "id"', id="no id"),
        pytest.param('{"id": "1", "text": "Jonas", "spans": []}', "id was there before", id="id twice"),
        pytest.param('{"id": "2", "spans": []}', 'no "text"', id="no text"),
        pytest.param('{"id": "2", "text": "Jonas", "entities": []}', 'no list "spans"', id="other form"),
        pytest.param('{"id": "2", "text": "Jonas", "spans": [[0, 5, "PERSON"]]}', "is no object", id="span a list"),
        pytest.param(
            '{"id": "2", "text": "Jonas", "spans": [{"start": 0, "end": 6, "label": "PERSON"}]}', "outside", id="end"
        ),
        pytest.param(
            '{"id": "2", "text": "Jonas", "spans": [{"start": 2, "end": 2, "label": "PERSON"}]}', "empty", id="empty"
        ),
        pytest.param(
            '{"id": "2", "text": "Jonas", "spans": [{"start": "0", "end": 5, "label": "X"}]}', "numbers", id="words"
        ),
        pytest.param(
            '{"id": "2", "text": "Jonas", "spans": [{"start": 0, "end": 5, "label": "Jonas?"}]}', "label", id="label"
        ),
    ],
)
def test_bad_gold_is_refused_by_line_without_its_text(tmp_path: Path, line: str, says: str) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text(json.dumps({"id": "1", "text": "x", "spans": []}) + "\n\n" + line + "\n", "utf-8")
    result = govern("redact", "measure", path)
    assert (result.code, result.out) == (6, "")
    assert "line 3" in result.err
    assert says in result.err
    assert "hint: " in result.err
    assert "Jonas" not in result.err


def test_gold_of_nothing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "gold.jsonl"
    for data in (b"", b"\n\n", b"\xff\xfe"):
        path.write_bytes(data)
        assert govern("redact", "measure", path).code == 6


def test_an_error_owes_its_document_too(tmp_path: Path) -> None:
    result = govern("redact", tmp_path, "--json")
    assert result.json["exit_code"] == 2


def test_a_real_process_redacts_what_is_piped_into_it() -> None:
    environment = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": ""}
    done = subprocess.run(
        [sys.executable, "-m", "govern", "redact", "-", "--explain"],
        input="Grüße\nJörg Bäcker\n".encode(),
        env=environment,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().startswith("Grüße\nPERSON_X")
    assert "Bäcker".encode() not in done.stdout + done.stderr


def test_a_closed_pipe_ends_quietly(mail: Path) -> None:
    command = f"{sys.executable} -m govern redact {mail} -q | head -c 1 >/dev/null"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("words", [["redact", "--help"], ["redact", "measure", "--help"]])
def test_help_loads_no_model(words: list[str]) -> None:
    code = (
        "import sys\nfrom govern.cli.app import cli\n"
        f"cli.main({words!r}, standalone_mode=False)\n"
        "sys.exit(1 if {'numpy', 'spacy', 'presidio_analyzer', 'redact.engine'} & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Example:" in done.stdout
