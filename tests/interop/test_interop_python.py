"""The packages tlog-scales and proofbundle, which nobody here wrote, accept what we sign and publish."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest
from interop_world import Public
from proofbundle import checkpoint as pb_checkpoint
from proofbundle import merkle as pb_merkle
from proofbundle.tlogproof import verify_tlog_proof
from tlog_scales import cli, signing
from tlog_scales import tlog as scales
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.tiles import leaf_hash
from tlog_scales.writer import TilesWriter

from attest import checkpoint as checkpoints
from attest.note import open_note
from attest.tile import ENTRIES, parse_path
from govern.errors import GovernError

DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def changes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Change one byte: each bit of each, characters that lenient readers confuse, all of a base64 text's last digit."""
    for at, byte in enumerate(data):
        values = {*(byte ^ 1 << bit for bit in range(8)), *b"\t\n\x0b\x0c\r =-_", 0, 0x85}
        if data[at + 1 : at + 2] == b"=":
            values.update(DIGITS)
        for value in values - {byte}:
            yield at, data[:at] + bytes([value]) + data[at + 1 :]


def accepted(data: bytes, check: Callable[[bytes], object]) -> list[tuple[int, bytes]]:
    found = []
    for at, changed in changes(data):
        try:
            check(changed)
        except Exception:
            # Whatever it is that fails over there, it is a refusal.
            continue
        found.append((at, changed))
    return found


def we_refuse_all(found: list[tuple[int, bytes]], check: Callable[[bytes], object]) -> None:
    for _, changed in found:
        with pytest.raises(GovernError):
            check(changed)


# tlog-scales


def scales_note(public: Public, note: bytes) -> scales.Checkpoint:
    checkpoint = scales.Checkpoint.from_text(note.decode())
    checkpoint.verify(signing.Vkey.from_string(public.vkey))
    return checkpoint


def test_tlog_scales_opens_our_note(public: Public):
    checkpoint = scales_note(public, public.note)
    assert (checkpoint.origin, checkpoint.size) == (public.signer.name, 70_000)
    assert checkpoint.root_hash == public.log.root()
    assert checkpoint.serialize().encode() == public.note
    assert signing.Vkey.from_string(public.vkey).serialize() == public.vkey


def test_tlog_scales_refuses_a_changed_note_unless_it_reads_the_same(public: Public):
    """It takes a vertical tab for the end of a line, any space for a space, and base64 with bits that mean nothing."""
    found = accepted(public.note, lambda note: scales_note(public, note))
    ends = {at for at, byte in enumerate(public.note) if byte == ord("\n")}
    unused = {at for at, _ in enumerate(public.note) if public.note[at + 1 : at + 2] == b"="}
    spaces = {at for at, byte in enumerate(public.note) if byte == ord(" ")}
    assert {at for at, _ in found} <= ends | unused | spaces
    whole = scales_note(public, public.note)
    assert all(scales_note(public, changed) == whole for _, changed in found)
    we_refuse_all(found, lambda note: open_note(note, [public.signer.verifier]))


def test_tlog_scales_writes_the_same_tiles_from_the_same_entries(public: Public, tmp_path):
    writer = TilesWriter.create(tmp_path / "theirs", public.signer.name)
    entries = [entry for _, entry in public.log.entries()]
    for start, end in ((0, 1), (1, 257), (257, 65_536), (65_536, 70_000)):
        for entry in entries[start:end]:
            writer.add_leaf(entry)
        writer.commit([signing.PlainEd25519Signer(public.signer.name, public.signer.private_key)])
    theirs, ours = (
        {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}
        for root in (tmp_path / "theirs", public.folder)
    )
    assert len(ours) == 552
    assert theirs == ours


def reader(folder) -> tuple[TilesReader, scales.Checkpoint]:
    found = TilesReader(LocalBackend(folder))
    return found, found.get_checkpoint()


def test_tlog_scales_reads_our_tiles_and_makes_our_proofs(public: Public):
    tiles, head = reader(public.folder)
    assert tiles.calculate_root_hash() == head.root_hash == public.log.root()
    for i in (0, 1, 255, 256, 40_000, 65_535, 65_536, 69_999):
        assert tiles.get_entry(i) == public.log.entry(i)
        proof = tiles.get_inclusion_proof(i, head.size)
        assert proof.node_hashes == public.log.inclusion_proof(i, head.size)
        proof.check(leaf_hash(public.log.entry(i)), head.root_hash)
    for old, note in public.notes.items():
        proof = tiles.get_consistency_proof(old, head.size)
        assert proof.node_hashes == public.log.consistency_proof(old, head.size)
        proof.check(checkpoints.parse(open_note(note, [public.signer.verifier]).text).root, head.root_hash)


