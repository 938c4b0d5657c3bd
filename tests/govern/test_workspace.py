"""The workspace: made whole or not at all, opened or explained, policies kept in the log."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from office import govern

from govern.errors import InputError, UsageError
from govern.workspace import Workspace
from policies import loader

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def _make(path: Path) -> Workspace:
    return Workspace.create(path, "Harbour Works", "harbour.example", NOW)


def test_a_new_workspace_opens_with_a_whole_log(tmp_path: Path) -> None:
    made = _make(tmp_path / "ws")
    opened = Workspace.open(tmp_path / "ws")
    assert opened == made
    with opened.log() as log:
        log.fsck()
        assert log.size == 1
        assert log.origin == opened.origin
    assert opened.signer().verifier.vkey == (tmp_path / "ws" / "log.vkey").read_text().strip()


def test_private_files_are_for_the_owner_only(tmp_path: Path) -> None:
    root = _make(tmp_path / "ws").root
    for name in ("keys/log.key", "keys/pseudonyms.key"):
        assert (root / name).stat().st_mode & 0o077 == 0
    assert (root / "keys").stat().st_mode & 0o077 == 0


def test_nothing_is_left_behind_when_making_one_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from attest import vault

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(vault.Vault, "__init__", fail)
    with pytest.raises(OSError, match="No space"):
        _make(tmp_path / "ws")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_use_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("keep me")
    with pytest.raises(UsageError):
        _make(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 2}', "not json"])
def test_a_damaged_configuration_is_named(tmp_path: Path, text: str) -> None:
    root = _make(tmp_path / "ws").root
    (root / "config.json").write_text(text)
    with pytest.raises(InputError):
        Workspace.open(root)


def test_an_adopted_policy_comes_back_from_the_log_as_it_was(tmp_path: Path) -> None:
    workspace = _make(tmp_path / "ws")
    policy = loader.load("worker_protection")
    with workspace.log() as log:
        workspace.adopt(log, policy, NOW)
        workspace.adopt(log, policy, NOW)
        assert log.size == 2
        again = workspace.policy(log, policy.sha256)
        assert again.sha256 == policy.sha256
        assert dict(again.gates) == dict(policy.gates)
        with pytest.raises(InputError):
            workspace.policy(log, "0" * 64)


def test_init_drafts_a_people_file_that_loads(tmp_path: Path) -> None:
    from workplace import Workplace

    from extract import identity

    place = Workplace(tmp_path / "sources").write()
    result = govern(
        *("init", tmp_path / "ws", "--domain", "harbour.example"),
        *("--mail", place.mbox, "--repo", place.repo, "--chat", place.chat, "--json"),
    )
    assert result.code == 0, result.err
    people = identity.load(tmp_path / "ws" / "identities.yaml")
    assert people.work_domains == frozenset({"harbour.example"})
    # Mail, commits and chat assert nothing about each other here, so nothing was merged.
    assert len(people.people) == 3
    assert "candidate" in (tmp_path / "ws" / "identities.yaml").read_text("utf-8")


def test_doctor_says_what_is_there() -> None:
    result = govern("doctor", "--json", workspace=Path("nowhere-at-all"))
    assert result.code == 0, result.err
    found = {c["name"]: c["ok"] for c in result.json["checks"]}
    assert found["language model"] is True
    assert found["workspace"] is False
