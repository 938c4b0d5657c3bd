"""The program as a real process: exit codes, streams, signals, a full disk, a closed pipe."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from office import PASSPHRASE, Office
from workplace import COLLEAGUE, SUBJECT, Workplace


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """A workspace with a signed consent."""
    root = tmp_path_factory.mktemp("office")
    office = Office(Workplace(root / "sources").write(), root)
    for step in (office.init, office.enroll, office.sign):
        result = step()
        assert result.code == 0, result.err
    return office


def _command(office: Office, *args: object) -> list[str]:
    return [sys.executable, "-m", "govern", "--workspace", str(office.workspace), "--no-input", *map(str, args)]


def _extract(office: Office, output: Path) -> list[str]:
    return _command(
        office,
        *("extract", "--policy", "worker_protection", "--subject", SUBJECT, "--mail", office.place.mbox),
        *("-o", output, "--now", "2026-03-02T09:00:00Z"),
    )


ENVIRONMENT = {**os.environ, "GOVERN_PASSPHRASE": PASSPHRASE, "OMP_WAIT_POLICY": "PASSIVE"}


def test_help_and_version_answer_on_standard_output() -> None:
    for args in (["--help"], ["--version"], ["extract", "--help"]):
        done = subprocess.run([sys.executable, "-m", "govern", *args], capture_output=True, text=True, check=False)
        assert done.returncode == 0
        assert done.stderr == ""
        assert "govern" in done.stdout


def test_a_wrong_option_ends_with_2_and_a_hint() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "govern", "extract", "--nonsense"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert "extract --help`" in done.stderr


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom govern.cli.app import cli\n"
        "cli.main(['--help'], standalone_mode=False)\n"
        "heavy = {'pandas', 'spacy', 'presidio_analyzer', 'llama_cpp', 'sklearn', 'numpy', 'pydantic'}\n"
        "sys.exit(1 if heavy & set(sys.modules) else 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_an_interrupt_inside_a_library_that_runs_a_string_ends_with_130(tmp_path: Path) -> None:
    # As `python -m`, like most of the processes here: a script ends by the code that it is told in any case.
    (tmp_path / "interrupted_command.py").write_text(
        "import threading, time\nfrom govern.cli import app\n"
        # Another thread takes a signal that is blocked in the main one.
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "app.cli.main = lambda **_: exec('raise KeyboardInterrupt')\napp.main()\n"
    )
    command = [sys.executable, "-m", "interrupted_command"]
    done = subprocess.run(command, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 130, done.stderr
    assert "interrupted" in done.stderr


def test_a_real_interrupt_leaves_no_output_and_a_whole_log(office: Office, tmp_path: Path) -> None:
    output = tmp_path / "x.skill"
    process = subprocess.Popen(
        _extract(office, output), env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    before = office.run("log", "show", "--json").json["size"]
    deadline = time.monotonic() + 60
    # The moment is when the log has grown: the run is then past its first entry and not yet sealed.
    while office.run("log", "show", "--json").json["size"] == before and time.monotonic() < deadline:
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "interrupted" in err
    assert list(tmp_path.iterdir()) == []
    assert office.run("log", "fsck").code == 0


def test_a_killed_run_leaves_no_output_and_a_whole_log(office: Office, tmp_path: Path) -> None:
    output = tmp_path / "x.skill"
    before = office.run("log", "show", "--json").json["size"]
    process = subprocess.Popen(
        _extract(office, output), env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while office.run("log", "show", "--json").json["size"] == before and time.monotonic() < deadline:
        assert process.poll() is None
    process.kill()
    process.wait()
    assert list(tmp_path.iterdir()) == []
    assert office.run("log", "fsck").code == 0


@pytest.mark.parametrize("limit", [4096, 30_000])
def test_a_full_disk_is_an_error_with_a_hint_and_harms_nothing(tmp_path: Path, limit: int) -> None:
    office = Office(Workplace(tmp_path / "sources").write(), tmp_path)
    for step in (office.init, office.enroll, office.sign):
        assert step().code == 0
    output = tmp_path / "x.skill"

    def shrink() -> None:
        # A file may not grow beyond this: the kernel answers writes as a full disk would, with an error.
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        _extract(office, output), env=ENVIRONMENT, capture_output=True, text=True, preexec_fn=shrink, check=False
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr.count("error: ") == 1
    assert "hint: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not output.exists()
    assert list(tmp_path.rglob("*.part")) == []
    assert office.run("log", "fsck").code == 0
    assert office.extract().code == 0


def test_a_closed_pipe_ends_quietly(office: Office) -> None:
    command = " ".join([*_command(office, "log", "show"), "| head -c 1 >/dev/null"])
    done = subprocess.run(["bash", "-c", command], env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr == ""


@pytest.mark.parametrize("trick", ["traversal", "bomb"])
def test_a_hostile_zip_is_refused(office: Office, tmp_path: Path, trick: str) -> None:
    export = tmp_path / "export.zip"
    with zipfile.ZipFile(export, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("users.json", "[]")
        archive.writestr("channels.json", "[]")
        if trick == "traversal":
            archive.writestr("../../outside.json", "[]")
        else:
            archive.writestr("general/2026-01-01.json", "[" + " " * 300_000_000 + "]")
    done = subprocess.run(
        _command(
            office,
            *("extract", "--policy", "worker_protection", "--subject", SUBJECT, "--chat", export),
            *("-o", tmp_path / "x.skill", "--now", "2026-03-02T09:00:00Z"),
        ),
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 6, done.stderr
    assert "hint: " in done.stderr
    assert not (tmp_path.parent / "outside.json").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["export.zip"]


def test_an_unknown_encoding_is_read_with_a_defect_and_not_lost(tmp_path: Path) -> None:
    place = Workplace(tmp_path / "sources")
    odd = place.mail("Always tag the build before you upload it, says M\u00fcller.", place.start, number=77)
    odd = odd.replace(b"utf-8", b"x-klingon").replace(b"quoted-printable", b"8bit")
    place.extra_mail.append(odd)
    office = Office(place.write(), tmp_path)
    for step in (office.init, office.enroll, office.sign):
        assert step().code == 0
    result = office.extract("--json")
    assert result.code == 0, result.err
    assert result.json["ledger"]["seen"] == 16


def test_the_passphrase_is_asked_for_only_where_it_may_be(office: Office, tmp_path: Path) -> None:
    environment = {k: v for k, v in ENVIRONMENT.items() if k != "GOVERN_PASSPHRASE"}
    done = subprocess.run(
        _command(office, "keys", "enroll", "--subject", COLLEAGUE, "--out", tmp_path / "k"),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "passphrase" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_passphrase_is_refused_without_a_trace_of_it(office: Office) -> None:
    done = subprocess.run(
        _command(
            office,
            *("consent", "refuse", "--subject", SUBJECT, "--key", office.key, "--policy", "worker_protection"),
        ),
        env={**ENVIRONMENT, "GOVERN_PASSPHRASE": "wrong-one"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (3, 6)
    assert "wrong-one" not in done.stderr + done.stdout
    assert "hint: " in done.stderr


def test_a_review_at_the_terminal_goes_claim_by_claim_with_undo(tmp_path: Path) -> None:
    office = Office(Workplace(tmp_path / "sources").write(), tmp_path)
    for step in (office.init, office.enroll, office.sign, office.extract):
        assert step().code == 0
    claims = office.run("skill", "review", office.skill, "--list", "--json").json["claims"]
    assert len(claims) >= 3
    # Strike the first, take that back, accept it, correct the second, and stop.
    keys = "s\nu\na\nc\nAsk before you do this.\nq\n"
    done = subprocess.run(
        [sys.executable, "-m", "govern", "--workspace", office.workspace, "skill", "review", office.skill],
        input=keys,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"1 accepted, 1 corrected, 0 struck, {len(claims) - 2} open." in done.stdout
    # What was decided is kept, and the rest can be decided another day.
    assert office.review().code == 0
    assert office.release().code == 0
    assert office.audit().code == 0
