"""What a run has worked out so far: sealed on the disk, found again by the same command, gone when nobody needs it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from office import Office
from workplace import SUBJECT, Workplace

from attest import container
from extract import pipeline
from extract.execution.parts import SealedParts


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """A workspace in which the subject has agreed."""
    root = tmp_path_factory.mktemp("signed")
    office = Office(Workplace(root / "sources").write(), root)
    for step in (office.init, office.enroll, office.sign):
        result = step()
        assert result.code == 0, result.err
    return office


@pytest.fixture
def office(signed: Office, tmp_path: Path) -> Office:
    """The same again, to be changed."""
    shutil.copytree(signed.workspace, tmp_path / ".govern")
    return Office(signed.place, tmp_path)


def content(skill: Path) -> dict[str, bytes]:
    files = container.unpack(skill.read_bytes()).files
    return {name: data for name, data in files.items() if not name.startswith("attestation/")}


@pytest.fixture(scope="module")
def undisturbed(signed: Office, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    root = tmp_path_factory.mktemp("undisturbed")
    shutil.copytree(signed.workspace, root / ".govern")
    office = Office(signed.place, root)
    assert office.extract().code == 0
    assert not (office.workspace / "work").exists()
    return content(office.skill)


def parts_of(office: Office) -> list[Path]:
    return sorted(path for path in (office.workspace / "work").rglob("*") if path.is_file())


def interrupted(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Ctrl-C come when the texts are redacted and the model is about to start."""

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(pipeline, "_distil", stop)
        assert office.extract().code == 130
    assert not office.skill.exists()


def test_two_processes_make_the_same_skill(office: Office, undisturbed: dict[str, bytes]) -> None:
    result = office.extract("--jobs", "2")
    assert result.code == 0, result.err
    assert content(office.skill) == undisturbed


def test_an_interrupted_run_goes_on_where_it_was(
    office: Office, monkeypatch: pytest.MonkeyPatch, undisturbed: dict[str, bytes]
) -> None:
    interrupted(office, monkeypatch)
    left = parts_of(office)
    assert left
    made: list[str] = []
    whole = SealedParts.write

    def counted(self: SealedParts, key: str, files: Any) -> None:
        made.append(key)
        whole(self, key, files)

    monkeypatch.setattr(SealedParts, "write", counted)
    assert office.extract().code == 0
    # The claims of the finished skill are read by the model as well; nothing that was there is made twice.
    assert not {key for key in made if any(key in str(path) for path in left)}
    assert len(made) <= 1
    assert content(office.skill) == undisturbed
    assert parts_of(office) == []


def test_what_an_interrupted_run_leaves_is_sealed(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted(office, monkeypatch)
    words = {word.encode() for word in office.place.mbox.read_text("utf-8").split() if len(word) > 6}
    assert len(words) > 20
    for path in parts_of(office):
        data = path.read_bytes()
        assert not [word for word in words if word in data]
        assert path.stat().st_mode & 0o077 == 0


def test_another_run_and_a_sweep_erase_what_was_left(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted(office, monkeypatch)
    before = parts_of(office)
    assert office.extract("--name", "another", "--dry-run").code == 0
    assert parts_of(office) == []
    interrupted(office, monkeypatch)
    assert [p.name for p in parts_of(office)] == [p.name for p in before]
    assert office.run("sweep", "--now", "2026-03-03T09:00:00Z").code == 0
    assert parts_of(office) == []


def test_an_erasure_erases_what_was_left(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupted(office, monkeypatch)
    assert parts_of(office)
    erased = office.run("subject", "erase", "--subject", SUBJECT, "--now", "2026-03-03T09:00:00Z")
    assert erased.code == 0, erased.err
    assert parts_of(office) == []


def test_a_refused_run_leaves_nothing(office: Office) -> None:
    withdrawn = office.run("consent", "withdraw", "--subject", SUBJECT, "--now", "2026-03-01T09:00:00Z")
    assert withdrawn.code == 0, withdrawn.err
    assert office.extract().code == 3
    assert not (office.workspace / "work").exists()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--jobs", "2", "--scheduler", "tcp://127.0.0.1:1"), 2),
        (("--jobs", "-1"), 2),
        (("--scheduler", "tcp://192.0.2.7:8786"), 2),
    ],
)
def test_machines_that_cannot_be_used_are_refused_before_anything_is_read(
    office: Office, options: tuple[str, ...], code: int
) -> None:
    size = office.run("log", "show", "--json").json["size"]
    result = office.extract(*options)
    assert result.code == code, result.err
    assert "hint:" in result.err
    assert office.run("log", "show", "--json").json["size"] == size
