"""Go's checksum-database code opens our notes, reads our tiles, and checks our proofs."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from interop_world import SIZES, Public, run

from attest.encoding import to_base64
from attest.errors import FormatError
from attest.note import open_note

MAIN = Path(__file__).parent / "sumdbcheck" / "main.go"
GOPATH = Path("/usr/share/gocode")
"""Where Debian installs the sources of Go packages."""


@pytest.fixture(scope="session")
def sumdb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program that checks, built from our main and Debian's golang.org/x/mod."""
    if shutil.which("go") is None:
        pytest.skip("go is not installed (Debian: golang-go)")
    if not (GOPATH / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip("golang.org/x/mod is not installed (Debian: golang-golang-x-mod-dev)")
    built = tmp_path_factory.mktemp("go")
    # Neither modules nor a network: only what the distribution ships.
    go = {"GO111MODULE": "off", "GOPATH": str(GOPATH), "GOCACHE": str(built / "cache"), "GOFLAGS": "", "GOPROXY": "off"}
    command = ["go", "build", "-o", str(built / "sumdbcheck"), str(MAIN)]
    subprocess.run(command, env={**os.environ, **go}, check=True, timeout=300)
    return built / "sumdbcheck"


def accepts(*arguments: object) -> str:
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def refuses(*arguments: object) -> str:
    done = run(*arguments)
    assert done.returncode == 1
    assert done.stderr.startswith("sumdbcheck: ")
    return done.stderr


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_it_reads_all_tiles_and_entries_and_every_older_checkpoint(sumdb, public, tmp_path):
    old = [written(tmp_path / f"{size}.note", note) for size, note in public.notes.items()]
    root = to_base64(public.log.root(70_000))
    said = accepts(sumdb, "log", public.vkey, public.folder, *old)
    assert said == f"size 70000 root {root} records 70000 old {len(SIZES)}"


@pytest.mark.parametrize(
    "name",
    [
        *("tile/entries/000", "tile/entries/150", "tile/entries/273.p/112", "tile/0/000", "tile/0/099", "tile/0/272"),
        *("tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"),
    ],
)
def test_it_refuses_a_folder_with_one_byte_changed(sumdb, public, copied, name):
    choose = random.Random(name)
    size = (copied / name).stat().st_size
    for at in (0, size - 1, choose.randrange(size)):
        flip(copied / name, at)
        refuses(sumdb, "log", public.vkey, copied)
        flip(copied / name, at)


def test_it_refuses_a_log_that_does_not_continue_an_older_checkpoint(sumdb, public, tmp_path):
    from attest.checkpoint import Checkpoint
    from attest.note import sign

    other = sign(Checkpoint(public.signer.name, 4096, b"\1" * 32).text(), [public.signer])
    assert "invalid transparency proof" in refuses(
        sumdb, "log", public.vkey, public.folder, written(tmp_path / "other", other)
    )


def test_no_byte_of_a_note_can_be_changed_but_bits_that_base64_does_not_use(sumdb, public, tmp_path):
    note = written(tmp_path / "note", public.note)
    accepts(sumdb, "note", public.vkey, note)
    found = [tuple(map(int, line.split())) for line in accepts(sumdb, "changes", public.vkey, note).splitlines()]
    # 68 bytes end in a digit of which two bits mean nothing; Go does not look at them. We do.
    last = len(public.note) - 3
    assert public.note.endswith(b"=\n")
    assert [at for at, _ in found] == [last] * 3
    for at, value in found:
        changed = public.note[:at] + bytes([value]) + public.note[at + 1 :]
        with pytest.raises(FormatError):
            open_note(changed, [public.signer.verifier])


def test_it_refuses_a_key_with_one_character_changed(sumdb, public, tmp_path):
    note = written(tmp_path / "note", public.note)
    for at in range(len(public.vkey)):
        # Not the other case of a letter: in the key's hash, in hexadecimal, Go takes both. We do not.
        other = "0" if public.vkey[at] != "0" else "1"
        refuses(sumdb, "note", public.vkey[:at] + other + public.vkey[at + 1 :], note)


def indexes(size: int) -> list[int]:
    return sorted(i for i in {0, 1, 255, 256, 4095, 65_279, 65_535, 65_536, size // 2, size - 1} if i < size)


@pytest.mark.parametrize("size", [1, 255, 257, 4096, 65_537, 70_000])
def test_it_checks_our_proofs_of_entries(sumdb, public: Public, tmp_path, size):
    for i in indexes(size):
        proof = written(tmp_path / "proof", public.log.proof(i, public.notes[size]).to_bytes())
        entry = written(tmp_path / "entry", public.log.entry(i))
        assert accepts(sumdb, "record", public.vkey, proof, entry) == f"record {i} size {size}"


def test_it_refuses_our_proof_with_one_byte_changed(sumdb, public: Public, tmp_path):
    data = public.log.proof(65_536, public.note).to_bytes()
    proof, entry = written(tmp_path / "proof", data), written(tmp_path / "entry", public.log.entry(65_536))
    choose = random.Random(5)
    end = data.index(b"\n\n")
    for at in {*range(0, end + 2, 7), *choose.choices(range(end, len(data) - 3), k=30)}:
        # 4 and not 1: of the last digit of a hash, base64 does not use the two lowest bits.
        proof.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
        if proof.read_bytes() != data:
            refuses(sumdb, "record", public.vkey, proof, entry)
    proof.write_bytes(data)
    for at in range(0, entry.stat().st_size, 9):
        flip(entry, at)
        refuses(sumdb, "record", public.vkey, proof, entry)
        flip(entry, at)
    accepts(sumdb, "record", public.vkey, proof, entry)


def test_it_checks_our_proofs_that_one_checkpoint_continues_another(sumdb, public: Public, tmp_path):
    for old, new in [(1, 255), (255, 256), (256, 257), (257, 70_000), (4096, 65_536), (65_537, 70_000), (512, 512)]:
        hashes = public.log.consistency_proof(old, new)
        files = [
            written(tmp_path / "old", public.notes[old]),
            written(tmp_path / "new", public.notes[new]),
            written(tmp_path / "hashes", "\n".join(map(to_base64, hashes)).encode()),
        ]
        assert accepts(sumdb, "tree", public.vkey, *files) == f"size {new} continues {old}"
        for n, value in enumerate(hashes):
            changed = [*hashes[:n], bytes([value[0] ^ 1]) + value[1:], *hashes[n + 1 :]]
            files[2].write_text("\n".join(map(to_base64, changed)))
            refuses(sumdb, "tree", public.vkey, *files)
