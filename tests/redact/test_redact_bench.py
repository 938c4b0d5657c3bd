"""The comparison with other detectors gives its rows with and without them, and no process of it shows a text."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import letters, redact_memory, redact_processes
from bench import redact as bench
from redact.measuring.gold import Gold, Mark

RUNNER = Path(__file__).resolve().parents[2] / "bench" / "peers" / "run.py"
SECRET = "Tamsin Quillfeather"
TEXTS = [f"Hi {SECRET}, see you.", "Nobody here."]
PEER = bench.Detector("datafog", "a peer", "names", True)
OURS = bench.Detector("fast", "govern, fast", "names")

FAKES = {
    "finds a name": """
        import sys
        from types import SimpleNamespace as Found
        def scan(text, **how):
            print(text)
            print(text, file=sys.stderr)
            at = text.find("Tamsin")
            return Found(entities=[Found(type="EMAIL", start=at, end=at + 6)])
    """,
    "quotes the text in its error": """
        def scan(text, **how):
            raise ValueError(text)
    """,
    "calls home": """
        import socket
        from types import SimpleNamespace as Found
        def scan(text, **how):
            try:
                socket.create_connection(("192.0.2.1", 80), timeout=1)
            except OSError:
                pass
            return Found(entities=[])
    """,
}


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Put a package in the place of a peer's; the interpreter is ours."""

    def put(name):
        lines = FAKES[name].strip("\n").split("\n")
        (tmp_path / "datafog.py").write_text("\n".join(line[8:] for line in lines))
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        return Path(sys.executable)

    return put


def test_the_stage_gives_rows_and_says_which_peer_is_not_there(tmp_path, capsys):
    texts = bench.Texts("two texts", TEXTS)
    rows = bench.run(1, peers=tmp_path / "none", kinds=[texts], detectors=[OURS, PEER])
    assert [(r.what, r.amount, r.unit) for r in rows] == [
        ("two texts: govern, fast", sum(map(len, TEXTS)), "characters")
    ]
    out, err = capsys.readouterr()
    assert "| a peer | names | not run: its environment is not there: `make peers` |" in out
    assert "two texts: 2 texts, 44 characters, 2 lines, 100% of them distinct" in out
    assert "Tamsin" not in out + err


def test_a_peer_answers_with_spans_and_seconds(fake):
    answer = bench.ask(PEER, TEXTS, fake("finds a name"))
    assert answer["spans"] == [[[3, 9, "EMAIL_ADDRESS"]], []]
    assert 0 <= answer["cpu"] < 60
    assert answer["memory"] > 1
    assert answer["refused"] == 0


@pytest.mark.parametrize("name", ["finds a name", "quotes the text in its error"])
def test_a_peer_shows_no_text_whatever_it_prints(fake, name):
    interpreter = fake(name)
    done = subprocess.run(
        [interpreter, RUNNER, "datafog"], input=json.dumps({"texts": TEXTS}), capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)
    assert "Tamsin" not in done.stdout + done.stderr


def test_a_peer_that_fails_is_a_row_with_the_kind_of_its_error(fake):
    runs = bench.race(TEXTS, [PEER], 2, fake("quotes the text in its error"))
    assert runs["datafog"].missing == "ended with ValueError"
    table = bench.speeds(bench.Texts("two texts", TEXTS), runs, [PEER])
    assert "| a peer | names | not run: ended with ValueError |" in table


def test_a_peer_reaches_no_network_and_its_attempts_are_counted(fake):
    # One attempt for the first call, outside the clock, and one for each text.
    assert bench.ask(PEER, TEXTS, fake("calls home"))["refused"] == 3


def test_the_runner_needs_nothing_but_the_standard_library():
    done = subprocess.run(
        [sys.executable, "-I", "-S", RUNNER, "datafog"],
        input='{"texts": []}',
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == {"missing": "datafog is not installed", "refused": 0}


def test_leaks_are_counted_in_the_half_that_is_asked_for():
    gold = [Gold(str(i), "Ann met Bob", (Mark(0, 3, "PERSON", "a"), Mark(8, 11, "PERSON", "b"))) for i in range(20)]
    developed = [g for g in gold if not g.held_out]
    texts = bench.Texts("mixed", [g.text for g in gold], {"mail": gold, "chat": gold, "issues": (), "sentences": ()})
    # Bob leaks in every text of the half that rules were made on, nobody in the other.
    spans = [[[0, 3, "PERSON"]] if not g.held_out else [[0, 3, "PERSON"], [8, 11, "PERSON"]] for g in gold]
    runs = {"fast": bench.Runs([1.0], [1.0], [1.0], [*spans, *spans])}
    assert f"| govern, fast | 1.00 | 0.500 of {2 * len(developed)} | 1.000 | 0.500 |" in bench.leaks(
        texts, runs, False, [OURS]
    )
    assert f"| 1.00 | 1.000 of {2 * (20 - len(developed))} |" in bench.leaks(texts, runs, True, [OURS])


def test_no_generated_line_comes_twice():
    lines = [line for mail in letters.mails(990_000, 1_000_000) for line in mail.split("\n")]
    assert len(lines) == len(set(lines)) == 10_000
    assert letters.mails(0, 40)[1].split("\n")[0] == letters.line(20)


def test_one_process_and_two_redact_all_mails(monkeypatch, capsys):
    monkeypatch.setattr(redact_processes, "WARM", 40)
    for jobs in (1, 2):
        redact_processes.measure(jobs, 100, "fast")
        wall, here = json.loads(capsys.readouterr().out)
        assert wall > 0
        assert here > 0


def test_memory_is_looked_at_on_the_way_with_and_without_bounds(capsys):
    course = redact_memory.Course("fast", False, 60)
    for unbounded in (False, True):
        rows = redact_memory.run(unbounded, (course,))
        assert [(r.amount, r.unit) for r in rows] == [(60, "lines")]
    shown = capsys.readouterr().out
    assert "| fast, tokenizer and vocabulary only |" in shown
    assert "| fast, tokenizer and vocabulary only, **no bounds** |" in shown
