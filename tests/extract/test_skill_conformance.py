"""Our skills as the checkers of others see them: the reference library of the format, and the linter agnix."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from inspection_skills import write

from attest.disposition import Dispositions, Leaf, commitment
from extract import residue
from extract.distil.claims import KINDS, Claim, Distillate, Span
from extract.inspection import form
from extract.inspection.folder import Opened
from extract.inspection.inspecting import inspect
from extract.skill import document

#: agnix takes a skill for work with side effects by the words of its name, such as "release".
_BY_NAME = {"CC-SK-006"}


def _skill(tmp_path: Path, count: int, *, draft: bool = False) -> Path:
    claims = tuple(_claim(number) for number in range(1, count + 1))
    source, output = commitment(bytes(32), "source", b"mail"), commitment(bytes(32), "output", b"mail")
    leaves = Dispositions([Leaf(n, "mail", "taken", (), "A0", {}, source, output) for n in range(count)]).leaves
    header = document.Header(
        name="payments-engineer",
        role="payments engineer",
        subject="p-7d3kq2ma",
        purpose="self_assist",
        policy="minimal_self 1",
        expires=datetime(2027, 1, 1, tzinfo=UTC),
        pseudonym="PERSON_001",
    )
    files = document.files(header, claims, residue.account(leaves, Distillate(claims), {}), draft=draft)
    return write(tmp_path / header.name, files)


def _claim(number: int) -> Claim:
    quote = f"Rerun the failed job number {number} once; if it fails again: stop, and ask the <owner> & the team."
    kind = KINDS[number % len(KINDS)]
    return Claim(
        id=f"c{number:03d}",
        kind=kind,
        kinds={each: 600 if each == kind else 100 for each in KINDS},
        statement=quote,
        mode="verbatim",
        evidence=(Span(number - 1, 0, len(quote), quote, hashlib.sha256(quote.encode()).hexdigest()),),
        keep=800,
        threads=1,
        days=1,
        first=date(2026, 1, 5),
        last=date(2026, 1, 5),
        entropy_millibits=1157,
    )


@pytest.mark.parametrize("count", [1, 60, 200])
@pytest.mark.parametrize("draft", [False, True])
def test_the_reference_library_of_the_format_takes_our_skills(tmp_path: Path, count: int, draft: bool) -> None:
    skills_ref = pytest.importorskip("skills_ref", reason="skills-ref is not installed")
    folder = _skill(tmp_path, count, draft=draft)
    assert skills_ref.validate(folder) == []
    read = skills_ref.read_properties(folder)
    assert read.name == "payments-engineer"
    assert read.metadata["label"] == "derived from consented work"


@pytest.mark.parametrize("count", [1, 60, 200])
def test_agnix_finds_no_fault_in_our_skills(tmp_path: Path, count: int) -> None:
    said = _agnix(_skill(tmp_path, count))
    assert said["files_checked"] >= 3
    assert [d for d in said["diagnostics"] if d["level"] == "error"] == []
    assert {d["rule"] for d in said["diagnostics"] if d["level"] == "warning"} <= _BY_NAME
    # What it says beside that are hints: no table of contents in a long page, no pinned version of a tool.
    assert {d["rule"] for d in said["diagnostics"] if d["level"] == "info"} <= {"VER-001", "CC-SK-034"}


def test_agnix_does_find_a_fault_where_there_is_one(tmp_path: Path) -> None:
    folder = _skill(tmp_path, 1)
    page = folder / "SKILL.md"
    page.write_text(page.read_text("utf-8").replace('name: "payments-engineer"', 'name: "Payments_Engineer"'), "utf-8")
    assert any(d["level"] == "error" for d in _agnix(folder)["diagnostics"])


@pytest.mark.parametrize("count", [1, 200])
def test_the_form_of_our_skills_is_in_order_by_our_own_rules(tmp_path: Path, count: int) -> None:
    folder = _skill(tmp_path, count)
    files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    found = inspect(Opened(folder.name, files), None).findings
    # It is signed by nobody here.
    assert {f.rule for f in found} <= {"consent.missing"}


def test_our_rules_and_the_reference_library_agree_on_faults_of_the_head(tmp_path: Path) -> None:
    skills_ref = pytest.importorskip("skills_ref", reason="skills-ref is not installed")
    heads = [
        "name: a\ndescription: x",
        "name: b\ndescription: x",
        "name: A\ndescription: x",
        "name: -a\ndescription: x",
        "name: a--b\ndescription: x",
        "name: a",
        "description: x",
        "name: a\ndescription: ''",
        f"name: a\ndescription: {'x' * 1024}",
        f"name: a\ndescription: {'x' * 1025}",
        "name: a\ndescription: x\nversion: '1'",
        "name: a\ndescription: x\nlicense: MIT\nallowed-tools: Read",
        f"name: a\ndescription: x\ncompatibility: {'x' * 501}",
    ]
    for head in heads:
        folder = write(tmp_path / "a", {"SKILL.md": f"---\n{head}\n---\n\nBody.\n"})
        ours = inspect(Opened("a", {"SKILL.md": (folder / "SKILL.md").read_bytes()}), None).findings
        assert bool(ours) == bool(skills_ref.validate(folder)), head
        assert all(f.rule.startswith("format.") for f in ours)


def test_two_hundred_claims_stay_below_the_tokens_that_the_format_recommends(tmp_path: Path) -> None:
    text = (_skill(tmp_path, 200) / "SKILL.md").read_text("utf-8")
    assert form.tokens(text) < form.MAX_TOKENS
    assert len(text.splitlines()) < form.MAX_LINES


def _agnix(folder: Path) -> Any:
    """Run agnix over a folder, in English and without a word to anybody; skip where it is not installed."""
    beside = Path(sys.executable).with_name("agnix")
    binary = os.environ.get("AGNIX") or (str(beside) if beside.exists() else shutil.which("agnix"))
    if not binary:
        pytest.skip("agnix is not installed")
    done = subprocess.run(
        [binary, "--format", "json", "--locale", "en", str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(folder.parent), "AGNIX_TELEMETRY": "0"},
    )
    return json.loads(done.stdout)
