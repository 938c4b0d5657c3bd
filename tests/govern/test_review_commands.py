"""`govern skill review` with files: export, edit, import; what was struck and corrected, up to the released skill."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from office import Result, govern
from release_world import QUOTES, World
from review_world import draft_file

from attest import canonical, container
from extract import redaction
from extract.skill import codec
from extract.skill.draft import Draft
from extract.skill.review import Review
from extract.skill.verify import verify_skill
from govern import rederive, reviewing

OWN = (*QUOTES, "Never restart the broker while the queue is full.", "kubectl drain node")


@pytest.fixture(autouse=True)
def nothing_personal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The detectors have tests of their own and take seconds to load."""
    monkeypatch.setattr(redaction, "scanner", lambda *_: None)
    monkeypatch.setattr(redaction, "residual_hits", lambda *_: [])


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, quotes=OWN).begin()


def _run(world: World, path: Path, *args: object) -> Result:
    return govern("skill", "review", path, *args, "--now", "2026-03-02T09:00:00Z", workspace=world.workspace.root)


def _stored(world: World, made: Draft) -> bytes | None:
    path = world.workspace.review_path(made.extraction_id)
    return path.read_bytes() if path.exists() else None


def _events(world: World) -> list[bytes]:
    return [data for _, data in world.log.entries() if b'"type":"skill.reviewed"' in data]


def _edited(path: Path, **verdicts: str) -> None:
    text = path.read_text("utf-8")
    for claim_id, verdict in verdicts.items():
        start = text.index("Verdict:", text.index(f"## {claim_id}"))
        text = text[:start] + f"Verdict: {verdict}" + text[text.index("\n", start) :]
    path.write_text(text, "utf-8")


def test_what_is_struck_and_corrected_in_a_file_ends_so_in_the_released_skill(world: World) -> None:
    made, path = draft_file(world)
    file = world.root / "review.md"
    exported = _run(world, path, "--export", file)
    assert exported.code == 0, exported.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert _stored(world, made) is None
    assert _events(world) == []

    own = "Tag the build; upload nothing that is not tagged."
    _edited(file, c001="accept", c002=f"correct: {own}", c003="strike", c004="strike", c005="strike")
    dry = _run(world, path, "--import", file, "--dry-run", "--json")
    assert dry.code == 0, dry.err
    assert dry.json["changed"][2] == {"id": "c003", "before": "open", "after": "struck"}
    assert _stored(world, made) is None
    assert _events(world) == []

    taken = _run(world, path, "--import", file)
    assert taken.code == 0, taken.err
    assert "1 accepted, 1 corrected, 3 struck, 0 open." in taken.out
    assert [b'"accepted":1,"corrected":1' in e and b'"struck":3' in e for e in _events(world)] == [True]

    data = world.release(made, Review.from_bytes(_stored(world, made) or b""))
    files = container.unpack(data).files
    ledger = canonical.loads(files["references/ledger.json"].removesuffix(b"\n"))
    assert (ledger["claims"], ledger["released"], ledger["corrected"], ledger["struck"]) == (5, 2, 1, 3)
    page = files["SKILL.md"].decode()
    assert "| claims struck by the person | 3 |" in page
    # The person's words stand where the model's stood, are marked as theirs, and keep their evidence.
    line = next(line for line in page.splitlines() if own in line)
    assert "corrected by the person" in line
    claims = {c.id: c for c in codec.from_lines(files["references/claims.jsonl"])}
    assert (claims["c002"].statement, claims["c002"].mode, claims["c002"].review) == (own, "corrected", "corrected")
    assert [s.quote for s in claims["c002"].evidence] == [OWN[1], OWN[1]]
    for text in OWN[2:]:
        assert text.encode() not in b"".join(files.values())
    report = verify_skill(data, world.workspace.log_vkey, now=world.now)
    assert [c.name for c in report.checks if c.status == "fail"] == []


