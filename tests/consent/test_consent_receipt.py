"""The receipt: complete, for people and for programs, and never one that proves nothing."""

import base64
import json
import secrets

import pytest
from consent_world import MAREN, World, agreed, key_of

from attest import canonical
from attest.checkpoint import Checkpoint
from attest.merkle import Tree, leaf_hash
from attest.note import NoteSigner, sign
from attest.proof import TlogProof
from consent import notice
from consent.errors import RecordError
from consent.receipt import Receipt, receipt
from govern.errors import VerificationError

SIGNER = NoteSigner("example.org/govern/1", key_of("log"))


def given_out(world: World, index: int, signer: NoteSigner = SIGNER) -> Receipt:
    tree = Tree([leaf_hash(entry) for entry in world.entries])
    note = sign(Checkpoint("example.org/govern/1", tree.size, tree.root()).text(), [signer])
    proof = TlogProof(index, tuple(tree.inclusion_proof(index)), note)
    return receipt(world.entries[index], proof.to_bytes(), SIGNER.verifier.vkey)


def test_a_receipt_says_what_was_agreed_in_words() -> None:
    text = given_out(agreed(withhold=["people_network"], refused=["onboarding"]), 1).text
    for part in ("you said yes", "entry 1 of the log", "Yes to  knowledge_transfer", "No to   onboarding", "mail.work",
                 "2026-01-01 to 2026-11-22", "Kept:   people_network", "Until:  2027-11-22", "without your key",
                 notice.load().text.splitlines()[2], "example.org/govern/1"):  # fmt: skip
        assert part in text


def test_a_receipt_holds_everything_that_the_proof_needs() -> None:
    world = agreed()
    document = json.loads(json.dumps(given_out(world, 1).document))
    assert base64.b64decode(document["entry"]) == world.entries[1]
    assert document["record_sha256"] == canonical.loads(world.entries[1])["body"]["record_sha256"]
    assert document["notice"]["sha256"] == document["record"]["notice"]["sha256"]
    again = receipt(base64.b64decode(document["entry"]), base64.b64decode(document["proof"]), document["log_key"])
    assert again.document == document


def test_a_withdrawal_has_a_receipt_too() -> None:
    world = agreed()
    index = world.withdraw()
    found = given_out(world, index)
    assert "you took your yes back" in found.text
    assert "all purposes" in found.text
    assert found.document["record"] is None
    assert world.ledger().latest(MAREN) == index


def test_the_latest_entry_is_that_of_the_person() -> None:
    world = World()
    world.enrol()
    assert world.ledger().latest(MAREN) is None
    assert world.give() == world.ledger().latest(MAREN)
    world.withdraw("p-7h3d9w2c")
    assert world.ledger().latest(MAREN) == 1


def test_an_entry_about_something_else_has_no_receipt() -> None:
    with pytest.raises(RecordError):
        given_out(agreed(), 0)


def test_a_receipt_that_proves_nothing_is_not_given_out() -> None:
    world = agreed()
    with pytest.raises(VerificationError):
        given_out(world, 1, NoteSigner("example.org/govern/1", key_of(secrets.token_hex(4))))
    tree = Tree([leaf_hash(entry) for entry in world.entries])
    note = sign(Checkpoint("example.org/govern/1", tree.size, tree.root()).text(), [SIGNER])
    wrong = TlogProof(1, tuple(tree.inclusion_proof(0)), note)
    with pytest.raises(VerificationError):
        receipt(world.entries[1], wrong.to_bytes(), SIGNER.verifier.vkey)
