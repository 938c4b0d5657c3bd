"""`govern extract --paraphrase`: refused without a fit model, flagged with one, and the same when it is made again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from knowing_model import Paraphraser
from office import govern
from test_improving import NIGHT, THEN, add, sign
from withdrawal_world import SUBJECT, Memory, Reader, World, content, fake_model

from attest import container
from extract.distil.backend import Prompt, Score
from extract.distil.claims import Claim
from extract.skill import codec
from extract.skill.verify import verify_skill

SWEEP = "2026-03-06T09:00:00Z"
MARK = "in a model's words"


def other_words(note: str) -> str:
    return note.replace("smoke tests", "smoke checks").replace("snapshot", "backup").replace("manager", "chief")


def claims_of(skill: Path) -> tuple[Claim, ...]:
    return codec.from_lines(container.unpack(skill.read_bytes()).files["references/claims.jsonl"])


def extracted(root: Path, write: Callable[[str], str] = other_words, **more: Any) -> World:
    # The consent names the model.
    with fake_model(Paraphraser(write, **more)):
        world = World(Memory(root), root).begin()
        world.extract("--paraphrase")
    return world


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> World:
    return extracted(tmp_path_factory.mktemp("paraphrased"))


@pytest.fixture(scope="module")
def released(made: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    world = made.copy(tmp_path_factory.mktemp("released"))
    world.release()
    return world


def test_a_model_that_is_not_fit_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    model = Paraphraser(other_words, "echo")
    with fake_model(model):
        world = World(Memory(tmp_path), tmp_path).begin()
        refused = world.run(
            *("extract", "--policy", "minimal_self", "--subject", SUBJECT, "--purpose", "self_assist", "--paraphrase"),
            *("--operator", SUBJECT, "--mail", world.memory.place.mbox, "-o", world.skill, "--now", SWEEP),
        )
    assert refused.code == 3
    assert "the model reaches tier delete, and paraphrases need tier paraphrase" in refused.err
    assert "hint:" in refused.err
    assert model.notes == []
    assert not world.skill.exists()
    assert not [e for e in world.log() if e["type"].startswith(("extraction.", "source."))]
    assert not list((world.workspace / "extractions").glob("*.job.json"))


def test_what_a_model_wrote_is_flagged_wherever_it_is_shown(made: World) -> None:
    written = [c for c in claims_of(made.skill) if c.mode == "paraphrase"]
    assert written
    files = {name: data.decode() for name, data in content(made.skill).items()}
    for claim in written:
        (line,) = [x for x in files["SKILL.md"].splitlines() if f"[{claim.id}:" in x]
        assert MARK in line
        assert f"{claim.statement}\n\nMade by: paraphrase." in files["references/evidence.md"]
    assert files["SKILL.md"].count(MARK) == len(written)
    assert "| paraphrases that passed |" in files["references/left-out.md"]
    numbers = json.loads(files["references/ledger.json"])["distilled"]
    assert numbers["mode_paraphrase"] == numbers["paraphrase_made"] == len(written)
    exported = made.root / "review.txt"
    made.done("skill", "review", made.skill, "--export", exported)
    assert exported.read_text().count("Made by: paraphrase: a model's words, not yours") == len(written)


def test_the_log_tells_what_the_self_test_found_and_of_which_model(made: World) -> None:
    (entry,) = made.events("extraction.distilled")
    engine = entry["body"]["engine"]
    assert (engine["selftest_tier"], engine["selftest_polarity"], engine["model_sha256"]) == (
        "paraphrase",
        1000,
        "0" * 64,
    )


def test_without_being_asked_for_it_no_bytes_change(tmp_path: Path) -> None:
    with fake_model(Paraphraser(other_words)) as model:
        world = World(Memory(tmp_path), tmp_path).begin()
        world.extract()
    assert model.notes == []
    everything = b"\n".join(content(world.skill).values())
    assert b"paraphrase" not in everything
    (job,) = (world.workspace / "extractions").glob("*.job.json")
    assert b"paraphrase" not in job.read_bytes()


def test_an_auditor_can_check_it_and_is_told_what_cannot_be_checked(released: World) -> None:
    verified = govern("audit", "verify", released.skill, "--log-key", released.workspace / "log.vkey", "--now", SWEEP)
    assert verified.code == 0, verified.out + verified.err
    assert "in a model's words: that they mean the same is not proven" in verified.out


def changed(skill: Path, change: Callable[[dict[str, bytes]], None]) -> Any:
    """Return the check of the claims in a skill of which some bytes were changed; the proofs fail anyway."""
    packed = container.unpack(skill.read_bytes())
    files = dict(packed.files)
    change(files)
    vkey = (skill.parent / ".govern" / "log.vkey").read_text().strip()
    checks = verify_skill(container.pack(packed.name, files), vkey, now=None).checks
    return {c.name: c for c in checks}


def test_a_paraphrase_that_was_changed_afterwards_fails(released: World) -> None:
    def lie(files: dict[str, bytes]) -> None:
        name = "references/claims.jsonl"
        found = codec.from_lines(files[name])
        (one,) = [c for c in found if "smoke checks" in c.statement]
        files[name] = files[name].replace(one.statement.encode(), one.statement.replace("always", "never").encode())

    check = changed(released.skill, lie)["claims"]
    assert (check.status, "negators" in check.value) == ("fail", True)


def test_a_paraphrase_that_is_shown_without_its_flag_fails(released: World) -> None:
    def hide(files: dict[str, bytes]) -> None:
        files["SKILL.md"] = files["SKILL.md"].replace(f", {MARK}".encode(), b"", 1)

    assert changed(released.skill, hide)["claims shown"].status == "fail"


def test_a_paraphrase_of_a_model_that_nobody_tried_fails(released: World) -> None:
    from attest.encoding import from_base64, to_base64

    def untried(files: dict[str, bytes]) -> None:
        name = "attestation/statement.dsse.json"
        envelope = json.loads(files[name])
        payload = from_base64(envelope["payload"]).replace(b'"selftest_echo":1000', b'"selftest_echo":917')
        files[name] = files[name].replace(envelope["payload"].encode(), to_base64(payload).encode())

    check = changed(released.skill, untried)["claims"]
    assert (check.status, "no model that was found fit" in check.value) == ("fail", True)


def test_what_fails_a_check_stands_in_the_persons_words_and_is_counted(tmp_path: Path) -> None:
    world = extracted(tmp_path, lambda note: other_words(note).replace("ever", "ever Zora"))
    modes = {c.mode for c in claims_of(world.skill)}
    assert "Zora" not in world.skill.read_bytes().decode("latin-1")
    numbers = json.loads(content(world.skill)["references/ledger.json"])["distilled"]
    failed = sum(n for k, n in numbers.items() if k.startswith("paraphrase_failed_"))
    assert numbers["paraphrase_asked"] == failed + numbers.get("paraphrase_made", 0)
    assert failed >= 1
    assert "verbatim" in modes


def test_the_same_run_again_gives_the_same_bytes(made: World, tmp_path: Path) -> None:
    other = made.copy(tmp_path / "again")
    with fake_model(Paraphraser(other_words)):
        other.extract("--paraphrase")
    assert content(other.skill) == content(made.skill)


def test_what_is_made_again_is_paraphrased_again_and_tried_again(made: World, tmp_path: Path) -> None:
    world = made.copy(tmp_path / "fit")
    take_back = ("consent", "withdraw", "--subject", SUBJECT, "--source", "chat.public_channel", "--now", SWEEP)
    with fake_model(Paraphraser(other_words)):
        world.done(*take_back)
        world.done("sweep", "--now", SWEEP)
    (draft,) = world.staged()
    assert "paraphrase" in {c.mode for c in claims_of(draft)}
    assert [e["body"]["engine"]["selftest_tier"] for e in world.events("extraction.distilled")] == ["paraphrase"] * 2


def test_what_a_model_that_is_no_longer_fit_would_make_again_is_not_made(made: World, tmp_path: Path) -> None:
    world = made.copy(tmp_path / "unfit")
    with fake_model(Paraphraser(other_words, "polarity")) as model:
        world.run("consent", "withdraw", "--subject", SUBJECT, "--source", "chat.public_channel", "--now", SWEEP)
        world.run("sweep", "--now", SWEEP)
    assert world.staged() == []
    assert model.notes == []


class Scoring(Paraphraser, Reader):
    """One that can also say how likely a text is, as a model file can."""

    def __init__(self) -> None:
        Reader.__init__(self)
        Paraphraser.__init__(self, other_words)

    def score(self, prefix: Prompt, text: str) -> Score:
        return Reader.score(self, prefix, text)

    def tokens(self, text: str) -> int:
        return Reader.tokens(self, text)

    def capabilities(self) -> frozenset[str]:
        return Reader.capabilities(self)


def test_an_improvement_and_an_evaluation_distil_as_the_skill_was_distilled(tmp_path: Path) -> None:
    with fake_model(Scoring()):
        world = World(Memory(tmp_path), tmp_path).begin()
        add(world, 0, 26)
        world.done("consent", "withdraw", "--subject", SUBJECT, "--now", "2026-03-01T09:30:00Z")
        sign(world, "2026-03-01T10:00:00Z")
        world.extract("--paraphrase", without={"--repo", "--chat"})
        world.done("skill", "evaluate", world.skill, "--now", "2026-03-02T10:00:00Z", "--messages", 8)
        world.release()
        add(world, 26, THEN)
        world.done("skill", "improve", "--nightly", world.skill, "--now", NIGHT)
    (staged,) = world.staged()
    assert "paraphrase" in {c.mode for c in claims_of(staged)}
    told = json.loads(content(staged)["references/ledger.json"])
    assert told["distilled"]["sentences"] == told["distilled"]["evidence"] + sum(told["dropped"].values())
