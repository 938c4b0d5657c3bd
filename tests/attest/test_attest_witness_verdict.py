"""What the verdict says of witnesses, rotated keys, time-stamps and responses that came after the release."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from attest_world import (
    LOG_KEY,
    NOW,
    ORIGIN,
    OTHER_KEY,
    OTHER_PID,
    PID,
    POLICY,
    SUBJECT_KEY,
    Story,
    Told,
    fixed_key,
    tell,
)

from attest import bundle, container, evidence, proof, response, timestamp
from attest.container import Container
from attest.cosignature import CosignatureSigner
from attest.encoding import to_time
from attest.errors import FormatError
from attest.events import Event
from attest.log import EventLog
from attest.note import NoteSigner, text_of
from attest.report import Check, Report
from attest.verify import checks, main, verify_container
from attest.witness_policy import WitnessPolicy, parse

COUNCIL = CosignatureSigner("example.com/works-council", fixed_key("council"))
AUDITOR = CosignatureSigner("audit.example/one", fixed_key("auditor"))
DPO = CosignatureSigner("example.com/dpo", fixed_key("dpo"))
ALL = "group g all council auditor\nquorum g\n"
ANY = "group g any council auditor\nquorum g\n"
LATER = NOW + timedelta(hours=1)


def policy(rule: str, log: str = "") -> WitnessPolicy:
    witnesses = f"witness council {COUNCIL.cosigner.vkey}\nwitness auditor {AUDITOR.cosigner.vkey}\n"
    return parse((log + witnesses + rule).encode())


@dataclass
class World:
    """A told story, its log, and the skill with proofs on whatever checkpoint comes next."""

    told: Told
    path: Path

    def append(self, kind: str, body: dict) -> int:
        with EventLog.open(self.path) as log:
            return log.append([Event.new(kind, "operator", body, NOW)])[0]

    def renewed(self, *witnesses: CosignatureSigner, at: datetime = LATER, **options) -> Told:
        with EventLog.open(self.path) as log:
            note = log.checkpoint(NoteSigner(ORIGIN, LOG_KEY))
            if witnesses:
                lines = "".join(w.line(text_of(note), int(at.timestamp())) for w in witnesses)
                log.add_cosignatures(log.size, lines.encode())
            files = bundle.refresh(log, self.told.files, note, **options)
        return replace(self.told, files=files)


def verdict(told: Told, **options) -> Report:
    options = {"now": NOW + timedelta(days=1), "policy_sha256": POLICY, **options}
    return verify_container(Container(told.name, told.files), told.vkey, **options)


def check(told: Told, name: str = "witnesses", **options) -> Check:
    return next(found for found in verdict(told, **options).checks if found.name == name)


def answer(told: Told, name: str = "witnesses", **options) -> tuple[str, str]:
    found = check(told, name, **options)
    return found.status, found.value


@pytest.fixture
def world(tmp_path) -> World:
    path = tmp_path / "log.sqlite"
    return World(tell(path), path)


def test_without_policy_and_cosignature_it_is_unwitnessed(world):
    assert answer(world.told) == ("info", "unwitnessed")
    assert answer(world.renewed()) == ("info", "unwitnessed")


def test_cosignatures_without_a_policy_are_only_counted(world):
    told = world.renewed(COUNCIL)
    assert answer(told) == ("info", "1 cosignature by keys that no policy names: not checked")
    told = world.renewed(COUNCIL, AUDITOR)
    assert answer(told) == ("info", "2 cosignatures by keys that no policy names: not checked")
    assert verdict(told).ok


@pytest.mark.parametrize(
    ("witnesses", "rule", "status", "value"),
    [
        ((), ALL, "fail", "0 of 2, operators: none; quorum not met (2 needed)"),
        ((COUNCIL,), ALL, "fail", "1 of 2, operators: council; quorum not met (2 needed); newest 2026-11-22T11:00:00Z"),
        ((COUNCIL,), ANY, "pass", "1 of 2, operators: council; quorum met (1 needed); newest 2026-11-22T11:00:00Z"),
        (
            (AUDITOR, COUNCIL),
            ALL,
            "pass",
            "2 of 2, operators: council, auditor; quorum met (2 needed); newest 2026-11-22T11:00:00Z",
        ),
        (
            (COUNCIL, DPO),
            "quorum council\n",
            "pass",
            "1 of 1, operators: council; quorum met (1 needed); newest 2026-11-22T11:00:00Z; "
            "1 more by keys that the policy does not name",
        ),
        (
            (DPO,),
            ANY,
            "fail",
            "0 of 2, operators: none; quorum not met (1 needed); 1 more by keys that the policy does not name",
        ),
        ((), "quorum none\n", "info", "0 of 0, operators: none; quorum met (0 needed); the policy asks for none"),
    ],
)
def test_the_verdict_counts_operators_and_says_whether_that_is_enough(world, witnesses, rule, status, value):
    told = world.renewed(*witnesses)
    assert answer(told, witnesses=policy(rule)) == (status, value)
    assert verdict(told, witnesses=policy(rule)).ok == (status != "fail")


def test_two_keys_of_one_operator_count_once(world):
    rule = "group house any council auditor\nwitness outside {}\ngroup g all house outside\nquorum g\n"
    told = world.renewed(COUNCIL, AUDITOR)
    status, value = answer(told, witnesses=policy(rule.format(DPO.cosigner.vkey)))
    assert (status, value.partition(";")[0]) == ("fail", "1 of 2, operators: house")


def test_a_policy_that_names_other_logs_does_not_fit(world):
    told = world.renewed(COUNCIL)
    other = NoteSigner("example.com/other", OTHER_KEY).verifier.vkey
    assert answer(told, witnesses=policy(ANY, f"log {other}\n"))[0] == "fail"
    assert answer(told, witnesses=policy(ANY, f"log {other}\nlog {told.vkey}\n"))[0] == "pass"


def test_a_cosignature_from_the_future_does_not_count(world):
    told = world.renewed(COUNCIL, at=NOW + timedelta(days=1, minutes=11))
    status, value = answer(told, witnesses=policy(ANY))
    assert status == "fail"
    assert value.endswith("1 not counted, dated in the future")
    assert answer(told, witnesses=policy(ANY), now=NOW + timedelta(days=2))[0] == "pass"
    assert answer(told, witnesses=policy(ANY), now=None)[0] == "pass"
    a_little = world.renewed(COUNCIL, at=NOW + timedelta(days=1, minutes=9))
    assert answer(a_little, witnesses=policy(ANY))[0] == "pass"


def test_a_cosignature_older_than_what_it_covers_is_remarked_on(world):
    status, value = answer(world.renewed(COUNCIL, at=NOW - timedelta(days=1)), witnesses=policy(ANY))
    assert status == "pass"
    assert "a clock is wrong" in value


def with_checkpoint(told: Told, note: bytes) -> Told:
    files = {
        name: replace(proof.parse(data), checkpoint=note).to_bytes() if evidence.is_proof(name) else data
        for name, data in told.files.items()
    }
    return replace(told, files=files)


def test_a_wrong_cosignature_of_a_known_witness_fails_whatever_the_others_say(world):
    told = world.renewed(COUNCIL, AUDITOR)
    note = proof.parse(told.files[evidence.ENTRY_PROOF]).checkpoint
    for line in note.splitlines(keepends=True)[-2:]:
        place = note.index(line) + len(line) - 20
        wrong = note[:place] + (b"A" if note[place : place + 1] != b"A" else b"B") + note[place + 1 :]
        status, value = answer(with_checkpoint(told, wrong), witnesses=policy(ANY))
        assert (status, value) == ("fail", "a cosignature by a known witness is wrong")


def test_a_cosignature_of_another_checkpoint_is_wrong_here(world):
    old = world.renewed(COUNCIL)
    line = proof.parse(old.files[evidence.ENTRY_PROOF]).checkpoint.splitlines(keepends=True)[-1]
    world.append("skill.used", {})
    told = world.renewed()
    note = proof.parse(told.files[evidence.ENTRY_PROOF]).checkpoint
    assert answer(with_checkpoint(told, note + line), witnesses=policy(ANY))[0] == "fail"


def test_no_byte_of_a_witnessed_skills_proofs_can_be_changed(world):
    """In one proof a change makes two checkpoints; in all of them it breaks log, witness or quorum."""
    told = world.renewed(COUNCIL, AUDITOR)
    note = proof.parse(told.files[evidence.ENTRY_PROOF]).checkpoint
    options = {"now": NOW + timedelta(days=1), "policy_sha256": POLICY, "witnesses": policy(ALL)}
    assert verdict(told, witnesses=policy(ALL)).ok
    for place in range(len(note)):
        bad = note[:place] + bytes([note[place] ^ 1 << place % 8]) + note[place + 1 :]
        asked = checks(Container(told.name, with_checkpoint(told, bad).files), told.vkey, **options)
        assert any(found.status == "fail" for found in asked), place


def test_a_renewed_skill_differs_in_proofs_only(world):
    world.append("skill.used", {})
    told = world.renewed(COUNCIL)
    assert set(told.files) == set(world.told.files)
    changed = {name for name in told.files if told.files[name] != world.told.files[name]}
    assert changed == {name for name in told.files if evidence.is_proof(name)}
    again = World(told, world.path).renewed(AUDITOR)
    assert answer(again, witnesses=policy(ALL))[0] == "pass"


def test_only_released_skills_of_this_log_can_be_renewed(world, tmp_path):
    other = tell(tmp_path / "other.sqlite", Story(extra_events=9))
    with EventLog.open(world.path) as log:
        note = log.checkpoint(NoteSigner(ORIGIN, LOG_KEY))
        changed = {**world.told.files, evidence.SEAL: other.files[evidence.SEAL] + b" "}
        with pytest.raises(ValueError, match="not of this log"):
            bundle.refresh(log, changed, note)
        for name in (evidence.STATEMENT, evidence.ENTRY, evidence.ENTRY_PROOF):
            without = {n: data for n, data in world.told.files.items() if n != name}
            with pytest.raises(FormatError):
                bundle.refresh(log, without, note)


def test_the_newest_checkpoint_with_enough_cosignatures_is_found(world):
    def newest(index: int, *needed: CosignatureSigner) -> bytes | None:
        with EventLog.open(world.path) as log:
            return bundle.newest_cosigned(
                log, index, lambda note: all(n.cosigner.name.encode() in note for n in needed)
            )

    world.renewed(COUNCIL, AUDITOR)
    world.append("skill.used", {})
    world.renewed(COUNCIL)
    world.append("skill.used", {})
    last = world.append("skill.used", {})
    world.renewed()
    sizes = [
        text_of(newest(world.told.release_index, *needed)).split("\n")[1] for needed in ((), (COUNCIL,), (AUDITOR,))
    ]
    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 3
    assert newest(world.told.release_index, DPO) is None
    assert newest(last, COUNCIL) is None


# Keys that were rotated.

NEW_KEY = fixed_key("new")


@pytest.mark.parametrize("after_seal", [False, True])
def test_a_key_that_was_rotated_speaks_for_its_person(tmp_path, after_seal):
    story = Story(rotated_key=NEW_KEY, release_signer=NEW_KEY, rotate_after_seal=after_seal)
    told = tell(tmp_path / "log.sqlite", story)
    assert not verdict(told).failed
    assert check(told, "subject's key enrolled").value.endswith(", after 1 rotation")
    assert len([name for name in told.files if name.startswith("attestation/keys/")]) == 4


@pytest.mark.parametrize(
    "change",
    [
        {"release_signer": SUBJECT_KEY},
        {"rotation_signers": (NEW_KEY,)},
        {"rotation_signers": (SUBJECT_KEY,)},
        {"rotation_signers": (NEW_KEY, OTHER_KEY)},
        {"rotation_type": "key.enrolled"},
    ],
)
def test_a_rotation_that_the_old_key_did_not_sign_is_refused(tmp_path, change):
    story = Story(**{"rotated_key": NEW_KEY, "release_signer": NEW_KEY, **change})
    failed = {found.name for found in verdict(tell(tmp_path / "log.sqlite", story)).failed}
    assert "subject released this content" in failed


def test_a_key_that_was_replaced_no_longer_consents(tmp_path):
    story = Story(rotated_key=NEW_KEY, release_signer=NEW_KEY, consent_after_seal=True)
    values = {found.name: found.value for found in verdict(tell(tmp_path / "log.sqlite", story)).failed}
    assert values["consent"] == "a consent is signed by a key that was replaced before it"


def test_a_first_key_that_is_a_rotation_is_none(tmp_path):
    told = tell(tmp_path / "log.sqlite", Story(rotated_key=NEW_KEY, release_signer=NEW_KEY))
    first = evidence.key_file(told.places.keys[0])
    failed = {found.name for found in verdict(told.with_file(first, None)).failed}
    assert {"files", "subject's key enrolled", "consent"} <= failed


def test_the_chain_of_keys_skips_what_changes_nobodys_key(tmp_path):
    path = tmp_path / "log.sqlite"
    world = World(tell(path, Story(rotated_key=NEW_KEY, release_signer=NEW_KEY)), path)
    with EventLog.open(path) as log:
        first, second = bundle.key_chain(log, PID, log.size - 1)
    world.append("key.rotated", {"pid": PID, "key_id": "ed25519:x", "public_key": "", "self_signature": {}})
    world.append("key.enrolled", {"pid": PID})
    with EventLog.open(path) as log:
        assert bundle.key_chain(log, PID, log.size - 1) == (first, second)
        assert bundle.key_chain(log, PID, second.index - 1) == (replace(first, until=None),)
        assert bundle.key_chain(log, OTHER_PID, log.size - 1) == ()
    assert (first.until, second.until) == (second.index, None)


# The subject's word, after the release.


def said(told: Told, kind: str = "contest", key=SUBJECT_KEY, **changes) -> dict:
    digest = hashlib.sha256(told.files[evidence.STATEMENT]).hexdigest()
    extraction = evidence.events.parse(told.files[evidence.ENTRY]).body["extraction_id"]
    word = response.Response(PID, extraction, kind, digest, LATER)
    return replace(word, **changes).body(key)


def test_responses_since_the_release_are_shown_in_their_order(world):
    first = world.append("subject.response", said(world.told, "contest"))
    second = world.append("subject.response", said(world.told, "confirm"))
    told = world.renewed(COUNCIL, responses=[second, first])
    assert verdict(told).ok
    expected = f"contest (entry {first}, signed), confirm (entry {second}, signed)"
    assert answer(told, "subject's word on accuracy") == ("info", expected)
    # And they can be left out again, as at the release: the verdict cannot know, and says where to ask.
    assert answer(World(told, world.path).renewed(), "subject's word on accuracy") == ("info", "unanswered")


@pytest.mark.parametrize(
    "change", [{"key": OTHER_KEY}, {"pid": OTHER_PID}, {"statement_sha256": "0" * 64}, {"extraction_id": "x"}]
)
def test_a_response_by_another_key_or_about_something_else_fails(world, change):
    index = world.append("subject.response", said(world.told, **change))
    status, _ = answer(world.renewed(responses=[index]), "subject's word on accuracy")
    assert status == "fail"


def test_an_entry_that_is_no_response_fails_in_its_place(world):
    index = world.append("skill.used", said(world.told))
    assert answer(world.renewed(responses=[index]), "subject's word on accuracy")[0] == "fail"


def test_a_response_without_its_proof_fails(world):
    index = world.append("subject.response", said(world.told))
    told = world.renewed(responses=[index])
    without = told.with_file(evidence.proof_file(evidence.response_file(index)), None)
    assert {"files", "subject's word on accuracy"} <= {found.name for found in verdict(without).failed}


def test_a_byte_of_a_response_cannot_be_changed(world):
    index = world.append("subject.response", said(world.told))
    told = world.renewed(responses=[index])
    name = evidence.response_file(index)
    for place in range(len(told.files[name])):
        bad = bytearray(told.files[name])
        bad[place] ^= 1 << place % 8
        assert told.notices({**told.files, name: bytes(bad)}), place


# A third party's time.


def test_without_a_time_stamp_it_says_so(world):
    status, value = answer(world.told, "time-stamp")
    assert status == "info"
    assert value.startswith("none over the checkpoint of ")


def test_a_time_stamp_without_a_root_to_check_it_is_only_mentioned(world):
    told = world.renewed(timestamp=b"token")
    assert answer(told, "time-stamp")[0] == "info"
    assert verdict(told).ok


def test_a_time_stamp_without_the_package_is_only_mentioned(world, monkeypatch):
    monkeypatch.setattr(timestamp, "available", lambda: False)
    told = world.renewed(timestamp=b"token")
    status, value = answer(told, "time-stamp", timestamp_roots=[b"root"])
    assert (status, value.endswith("is not installed")) == ("info", True)


def test_a_time_stamp_that_is_none_fails(world):
    if not timestamp.available():
        pytest.skip("the extra timestamp is not installed")
    assert answer(world.renewed(timestamp=b"token"), "time-stamp", timestamp_roots=[b"root"])[0] == "fail"


def test_a_time_stamp_is_over_the_logs_own_signature_and_outlives_new_cosignatures(world, monkeypatch):
    seen: list[tuple[bytes, bytes, list[bytes]]] = []

    def verify(token, message, roots):
        seen.append((token, message, list(roots)))
        return LATER

    monkeypatch.setattr(timestamp, "available", lambda: True)
    monkeypatch.setattr(timestamp, "verify", verify)
    bare = world.renewed(timestamp=b"token")
    cosigned = world.renewed(COUNCIL, timestamp=b"token")
    for told in (bare, cosigned):
        status, value = answer(told, "time-stamp", timestamp_roots=[b"root"])
        assert (status, value.partition(" at ")[2]) == ("pass", f"{to_time(LATER)}, says the authority")
    assert seen[0] == seen[1] == (b"token", proof.parse(bare.files[evidence.ENTRY_PROOF]).checkpoint, [b"root"])
    assert answer(bare, "time-stamp", timestamp_roots=[b"root"], now=NOW)[0] == "fail"


# Run alone.


def test_run_alone_it_takes_a_witness_policy(world, tmp_path, capsys):
    told = world.renewed(COUNCIL)
    skill, enough, too_much, broken = (tmp_path / name for name in ("a.skill", "enough", "too-much", "broken"))
    skill.write_bytes(container.pack(told.name, told.files))
    witnesses = f"witness council {COUNCIL.cosigner.vkey}\nwitness auditor {AUDITOR.cosigner.vkey}\n"
    enough.write_text(witnesses + ANY)
    too_much.write_text(witnesses + ALL)
    broken.write_text("quorum nobody\n")
    line = [str(skill), "--log-key", told.vkey, "--now", to_time(NOW + timedelta(days=1)), "--witnesses"]
    assert [main([*line, str(file)]) for file in (enough, too_much, broken, tmp_path / "gone")] == [0, 4, 6, 6]
    assert "17  PASS  witnesses: 1 of 2, operators: council; quorum met" in capsys.readouterr().out


def every_kind(told: Told) -> Iterator[str]:
    yield from (name for name in told.files if name.startswith("attestation/"))


def test_which_files_may_come_after_the_statement(world):
    assert not any(
        map(evidence.may_come_later, set(every_kind(world.told)) - {evidence.key_file(world.told.places.keys[0])})
    )
    assert all(map(evidence.may_come_later, ("attestation/checkpoint.tsr", "attestation/responses/7.json")))
    extra = {"attestation/responses/07.json": b"{}", "attestation/consents/9.json": b"{}", "attestation/x.tsr": b"x"}
    for name, data in extra.items():
        assert "files" in {found.name for found in verdict(world.told.with_file(name, data)).failed}, name