def test_a_round_trip_without_an_edit_changes_nothing(world: World) -> None:
    made, path = draft_file(world)
    assert _run(world, path, "--strike", "c002", "--correct", "c003=Name the unit.", "--withhold", "pitfalls").code == 0
    before = _stored(world, made)
    file = world.root / "review.md"
    assert _run(world, path, "--export", file).code == 0
    taken = _run(world, path, "--import", file, "--json")
    assert taken.json["changed"] == []
    assert _stored(world, made) == before


def test_a_file_with_a_mistake_is_refused_whole_and_tells_nothing_of_it(world: World) -> None:
    made, path = draft_file(world)
    assert _run(world, path, "--accept", "c001").code == 0
    before = _stored(world, made)
    file = world.root / "review.md"
    assert _run(world, path, "--export", file).code == 0
    _edited(file, c002="strike", c003="the customer Alvarez complained")
    number = file.read_text("utf-8").split("\n").index("Verdict: the customer Alvarez complained") + 1
    refused = _run(world, path, "--import", file, "--accept-rest", "--json")
    assert refused.code == 6
    assert f"line {number}: the verdict of c003 is not one" in refused.err
    assert "Alvarez" not in refused.err + refused.out
    assert _stored(world, made) == before
    assert _events(world) == []


def test_a_file_of_another_draft_a_binary_and_a_missing_one_are_refused(world: World) -> None:
    _, path = draft_file(world)
    file = world.root / "review.md"
    assert _run(world, path, "--export", file).code == 0
    _, other = draft_file(world)
    refused = _run(world, other, "--import", file)
    assert (refused.code, "of another draft" in refused.err) == (6, True)
    file.write_bytes(b"\xff\xfe\x00")
    assert _run(world, other, "--import", file).code == 6
    assert _run(world, other, "--import", world.root / "none.md").code == 2


def test_a_file_that_is_out_of_date_counts_only_with_restart(world: World) -> None:
    made, path = draft_file(world)
    file = world.root / "review.md"
    assert _run(world, path, "--accept", "c001", "--export", file).code == 0
    assert _run(world, path, "--strike", "c001", "--strike", "c002").code == 0
    before = _stored(world, made)
    refused = _run(world, path, "--import", file)
    assert (refused.code, "--restart" in refused.err) == (6, True)
    dry = _run(world, path, "--import", file, "--restart", "--dry-run", "--json")
    assert dry.json["changed"] == [
        {"id": "c001", "before": "struck", "after": "accepted"},
        {"id": "c002", "before": "struck", "after": "open"},
    ]
    assert _stored(world, made) == before
    assert _run(world, path, "--import", file, "--restart").code == 0
    assert _stored(world, made) != before


def test_a_damaged_review_is_replaced_only_with_restart(world: World) -> None:
    made, path = draft_file(world)
    world.workspace.review_path(made.extraction_id).write_bytes(b"{}")
    assert _run(world, path, "--accept-rest").code == 6
    assert _run(world, path, "--accept-rest", "--restart").code == 0


def test_an_export_never_replaces_a_file(world: World) -> None:
    _, path = draft_file(world)
    file = world.root / "review.md"
    file.write_text("an evening's work", "utf-8")
    refused = _run(world, path, "--export", file, "--accept-rest")
    assert (refused.code, "exists already" in refused.err) == (2, True)
    assert file.read_text("utf-8") == "an evening's work"
    assert _run(world, path, "--export", world.root / "no" / "review.md").code == 2
    assert list(world.root.glob(".*.part")) == []
    assert _events(world) == []


def test_an_export_after_decisions_holds_them(world: World) -> None:
    _, path = draft_file(world)
    file = world.root / "review.md"
    assert _run(world, path, "--strike", "c001", "--export", file).code == 0
    assert "Verdict: strike" in file.read_text("utf-8")


