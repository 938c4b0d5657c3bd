"""Offline proofs in the form of C2SP tlog-proof."""

from __future__ import annotations

import pytest
from attest_world import fixed_key
from hypothesis import given
from hypothesis import strategies as st

from attest import proof
from attest.checkpoint import Checkpoint
from attest.encoding import to_base64
from attest.errors import FormatError, ProofError, SignatureError
from attest.merkle import Tree, leaf_hash
from attest.note import NoteSigner, sign
from attest.proof import TlogProof
from govern.errors import GovernError

SIGNER = NoteSigner("example.com/log", fixed_key("proof log"))
ENTRIES = [b"entry %d" % i for i in range(11)]
TREE = Tree(map(leaf_hash, ENTRIES))


def note(size: int = 11, signer: NoteSigner = SIGNER) -> bytes:
    return sign(Checkpoint(signer.name, size, TREE.root(size)).text(), [signer])


def prove(index: int, size: int = 11) -> TlogProof:
    return TlogProof(index, tuple(TREE.inclusion_proof(index, size)), note(size))


def test_every_entry_is_proven_in_every_size():
    for size in range(1, 12):
        for index in range(size):
            head = proof.parse(prove(index, size).to_bytes()).verify(ENTRIES[index], SIGNER.verifier)
            assert (head.origin, head.size) == ("example.com/log", size)


def test_the_file_looks_as_the_specification_says():
    lines = prove(10).to_bytes().decode().split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 10"]
    blank = lines.index("")
    assert lines[2:blank] == [to_base64(value) for value in TREE.inclusion_proof(10)]
    assert "\n".join(lines[blank + 1 :]).encode() == note()


def test_extra_data_is_carried_and_read():
    with_extra = TlogProof(0, tuple(TREE.inclusion_proof(0)), note(), b"extra")
    assert proof.parse(with_extra.to_bytes()) == with_extra


@pytest.mark.parametrize("size", [1, 11])
def test_no_flipped_bit_goes_unnoticed(size):
    data = prove(size - 1, size).to_bytes()
    for place in range(len(data)):
        for bit in range(8):
            bad = bytearray(data)
            bad[place] ^= 1 << bit
            with pytest.raises((FormatError, ProofError, SignatureError)):
                proof.parse(bytes(bad)).verify(ENTRIES[size - 1], SIGNER.verifier)


def test_another_entry_is_not_proven():
    with pytest.raises(ProofError):
        prove(3).verify(ENTRIES[4], SIGNER.verifier)


def test_another_logs_key_is_refused():
    other = NoteSigner("example.com/log", fixed_key("other log"))
    with pytest.raises(SignatureError):
        prove(3).verify(ENTRIES[3], other.verifier)


def test_a_checkpoint_of_another_origin_is_refused_though_the_key_signed_it():
    elsewhere = sign(Checkpoint("example.com/elsewhere", 11, TREE.root()).text(), [SIGNER])
    evidence = TlogProof(3, tuple(TREE.inclusion_proof(3)), elsewhere)
    with pytest.raises(ProofError, match="another log"):
        evidence.verify(ENTRIES[3], SIGNER.verifier)
    evidence.verify(ENTRIES[3], SIGNER.verifier, origin="example.com/elsewhere")


GOOD = prove(3).to_bytes()
HASH = to_base64(TREE.inclusion_proof(3)[0]).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        GOOD[:40],
        GOOD.replace(b"@v1", b"@v2"),
        GOOD.replace(b"index 3", b"index 03"),
        GOOD.replace(b"index 3", b"index -3"),
        GOOD.replace(b"index 3\n", b""),
        GOOD.replace(b"index 3", b"index 3 "),
        GOOD.replace(b"index 3", b"index 9223372036854775808"),
        GOOD.replace(b"index", b"extra !\nindex"),
        GOOD.replace(b"index", b"extra\nindex"),
        GOOD.replace(b"index", b"extra AB==\nindex"),
        GOOD.replace(HASH, HASH[:-4]),
        GOOD.replace(HASH, HASH + b"\r"),
        GOOD.replace(HASH, b"\xc3\xa4" + HASH),
        GOOD.replace(HASH, b"\n".join([HASH] * 70)),
        GOOD.split(b"\n\n")[0] + b"\n\n",
        GOOD.split(b"\n\n")[0],
        GOOD + b"x" * (2 << 20),
    ],
    ids=range(18),
)
def test_bytes_that_are_not_a_proof_are_refused(data):
    with pytest.raises(FormatError):
        proof.parse(data)


@given(st.binary(max_size=300))
def test_garbage_is_refused_as_garbage(data):
    with pytest.raises(GovernError):
        proof.parse(data).verify(b"x", SIGNER.verifier)
