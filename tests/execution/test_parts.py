"""Sealed parts: whole or not at all, readable by their owner only, and never one for another."""

from __future__ import annotations

import os
import pickle
import shutil
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.execution.errors import PartError
from extract.execution.parts import MemoryParts, Parts, SealedParts

SECRET = b"sixteen or more bytes"
A, B = "a" * 64, "b" * 64
FILES = {"body": b"what was written", "meta": b"who and when"}


@pytest.fixture(params=["memory", "sealed"])
def parts(request: pytest.FixtureRequest, tmp_path: Path) -> Parts:
    return MemoryParts() if request.param == "memory" else SealedParts(tmp_path / "parts", SECRET)


def test_a_part_is_there_from_writing_to_dropping(parts: Parts) -> None:
    assert not parts.has(A)
    parts.write(A, FILES)
    parts.write(B, {})
    assert parts.has(A)
    assert parts.has(B)
    assert {name: parts.read(A, name) for name in FILES} == FILES
    parts.drop(A)
    parts.drop(A)
    assert not parts.has(A)
    with pytest.raises(PartError):
        parts.read(A, "body")
    assert parts.has(B)
    parts.close()


@pytest.mark.parametrize("name", ["absent", "../body", "-", ""])
def test_a_section_that_is_not_there_is_an_error_with_a_hint(parts: Parts, name: str) -> None:
    parts.write(A, FILES)
    with pytest.raises(PartError) as raised:
        parts.read(A, name)
    assert raised.value.hint


@pytest.mark.parametrize("key", ["", "A" * 64, "../" + "a" * 61, "a" * 65])
def test_a_key_is_a_digest(parts: Parts, key: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        parts.write(key, FILES)


@pytest.mark.parametrize("name", ["Body", "a/b", "", "-", "a.b"])
def test_the_name_of_a_section_is_a_word(parts: Parts, name: str) -> None:
    with pytest.raises(ValueError, match="sections"):
        parts.write(A, {name: b""})


@given(st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True), st.binary(max_size=3000), max_size=4))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]) -> None:
    folder = tmp_path_factory.mktemp("parts")
    SealedParts(folder, SECRET).write(A, files)
    again = SealedParts(folder, SECRET)
    assert again.has(A)
    assert {name: again.read(A, name) for name in files} == files


def test_only_the_user_may_look(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        SealedParts(tmp_path / "parts", SECRET).write(A, FILES)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "parts").stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "parts").iterdir()} == {0o600}


def test_two_writings_of_the_same_do_not_look_alike(tmp_path: Path) -> None:
    parts = SealedParts(tmp_path, SECRET)
    parts.write(A, FILES)
    first = (tmp_path / f"{A}.body").read_bytes()
    parts.write(A, FILES)
    assert (tmp_path / f"{A}.body").read_bytes() != first
    assert FILES["body"] not in first


def test_any_changed_byte_is_noticed(tmp_path: Path) -> None:
    parts = SealedParts(tmp_path, SECRET)
    parts.write(A, FILES)
    path = tmp_path / f"{A}.body"
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(PartError):
            parts.read(A, "body")
        path.write_bytes(whole[:at])
        with pytest.raises(PartError):
            parts.read(A, "body")
    path.write_bytes(whole)
    assert parts.read(A, "body") == FILES["body"]


@pytest.mark.parametrize(("source", "target"), [("a.meta", "a.body"), ("b.body", "a.body"), ("b.-", "a.-")])
def test_a_file_cannot_stand_for_another(tmp_path: Path, source: str, target: str) -> None:
    parts = SealedParts(tmp_path, SECRET)
    parts.write(A, FILES)
    parts.write(B, FILES)
    where = {"a": A, "b": B}
    (key, name), (key_to, name_to) = source.split("."), target.split(".")
    shutil.copy(tmp_path / f"{where[key]}.{name}", tmp_path / f"{where[key_to]}.{name_to}")
    if name_to == "-":
        assert not parts.has(A)
    else:
        with pytest.raises(PartError):
            parts.read(A, name_to)


def test_another_secret_opens_nothing(tmp_path: Path) -> None:
    SealedParts(tmp_path, SECRET).write(A, FILES)
    other = SealedParts(tmp_path, SECRET + b"!")
    assert not other.has(A)
    with pytest.raises(PartError):
        other.read(A, "body")
    with pytest.raises(ValueError, match="16"):
        SealedParts(tmp_path, b"short")


@pytest.mark.parametrize("missing", ["body", "meta", "-"])
def test_a_part_without_one_of_its_files_is_not_there(tmp_path: Path, missing: str) -> None:
    parts = SealedParts(tmp_path, SECRET)
    parts.write(A, FILES)
    (tmp_path / f"{A}.{missing}").unlink()
    assert not parts.has(A)
    parts.write(A, FILES)
    assert parts.has(A)


def test_one_section_is_read_without_the_other(tmp_path: Path) -> None:
    parts = SealedParts(tmp_path, SECRET)
    parts.write(A, FILES)
    (tmp_path / f"{A}.body").write_bytes(b"")
    assert parts.read(A, "meta") == FILES["meta"]


def test_leftovers_of_killed_writers_are_cleared_when_the_driver_opens_not_when_a_worker_does(tmp_path: Path) -> None:
    parts = SealedParts(tmp_path, SECRET)
    (tmp_path / "0123.tmp").write_bytes(b"half")
    copy = pickle.loads(pickle.dumps(parts))
    assert (tmp_path / "0123.tmp").exists()
    copy.write(A, FILES)
    SealedParts(tmp_path, SECRET)
    assert not (tmp_path / "0123.tmp").exists()
    (tmp_path / "4567.tmp").write_bytes(b"half")
    parts.close()
    assert not (tmp_path / "4567.tmp").exists()
    assert parts.read(A, "body") == FILES["body"]


def test_a_draft_that_somebody_clears_away_is_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = SealedParts(tmp_path, SECRET)
    replace = Path.replace
    cleared: list[Path] = []

    def meddle(self: Path, target: Path) -> Path:
        if not cleared:
            cleared.append(self)
            self.unlink()
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", meddle)
    parts.write(A, FILES)
    assert parts.has(A)


def test_the_secret_shows_nowhere(tmp_path: Path) -> None:
    parts = SealedParts(tmp_path, SECRET)
    assert repr(parts) == "SealedParts()"
    # A worker gets the key that was derived from it.
    assert SECRET not in pickle.dumps(parts)


def test_parts_in_memory_do_not_travel() -> None:
    with pytest.raises(TypeError, match="sealed"):
        pickle.dumps(MemoryParts())
