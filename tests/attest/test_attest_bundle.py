"""VERIFY.md: its instructions are run as they stand, with openssl and the coreutils, and notice what they should."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from attest_world import NAME, Story, tell

from attest import evidence
from attest.bundle import verify_text

TOOLS = ("bash", "openssl", "unzip", "sha256sum", "basenc", "od", "sed", "grep")
MISSING = [tool for tool in TOOLS if shutil.which(tool) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")


@pytest.fixture
def unpacked(tmp_path):
    told = tell(tmp_path / "log.sqlite", Story(extra_events=12))
    (tmp_path / f"{NAME}.skill").write_bytes(told.data())
    subprocess.run(["unzip", "-q", f"{NAME}.skill"], cwd=tmp_path, check=True)
    return told, tmp_path / NAME


def blocks(folder: Path) -> list[str]:
    """The shell commands of the instructions that the skill itself carries."""
    text = (folder / "attestation" / "VERIFY.md").read_text()
    return re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def run(folder: Path, vkey: str, *steps: str) -> subprocess.CompletedProcess[str]:
    work = folder.parent / "work"
    work.mkdir(exist_ok=True)
    script = "set -euo pipefail\n" + "\n".join(steps)
    environment = {"KEY": vkey, "W": str(work), "PATH": "/usr/bin:/bin:/usr/local/bin", "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_instructions_hold_for_a_good_skill(unpacked):
    told, folder = unpacked
    files, signature, names, checkpoint, included = blocks(folder)
    done = run(folder, told.vkey, files)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(": OK") == len([name for name in told.files if evidence.in_subjects(name)])
    done = run(folder, told.vkey, signature)
    assert "Signature Verified Successfully" in done.stdout, done.stderr
    first, second = run(folder, told.vkey, names).stdout.split()
    assert first == second
    assert len(first) == 64
    done = run(folder, told.vkey, signature, checkpoint)
    assert done.stdout.count("Signature Verified Successfully") == 2, done.stderr
    done = run(folder, told.vkey, included)
    first, second = done.stdout.split()
    assert first == second, done.stderr


def test_the_inclusion_by_hand_holds_for_every_entry(unpacked):
    told, folder = unpacked
    included = blocks(folder)[4]
    for name in [name for name in told.files if evidence.is_entry(name)]:
        other = included.replace("attestation/entry.json", name).replace(
            "PROOF=attestation/log.tlog-proof", f"PROOF={evidence.proof_file(name)}"
        )
        first, second = run(folder, told.vkey, other).stdout.split()
        assert first == second, name


def test_the_instructions_notice_a_changed_skill(unpacked):
    told, folder = unpacked
    files, signature, names, checkpoint, included = blocks(folder)
    (folder / "SKILL.md").write_text("other")
    done = run(folder, told.vkey, files)
    assert done.returncode != 0
    assert "SKILL.md: FAILED" in done.stdout

    path = folder / "attestation" / "statement.dsse.json"
    path.write_bytes(path.read_bytes().replace(b'payload":"e', b'payload":"f'))
    assert run(folder, told.vkey, files, signature).returncode != 0
    first, second = run(folder, told.vkey, names).stdout.split()
    assert first != second

    entry = folder / "attestation" / "entry.json"
    entry.write_bytes(entry.read_bytes().replace(b"operator", b"operetta"))
    first, second = run(folder, told.vkey, included).stdout.split()
    assert first != second

    proof = folder / "attestation" / "log.tlog-proof"
    proof.write_bytes(re.sub(rb"\n(\d+)\n([A-Za-z0-9+/=]+)\n\n", rb"\n99\n\2\n\n", proof.read_bytes()))
    assert run(folder, told.vkey, signature.split("sed")[0], checkpoint).returncode != 0


def test_another_logs_key_does_not_verify_by_hand(unpacked):
    _, folder = unpacked
    other = "example.com/govern/test+00000000+AQ" + "A" * 42
    files, signature, *_ = blocks(folder)
    assert run(folder, other, files, signature).returncode != 0


def test_the_instructions_name_the_skill_and_leave_no_placeholder():
    text = verify_text("ops-lead").decode()
    assert "ops-lead.skill" in text
    assert "${" not in text
    assert "$$" not in text
