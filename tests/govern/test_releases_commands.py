"""What the commands over a skill say of withheld claims and of standings: review, verify, show, audit verify."""

from __future__ import annotations

from pathlib import Path

import pytest
from office import Result, govern
from release_world import QUOTES, SUBJECT, World
from review_world import draft_file

from attest import canonical, container
from consent import build
from extract import redaction
from extract.skill.review import Decision, Review
from extract.skill.verify import verify_skill
from govern.errors import InputError, UsageError

AT = "2026-03-02T09:00:00Z"
OWN = (*QUOTES, "Never restart the broker while the queue is full.", "kubectl drain node")


@pytest.fixture(autouse=True)
def nothing_personal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The detectors have tests of their own and take seconds to load."""
    monkeypatch.setattr(redaction, "scanner", lambda *_: None)
    monkeypatch.setattr(redaction, "residual_hits", lambda *_: [])


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, quotes=OWN).begin()


def _run(world: World, *args: object) -> Result:
    return govern(*args, "--now", AT, workspace=world.workspace.root)


def test_a_kind_of_knowledge_is_kept_and_only_the_number_is_told(world: World) -> None:
    made, path = draft_file(world)
    result = _run(world, "skill", "review", path, "--withhold", "pitfalls", "--accept-rest", "--json")
    assert result.code == 0, result.err
    # c005 is in no language that the lists know, so it may belong to any kind.
    assert {c["id"]: c["decision"] for c in result.json["claims"]} == {
        "c001": "accepted",
        "c002": "accepted",
        "c003": "accepted",
        "c004": "withheld",
        "c005": "withheld",
    }
    assert (result.json["struck"], result.json["withheld"], result.json["withheld_kinds"]) == (2, 2, ["pitfalls"])
    stored = Review.from_bytes(world.workspace.review_path(made.extraction_id).read_bytes())
    assert stored.withheld == ("pitfalls",)

    entry = [data for _, data in world.log.entries() if b'"type":"skill.reviewed"' in data][-1]
    assert b'"struck":2,"withheld":2' in entry
    assert b"pitfalls" not in entry

    data = world.release(made, stored)
    files = container.unpack(data).files
    ledger = canonical.loads(files["references/ledger.json"].removesuffix(b"\n"))
    assert (ledger["claims"], ledger["released"], ledger["struck"], ledger["withheld"]) == (5, 3, 2, 2)
    page = files["SKILL.md"].decode()
    assert "| claims struck because the person keeps what they know | 2 |" in page
    assert b"pitfalls" not in b"".join(files[name] for name in files if name.startswith("references/"))
    for text in OWN[3:]:
        assert text.encode() not in b"".join(files.values())
    report = verify_skill(data, world.workspace.log_vkey, now=world.now)
    assert [c.name for c in report.checks if c.status == "fail"] == []


def test_a_decision_made_after_withholding_counts(world: World) -> None:
    made, path = draft_file(world)
    assert _run(world, "skill", "review", path, "--withhold", "pitfalls", "--accept", "c005", "--accept-rest").code == 0
    stored = Review.from_bytes(world.workspace.review_path(made.extraction_id).read_bytes())
    assert stored.decisions["c005"] == Decision("accepted")
    assert stored.withheld_claims == 1
    # Withholding afterwards strikes it again.
    assert stored.withhold(["pitfalls"], made.claims).decisions["c005"] == Decision("withheld")


def test_an_unknown_kind_and_a_damaged_review_are_refused(world: World) -> None:
    made, path = draft_file(world)
    result = _run(world, "skill", "review", path, "--withhold", "secrets")
    assert result.code == 2
    assert "tacit_context" in result.err
    with pytest.raises(UsageError):
        Review("x").withhold(["secrets"], made.claims)
    good = Review("x", withheld=["pitfalls"]).to_bytes()
    assert Review.from_bytes(good).withheld == ("pitfalls",)
    with pytest.raises(InputError):
        Review.from_bytes(good.replace(b"pitfalls", b"pitfalle"))


def test_numbers_that_do_not_add_up_fail_the_check(world: World) -> None:
    data = world.release(c004="")
    box = container.unpack(data)
    changed = box.files["references/ledger.json"].replace(b'"withheld":0', b'"withheld":9')
    packed = container.pack(box.name, {**box.files, "references/ledger.json": changed})
    checks = {c.name: c for c in verify_skill(packed, world.workspace.log_vkey, now=world.now).checks}
    assert checks["numbers"].status == "fail"
    assert "add up" in checks["numbers"].value


def test_the_list_shows_what_could_be_kept(world: World) -> None:
    _, path = draft_file(world)
    shown = _run(world, "skill", "review", path, "--list").out
    assert "to keep: pitfalls" in shown
    assert "to keep: any" in shown
    assert "to keep: none" in shown


def test_a_released_skill_passes_and_audit_verify_says_how_it_stands(world: World) -> None:
    path = world.root / "ops.skill"
    path.write_bytes(world.release())
    assert _run(world, "skill", "verify", path, "--json").json["status"] == "released"
    key = world.workspace.root / "log.vkey"
    audit = _run(world, "audit", "verify", path, "--log-key", key)
    assert audit.code == 0, audit.err
    assert "Standing, as the log of this workspace has it: released" in audit.out
    world.add("consent.withdrawn", build.withdrawal(SUBJECT, None, "paper"))
    # The proofs hold as before: what was attested does not become untrue.
    audit = _run(world, "audit", "verify", path, "--log-key", key, "--json")
    assert audit.code == 0
    assert audit.json["standing"] == {
        "status": "revoked", "since": None, "reason": "consent.withdrawn", "replaced_by": None,
    }  # fmt: skip
    elsewhere = govern("audit", "verify", path, "--log-key", key, "--now", AT, "--json", workspace=world.root / "none")
    assert elsewhere.json["standing"] is None


@pytest.mark.parametrize(
    ("kind", "body", "status", "hint"),
    [
        ("consent.withdrawn", build.withdrawal(SUBJECT, None, "paper"), "revoked", "delete every copy"),
        ("consent.objected", build.notice_body(SUBJECT, None, "paper"), "suspended", "settled"),
        ("key.compromised", {"pid": SUBJECT, "since": "2026-03-01T00:00:00Z"}, "quarantined", "never valid"),
    ],
)
def test_what_may_not_be_used_is_refused_with_what_to_do(
    world: World, kind: str, body: dict[str, object], status: str, hint: str
) -> None:
    path = world.root / "ops.skill"
    path.write_bytes(world.release())
    world.add(kind, body)
    result = _run(world, "skill", "verify", path)
    assert result.code == 3
    assert f"this skill is {status}" in result.err
    assert hint in result.err
    assert f"In this workspace: {status}" in _run(world, "skill", "show", path).out


def test_an_expired_skill_is_whole_and_refused(world: World) -> None:
    path = world.root / "ops.skill"
    path.write_bytes(world.release())
    result = govern("skill", "verify", path, "--now", "2028-01-01", workspace=world.workspace.root)
    assert result.code == 3
    assert "expired since 2027-03-02T09:00:00Z (output.expiry)" in result.out


def test_a_draft_and_a_skill_of_another_log_are_told_apart_from_damage(world: World, tmp_path: Path) -> None:
    _, path = draft_file(world)
    result = _run(world, "skill", "verify", path)
    assert result.code == 3
    assert "this skill is a draft" in result.err
    other = World(tmp_path / "other").begin()
    path.write_bytes(other.release())
    assert _run(world, "skill", "verify", path).code == 4