def test_a_dry_run_needs_something_to_decide_and_writes_no_file(world: World) -> None:
    made, path = draft_file(world)
    assert _run(world, path, "--dry-run").code == 2
    assert _run(world, path, "--dry-run", "--export", world.root / "review.md").code == 2
    dry = _run(world, path, "--accept-rest", "--dry-run")
    assert dry.code == 0
    assert "5 changed, nothing kept: this was a dry run." in dry.out
    assert _stored(world, made) is None
    assert _events(world) == []


def test_a_second_review_of_a_draft_is_refused_and_changes_nothing(world: World) -> None:
    made, path = draft_file(world)
    assert _run(world, path, "--accept", "c001").code == 0
    before = _stored(world, made)
    file = world.root / "review.md"
    with reviewing.alone(world.workspace, made.extraction_id):
        for words in (("--strike", "c001"), ("--accept-rest",), ("--restart", "--list"), ("--import", path)):
            refused = _run(world, path, *words)
            assert (refused.code, "another review of this draft is open" in refused.err) == (1, True)
            assert "hint: end it there" in refused.err
        # To read is to change nothing.
        for words in (("--list",), ("--export", file), ("--strike", "c001", "--dry-run")):
            assert _run(world, path, *words).code == 0
    assert _stored(world, made) == before
    assert _events(world) == []
    assert _run(world, path, "--strike", "c001").code == 0


def test_the_reviews_of_two_drafts_do_not_keep_each_other_out(world: World) -> None:
    first, _ = draft_file(world)
    _, other = draft_file(world)
    with reviewing.alone(world.workspace, first.extraction_id):
        assert _run(world, other, "--accept-rest").code == 0


def test_what_a_review_leaves_is_forgotten_with_its_draft(world: World) -> None:
    made, path = draft_file(world)
    assert _run(world, path, "--accept-rest").code == 0
    reviews = world.workspace.review_path(made.extraction_id).parent
    assert {p.name for p in reviews.iterdir()} == {f"{made.extraction_id}.json", f"{made.extraction_id}.lock"}
    assert reviewing.lock_path(world.workspace, made.extraction_id).read_bytes() == b""
    rederive.forget(world.workspace, made.extraction_id)
    assert list(reviews.iterdir()) == []


def test_a_review_that_is_open_while_its_draft_is_forgotten_writes_nothing_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, path = draft_file(world)
    withhold = Review.withhold

    def forgotten_meanwhile(review: Review, *args: Any) -> Review:
        rederive.forget(world.workspace, made.extraction_id)
        return withhold(review, *args)

    monkeypatch.setattr(Review, "withhold", forgotten_meanwhile)
    refused = _run(world, path, "--correct", "c001=Name the unit.")
    assert (refused.code, "was given up while you reviewed it" in refused.err) == (3, True)
    assert list(world.workspace.review_path(made.extraction_id).parent.iterdir()) == []
    assert _events(world) == []


def test_a_release_waits_for_an_open_review(world: World) -> None:
    made, path = draft_file(world)
    assert _run(world, path, "--accept-rest").code == 0
    with reviewing.alone(world.workspace, made.extraction_id):
        refused = govern("skill", "release", path, "--key", world.root / "any.key", workspace=world.workspace.root)
    assert (refused.code, "another review of this draft is open" in refused.err) == (1, True)


def test_a_draft_that_was_revoked_is_not_shown_any_more(world: World) -> None:
    made, path = draft_file(world)
    body = {"extraction_id": made.extraction_id, "reason": "lifecycle.withdrawal", "causes": []}
    with world.workspace.log() as log:
        world.workspace.append(log, "skill.revoked", "operator", body, datetime(2026, 3, 5, tzinfo=UTC))
    for words in (("--list",), ("--accept-rest",), ("--export", world.root / "review.md")):
        refused = _run(world, path, *words)
        assert (refused.code, "this draft is revoked" in refused.err) == (3, True)
        assert made.claims[0].statement not in refused.out + refused.err
    assert not (world.root / "review.md").exists()
