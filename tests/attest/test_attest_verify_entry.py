"""The proof of one log entry, checked by itself: at the command line and by the stand-alone verifier."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from office import govern


@pytest.fixture
def proven(tmp_path: Path) -> Path:
    """A folder with a workspace, and the proof of its first entry."""
    workspace = tmp_path / "ws"
    assert govern("init", "--domain", "harbour.example", workspace=workspace).code == 0
    assert govern("log", "prove", 0, "-o", tmp_path / "e.tlog-proof", workspace=workspace).code == 0
    return tmp_path


def _verify(
    folder: Path, *, proof: str = "e.tlog-proof", entry: str = "e.tlog-proof.entry.json", key: str = "ws/log.vkey"
):
    return govern("audit", "verify", folder / proof, "--entry", folder / entry, "--log-key", folder / key)


def test_the_proof_of_an_entry_holds(proven: Path) -> None:
    result = _verify(proven)
    assert result.code == 0, result.err
    assert "entry 0 of 1" in result.out
    assert "log.genesis" in result.out


def test_another_entry_another_log_and_any_changed_byte_fail(proven: Path) -> None:
    other = proven / "other"
    assert govern("init", "--domain", "harbour.example", workspace=other).code == 0
    assert _verify(proven, key="other/log.vkey").code == 4
    for name in ("e.tlog-proof", "e.tlog-proof.entry.json"):
        data = (proven / name).read_bytes()
        for place in range(0, len(data), 3):
            (proven / "changed").write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
            changed = {"proof" if name == "e.tlog-proof" else "entry": "changed"}
            assert _verify(proven, **changed).code in (4, 6), (name, place)


def test_a_proof_without_its_entry_says_what_is_missing(proven: Path) -> None:
    result = govern("audit", "verify", proven / "e.tlog-proof", "--log-key", proven / "ws/log.vkey")
    assert result.code == 2
    assert "--entry" in result.err


def test_the_stand_alone_verifier_reads_it_too(proven: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "attest.verify", str(proven / "e.tlog-proof")),
            *("--entry", str(proven / "e.tlog-proof.entry.json"), "--log-key", str(proven / "ws/log.vkey")),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "entry 0 of 1" in done.stdout
