"""A skill that an earlier version made, kept as a file: it verifies for as long as the format has its number."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from attest_world import NOW, POLICY, Story, tell

from attest import container
from attest.verify import verify_skill

FOLDER = Path(__file__).parents[1] / "vectors" / "attest"
GOLDEN = FOLDER / "payments-engineer.skill"
STORY = {"verify_text": b"How to check this skill.\n"}


def test_the_kept_skill_still_verifies():
    vkey = (FOLDER / "log.vkey").read_text().strip()
    report = verify_skill(GOLDEN.read_bytes(), vkey, now=NOW + timedelta(days=1), policy_sha256=POLICY)
    assert report.ok
    assert [check.status for check in report.checks[1:16]] == ["pass"] * 15


def test_the_same_story_still_makes_the_same_evidence(tmp_path):
    """All but what names the version of zlib: the statement, the entry with its digest, and the proofs."""
    golden = container.unpack(GOLDEN.read_bytes()).files
    made = tell(tmp_path / "log.sqlite", Story(**STORY)).files
    assert set(made) == set(golden)
    stable = {name for name in golden if not name.endswith((".tlog-proof", "entry.json", "statement.dsse.json"))}
    assert len(stable) == 9
    assert {name: made[name] for name in stable} == {name: golden[name] for name in stable}
