"""`govern demo`, as a user runs it: one real process over the sample workplace, and everything that it leaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from office import readable

from attest import container

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "samples" / "workplace"


@dataclass(frozen=True)
class Demo:
    """A finished demo."""

    folder: Path
    done: subprocess.CompletedProcess[str]

    @property
    def files(self) -> dict[str, bytes]:
        """The files of the released skill."""
        return dict(container.unpack((self.folder / "payments.skill").read_bytes()).files)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo, run once."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    done = subprocess.run(
        [sys.executable, "-m", "govern", "demo", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        # Not in the project's folder, and without proxies or a home: a demo that fetched something would fail here.
        cwd=folder.parent,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "OMP_WAIT_POLICY": "PASSIVE"},
    )
    return Demo(folder, done)


def test_the_story_ends_well(demo: Demo) -> None:
    assert demo.done.returncode == 0, demo.done.stderr
    out = demo.done.stdout
    for words in (
        "Draft written to",
        "refused by output.subject_review",
        "checks passed, 0 failed",
        "FAIL  files",
        "refused by run.notice, subject.cooling_off",
        "refused by subject.consent_valid (not_in_force)",
        "tombstoned since",
        "The log is whole",
    ):
        assert words in out + demo.done.stderr
    assert out.count("(exit code 3)") == 4
    assert out.count("(exit code 4)") == 1


def test_nothing_that_must_not_surface_surfaces(demo: Demo) -> None:
    lines = (SAMPLE / "must_not_surface.txt").read_text("utf-8").splitlines()
    secrets = [line for line in lines if line and not line.startswith("#")]
    assert len(secrets) > 30
    places = {name: data.decode("utf-8", "replace") for name, data in demo.files.items()}
    places["log"] = _log(demo)
    # The story itself tells of Maren; what the commands print does not.
    places["stderr"] = demo.done.stderr
    read = {name: readable(text) for name, text in places.items()}
    found = [(secret, name) for secret in secrets for name, text in read.items() if secret in text]
    # The log's name holds the firm's domain, as a log's name does.
    assert [(s, n) for s, n in found if s not in "example.com/govern"] == []


def _log(demo: Demo) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "govern", "--workspace", str(demo.folder / ".govern"), "log", "show", "--json"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return done.stdout


def test_the_skill_conforms_and_is_short_enough_to_read(demo: Demo, tmp_path: Path) -> None:
    import skills_ref

    with zipfile.ZipFile(demo.folder / "payments.skill") as archive:
        archive.extractall(tmp_path)
    (folder,) = tmp_path.iterdir()
    assert folder.name == "payments-engineer"
    assert skills_ref.validate(folder) == []
    text = (folder / "SKILL.md").read_text("utf-8")
    assert len(text.splitlines()) < 500
    assert "leave it alone and ask. [" in text
    assert "corrected by the person" in text


def test_each_claim_rests_on_records_that_the_key_says_may_be_taken(demo: Demo) -> None:
    import csv

    from extract.skill import codec
    from extract.sources import open_source, read_all

    paths = {"chat": "chat/export.zip", "mail": "mail/archive.mbox", "repo": "repo.bundle"}
    # The order of the pipeline: kinds sorted by name.
    sources = [open_source(kind, SAMPLE / path) for kind, path in sorted(paths.items())]  # type: ignore[arg-type]
    records = read_all(sources).records
    with (SAMPLE / "key.csv").open(encoding="utf-8", newline="") as file:
        outcome = {row["locator"]: row["outcome"] for row in csv.DictReader(file)}
    claims = codec.from_lines(demo.files["references/claims.jsonl"])
    assert len(claims) >= 5
    cited = {records[s.record].locator for c in claims for s in c.evidence}
    assert {outcome[locator] for locator in cited} == {"taken"}


def test_the_numbers_equal_the_sample(demo: Demo) -> None:
    ledger: dict[str, Any] = json.loads(demo.files["references/ledger.json"])
    assert ledger["seen"] == ledger["taken"] + ledger["left_out"]
    claims = [json.loads(line) for line in demo.files["references/claims.jsonl"].splitlines()]
    # Counted patterns and trajectories take no sentence away; "corrected" replaces one that was quoted.
    quotes = sum(len(claim["evidence"]) for claim in claims if claim["mode"] not in ("counted", "trajectory"))
    struck = ledger["claims"] - ledger["released"]
    assert struck == ledger["struck"] == 1
    # Every sentence is evidence of a claim or counted under what dropped it; the struck claim's evidence is gone.
    assert ledger["distilled"]["sentences"] >= quotes + sum(ledger["dropped"].values())


def test_the_log_is_accepted_by_openssl(demo: Demo, tmp_path: Path) -> None:
    import base64

    note = _checkpoint(demo)
    text, _, signatures = note.partition("\n\n")
    name, blob = signatures.strip().removeprefix("\u2014 ").split(" ")
    key = (demo.folder / ".govern" / "log.vkey").read_text().strip()
    public = base64.b64decode(key.split("+", 2)[2])[1:]
    # SubjectPublicKeyInfo of an Ed25519 key, RFC 8410 section 4: a fixed head and the 32 bytes.
    (tmp_path / "key.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + public)
    (tmp_path / "text").write_bytes((text + "\n").encode())
    (tmp_path / "signature").write_bytes(base64.b64decode(blob)[4:])
    done = subprocess.run(
        [
            *("openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", tmp_path / "key.der"),
            *("-rawin", "-in", tmp_path / "text", "-sigfile", tmp_path / "signature"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Signature Verified Successfully" in done.stdout, done.stderr
    assert name == key.split("+")[0]


def _checkpoint(demo: Demo) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "govern", "--workspace", str(demo.folder / ".govern"), "log", "checkpoint"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return done.stdout


def test_a_second_demo_replaces_the_first_and_nothing_else(tmp_path: Path) -> None:
    from office import govern

    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "letter.txt").write_text("keep me")
    assert govern("demo", mine).code == 2
    assert (mine / "letter.txt").read_text() == "keep me"


def test_the_session_in_the_readme_says_what_the_program_says(demo: Demo) -> None:
    import re

    def plain(line: str) -> str:
        # Numbers, digests, ids and folders differ from run to run; words do not.
        line = re.sub(r"/\S*/", "", line)
        line = re.sub(r"\b[0-9a-f]{64}\b|\bc[0-9]{3}\b|[0-9]+", "#", line)
        return re.sub(r"(?:#, )+", "#, ", " ".join(line.split()))

    readme = (ROOT / "README.md").read_text("utf-8")
    block = readme.split("```console\n")[1].split("```")[0].replace("\\\n", " ")
    said = {plain(line) for line in (demo.done.stdout + demo.done.stderr).splitlines()}
    shown = [line for line in block.splitlines() if not line.startswith("$ ")]
    assert len(shown) > 8
    assert [line for line in shown if plain(line) not in said] == []


def test_the_commands_in_the_readme_and_the_docs_exist() -> None:
    import re

    import click

    from govern.cli.app import cli

    texts = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    lines = [
        match
        for path in texts
        for match in re.findall(
            r"^(?:\$ |    )(govern .+)$", path.read_text("utf-8").replace("\\\n", " "), flags=re.MULTILINE
        )
    ]
    assert len(lines) > 20
    for line in lines:
        command: click.Command = cli
        words = line.split()[1:]
        context = click.Context(cli)
        while isinstance(command, click.Group):
            found = command.get_command(context, words[0])
            if found is None and (default := getattr(command, "default", None)) is not None:
                command = default
                break
            assert found is not None, line
            words.pop(0)
            command = found
        known = {option for param in command.params for option in param.opts}
        for word in words:
            if word.startswith("-"):
                assert word in known, line
