"""Dispositions: every record once, no leaf that contradicts itself, commitments that cannot be guessed."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace

import pytest
from attest_world import fixed_random, leaves
from hypothesis import given
from hypothesis import strategies as st

from attest import canonical
from attest.disposition import Dispositions, Leaf, commitment, manifest_line
from attest.errors import FormatError, ProofError, SaltShredded
from attest.merkle import EMPTY_ROOT, leaf_hash, verify_inclusion
from attest.vault import Vault

HEX = "ab" * 32
TAKEN = Leaf(0, "mail", "taken", (), "A1", {}, HEX, HEX)


@st.composite
def some_leaves(draw):
    made = []
    for i in range(draw(st.integers(0, 12))):
        outcome = draw(st.sampled_from(["taken", "taken_redacted", "left_out"]))
        names = st.sampled_from(["record.own_words", "record.place", "record.work_hours", "subject.struck"])
        made.append(
            Leaf(
                i=i,
                kind=draw(st.sampled_from(["mail", "commit", "chat", "document"])),
                outcome=outcome,
                reasons=tuple(sorted(draw(st.sets(names, min_size=1)))) if outcome == "left_out" else (),
                authenticity=draw(st.sampled_from(["A0", "A3", "F"])),
                redactions={"EMAIL": draw(st.integers(1, 5))} if outcome == "taken_redacted" else {},
                source=draw(st.sampled_from([HEX, "cd" * 32, None])),
                output=None if outcome == "left_out" else HEX,
            )
        )
    return made


@given(some_leaves())
def test_a_list_of_dispositions_reads_back_with_the_same_root(made):
    tree = Dispositions(made)
    again = Dispositions.parse(tree.to_bytes())
    assert (again.leaves, again.root, again.manifest_root) == (tuple(made), tree.root, tree.manifest_root)


@given(some_leaves())
def test_the_counts_add_up(made):
    counts = Dispositions(made).counts()
    assert counts["taken"] + counts["taken_redacted"] + counts["left_out"] == len(made)
    assert sum(counts["by_reason"].values()) >= counts["left_out"]
    assert (counts["by_reason"] == {}) == (counts["left_out"] == 0)


@given(some_leaves())
def test_every_disposition_has_an_inclusion_proof(made):
    tree = Dispositions(made)
    for i, leaf in enumerate(made):
        verify_inclusion(leaf_hash(leaf.to_line()), i, tree.size, tree.proof(i), tree.root)


def test_that_a_record_was_left_out_cannot_be_shown_of_one_that_was_taken():
    tree = Dispositions(leaves())
    pretended = replace(tree.leaves[0], outcome="left_out", reasons=("record.place",), output=None)
    with pytest.raises(ProofError):
        verify_inclusion(leaf_hash(pretended.to_line()), 0, tree.size, tree.proof(0), tree.root)


def test_the_manifest_does_not_depend_on_what_the_gates_decided():
    made = leaves()
    other = [replace(leaf, outcome="left_out", reasons=("x",), redactions={}, output=None) for leaf in made]
    assert Dispositions(made).manifest_root == Dispositions(other).manifest_root
    assert Dispositions(made).root != Dispositions(other).root
    assert canonical.loads(manifest_line(0, "mail", HEX)) == {"v": 1, "i": 0, "kind": "mail", "source": HEX}


def test_an_extraction_without_records_has_the_empty_root():
    assert Dispositions([]).root == Dispositions([]).manifest_root == EMPTY_ROOT
    assert Dispositions.parse(b"").size == 0


def test_a_missing_or_doubled_place_is_refused():
    made = leaves()
    for wrong in (made[1:], [made[0], made[0]], [made[1], made[0]]):
        with pytest.raises(FormatError, match="out of order"):
            Dispositions(wrong)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "fax"},
        {"outcome": "lost"},
        {"authenticity": "A5"},
        {"outcome": "left_out"},
        {"outcome": "left_out", "output": None},
        {"outcome": "left_out", "reasons": ("b", "a"), "output": None},
        {"outcome": "left_out", "reasons": ("a", "a"), "output": None},
        {"outcome": "left_out", "reasons": ("Maren Holt",), "output": None},
        {"outcome": "left_out", "reasons": ("a",), "output": None, "redactions": {"EMAIL": 1}},
        {"reasons": ("a",)},
        {"output": None},
        {"redactions": {"EMAIL": 1}},
        {"outcome": "taken_redacted"},
        {"outcome": "taken_redacted", "redactions": {"EMAIL": 0}},
        {"outcome": "taken_redacted", "redactions": {"EMAIL": True}},
        {"source": HEX.upper()},
        {"source": HEX[:-1]},
    ],
    ids=repr,
)
def test_a_leaf_that_contradicts_itself_is_refused(change):
    with pytest.raises(FormatError):
        replace(TAKEN, **change)


def changed(**changes) -> bytes:
    return canonical.dumps({**canonical.loads(TAKEN.to_line()), **changes})


@pytest.mark.parametrize(
    "line",
    [
        b"",
        changed(v=2),
        changed(more=1),
        changed(i=-1),
        changed(i="0"),
        changed(reasons=[1]),
        changed(redactions=[]),
        changed(source=1),
        TAKEN.to_line() + b" ",
        json.dumps(json.loads(TAKEN.to_line())).encode(),
        changed(kind="x" * 20_000),
    ],
    ids=range(11),
)
def test_a_line_that_is_not_a_leaf_is_refused(line):
    with pytest.raises(FormatError):
        Leaf.parse(line)


@pytest.mark.parametrize("data", [b"\n", TAKEN.to_line(), TAKEN.to_line() + b"\n\n", TAKEN.to_line() + b"\r\n"])
def test_a_file_with_other_line_ends_is_refused(data):
    with pytest.raises(FormatError):
        Dispositions.parse(data)


def test_a_leaf_names_nobody_and_holds_no_text():
    line = Leaf(0, "mail", "left_out", ("record.place",), "A0", {}, commitment(bytes(32), "source", b"text"), None)
    assert set(canonical.loads(line.to_line())) == {
        "v", "i", "kind", "outcome", "reasons", "authenticity", "redactions", "source", "output",
    }  # fmt: skip
    assert b"text" not in line.to_line()


def test_a_commitment_is_an_hmac_and_the_tag_keeps_the_sides_apart():
    salt = fixed_random("salt")(32)
    assert commitment(salt, "source", b"x") == hmac.new(salt, b"source\x00x", hashlib.sha256).hexdigest()
    assert commitment(salt, "source", b"x") != commitment(salt, "output", b"x")
    for bad in ((salt[:31], "source"), (salt, "other")):
        with pytest.raises(ValueError, match="salt"):
            commitment(*bad, b"x")


def test_after_shredding_a_dictionary_with_the_true_value_does_not_find_it(tmp_path):
    """The guess test: before, whoever has the salt can show the value; after, nobody can, not even by trying."""
    truth = "+49 151 2345678"
    dictionary = [f"+49 151 {n}".encode() for n in range(2_345_600, 2_345_700)]
    salts = [fixed_random("guess")(32), fixed_random("guess again")(32)]
    published = Dispositions(
        Leaf(i, "mail", "left_out", ("record.place",), "A0", {}, commitment(salt, "source", truth.encode()), None)
        for i, salt in enumerate(salts)
    )
    root = published.root

    def found(vault: Vault) -> int:
        hits = 0
        for leaf in published:
            try:
                keys = [vault.salt("e", leaf.i)]
            except SaltShredded:
                # All that is left to an attacker: no key, well-known keys, and everything that was published.
                lines = [other.to_line() for other in published]
                keys = [b"", bytes(32), b"\xff" * 32, b"e", root, *map(leaf_hash, lines)]
                keys += [bytes.fromhex(other.source or "") for other in published]
            for guess in dictionary:
                plain = {hashlib.sha256(guess).hexdigest(), hashlib.sha256(b"source\x00" + guess).hexdigest()}
                keyed = {hmac.new(key, b"source\x00" + guess, hashlib.sha256).hexdigest() for key in keys}
                hits += leaf.source in plain | keyed
        return hits

    with Vault(tmp_path / "vault.sqlite") as vault:
        vault.put("e", salts, [{"p-one"}, {"p-one", "p-two"}])
        assert found(vault) == 2
        assert vault.shred("p-one") == [("e", 0), ("e", 1)]
        assert found(vault) == 0
    raw = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert not any(salt in raw for salt in salts)
    # The tree, its root and its proofs stand as they stood.
    assert Dispositions.parse(published.to_bytes()).root == root
    verify_inclusion(leaf_hash(published.leaves[0].to_line()), 0, 2, published.proof(0), root)