def test_tlog_scales_writes_the_same_proof_file(public: Public, capsys, monkeypatch):
    for i in (0, 300, 69_999):
        monkeypatch.setattr("sys.argv", ["tlog-tiles", "gen-proof", str(public.folder), str(i)])
        cli.main()
        assert capsys.readouterr().out.encode() == public.log.proof(i, public.note).to_bytes()


def refused_by_scales(folder, entries: list[int]) -> bool:
    tiles, head = reader(folder)
    if tiles.calculate_root_hash() != head.root_hash:
        return True
    for i in entries:
        try:
            leaf = leaf_hash(tiles.get_entry(i))
            tiles.get_inclusion_proof(i, head.size).check(leaf, head.root_hash)
        except (scales.InclusionProofInvalid, ValueError, RuntimeError, IndexError):
            return True
    return False


@pytest.mark.parametrize(
    "name",
    [
        *("tile/entries/000", "tile/entries/273.p/112", "tile/0/000", "tile/0/200", "tile/0/273.p/112"),
        *("tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"),
    ],
)
def test_tlog_scales_refuses_tiles_with_one_byte_changed(public: Public, copied, name):
    place = parse_path(name)
    path = copied / name
    data = path.read_bytes()
    first = place.index * 256
    choose = random.Random(name)
    for at in {0, len(data) - 1, *choose.choices(range(len(data)), k=4)}:
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        if place.level == ENTRIES:
            asked = list(range(first, first + place.width))
        else:
            # The entry whose proof has the changed hash as a sibling.
            asked = [(first + (at // 32 ^ 1)) << 8 * place.level]
            asked = [i for i in asked if i < 70_000]
        assert refused_by_scales(copied, asked)
    path.write_bytes(data)
    assert not refused_by_scales(copied, [first << 8 * max(place.level, 0)])


# proofbundle


def test_proofbundle_opens_our_note(public: Public):
    found = pb_checkpoint.verify_checkpoint(public.note.decode(), public.vkey)
    assert found["ok"] is True
    assert (found["origin"], found["tree_size"], found["root"]) == (public.signer.name, 70_000, public.log.root())
    name = public.signer.name
    assert pb_checkpoint.vkey(name, public.signer.verifier.public) == public.vkey
    assert (
        pb_checkpoint.checkpoint_note(name, 70_000, public.log.root())
        == open_note(public.note, [public.signer.verifier]).text
    )


def proofbundle_note(public: Public, note: bytes) -> None:
    assert pb_checkpoint.verify_checkpoint(note.decode(), public.vkey)["ok"]


def test_proofbundle_refuses_a_changed_note_but_for_bits_that_base64_does_not_use(public: Public):
    found = accepted(public.note, lambda note: proofbundle_note(public, note))
    assert {at for at, _ in found} <= {len(public.note) - 3}
    we_refuse_all(found, lambda note: open_note(note, [public.signer.verifier]))


def proofbundle_proof(public: Public, data: bytes, leaf: bytes) -> None:
    found = verify_tlog_proof(data.decode(), leaf, public.vkey, expected_origin=public.signer.name)
    assert found["ok"]


@pytest.mark.parametrize("size", [1, 256, 257, 4096, 65_537, 70_000])
def test_proofbundle_checks_our_proofs(public: Public, size):
    for i in sorted(i for i in {0, 1, 255, 256, size // 2, size - 1} if i < size):
        proofbundle_proof(public, public.log.proof(i, public.notes[size]).to_bytes(), public.log.entry(i))


def test_proofbundle_refuses_a_changed_proof(public: Public):
    leaf = public.log.entry(65_536)
    data = public.log.proof(65_536, public.note).to_bytes()
    # What stands before the note; the note's own bytes are the test before.
    head = data.removesuffix(public.note)
    assert accepted(head, lambda changed: proofbundle_proof(public, changed + public.note, leaf)) == []
    for at in range(len(leaf)):
        changed = leaf[:at] + bytes([leaf[at] ^ 1]) + leaf[at + 1 :]
        with pytest.raises(AssertionError):
            proofbundle_proof(public, data, changed)


def test_proofbundle_checks_that_one_checkpoint_continues_another(public: Public):
    for old, new in [(1, 255), (255, 256), (256, 257), (257, 70_000), (4096, 65_536), (65_537, 70_000), (512, 512)]:
        roots = public.log.root(old), public.log.root(new)
        hashes = public.log.consistency_proof(old, new)
        assert pb_merkle.verify_consistency(old, new, hashes, *roots)
        assert not pb_merkle.verify_consistency(old, new, hashes, bytes([roots[0][0] ^ 1]) + roots[0][1:], roots[1])
        for n, value in enumerate(hashes):
            changed = [*hashes[:n], value[:-1] + bytes([value[-1] ^ 1]), *hashes[n + 1 :]]
            assert not pb_merkle.verify_consistency(old, new, changed, *roots)
