"""`govern sources`: the formats, and what a path would give, in counts only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from office import govern
from source_world import mail, mbox, message, repository, slack

from extract.sources.api import Unit
from extract.sources.registry import FORMATS

PEOPLE = """\
version: 1
people:
  - {pid: p-4k7q2m9x, emails: [maren@works.example]}
"""


def test_list_has_every_format_with_its_option() -> None:
    found = govern("sources", "list", "--json").json["formats"]
    assert [f["name"] for f in found] == [f.name for f in FORMATS]
    assert {f["option"] for f in found} <= {"--mail", "--repo", "--chat", "--docs"}
    shown = govern("sources", "list").out
    assert all(f.what in shown for f in FORMATS)


def test_list_says_what_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    from extract.sources import registry

    missing = registry.Format("punched", "docs", "extract.sources.punched:Cards", "a box of cards", "cards")
    monkeypatch.setattr(registry, "FORMATS", (*FORMATS, missing))
    assert "cards: missing" in govern("sources", "list").out
    assert govern("sources", "list", "--json").json["formats"][-1]["installed"] is False


def test_check_counts_and_tells_no_text_and_no_name(tmp_path: Path) -> None:
    path = tmp_path / "inbox.mbox"
    path.write_bytes(
        mbox(
            mail(Message_ID="<a@x.example>"),
            mail(From="Tomas <tomas@works.example>", Message_ID="<b@x.example>", Date="Fri, 3 Apr 2026 09:00:00 +0000"),
            mail(Date="never", Message_ID="<c@x.example>"),
        )
    )
    (tmp_path / "people.yaml").write_text(PEOPLE)
    result = govern("sources", "check", path, "--people", tmp_path / "people.yaml", "--json")
    assert result.code == 0
    (found,) = result.json["sources"]
    assert (found["format"], found["option"]) == ("mail", "--mail")
    assert (found["units"], found["records"], found["undated"]) == (3, 3, 1)
    assert (found["from"], found["to"]) == ("2026-03", "2026-04")
    assert (found["authors"], found["authors_known"]) == (2, 1)
    assert found["author_bases"] == {"header.from": 3}
    assert sum(found["parse_defects"].values()) >= 1
    shown = govern("sources", "check", path)
    told = result.out + result.err + shown.out + shown.err
    assert not any(word in told for word in ("Maren", "tomas", "works.example", "checksum", "Settlement"))


def test_check_of_a_path_with_what_cannot_be_read_ends_with_5(tmp_path: Path) -> None:
    path = slack(tmp_path / "export", general=[message("hello there")], ops="{not json")
    result = govern("sources", "check", path, "--kind", "chat", "--json")
    assert result.code == 5
    (found,) = result.json["sources"]
    assert found["unreadable"] == 1
    assert found["records"] + sum(found["defects"].values()) == found["units"]


def test_check_takes_several_paths_and_finds_their_kinds(tmp_path: Path) -> None:
    (tmp_path / "a.mbox").write_bytes(mbox(mail()))
    slack(tmp_path / "export", general=[message("see xoxe-1-abcdefgh1234567890")])
    repository(tmp_path / "repo", "First")
    (tmp_path / "repo/README.md").write_text("# Tools\n\nThey check disks.\n")
    (tmp_path / "handbook").mkdir()
    (tmp_path / "handbook/a.md").write_text("# Checks\n\nCheck the checksum first.\n")
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters/one.eml").write_bytes(mail())
    paths = [tmp_path / name for name in ("a.mbox", "export", "repo", "handbook", "letters")]
    found = govern("sources", "check", *paths, "--json").json["sources"]
    assert [f["format"] for f in found] == ["mail", "slack", "git", "documents", "mail"]
    assert found[2]["also"] == ["documents"]
    assert found[1]["secrets_in_text"] == 1


def test_check_of_nothing_that_is_known_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(range(256)))
    result = govern("sources", "check", tmp_path / "a.bin")
    assert result.code == 6
    assert "govern sources list" in result.err
    assert govern("sources", "check", tmp_path / "none").code == 6


def test_check_keeps_no_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import gc

    from extract.records import Record
    from extract.sources.mail import MailSource

    path = tmp_path / "inbox.mbox"
    path.write_bytes(mbox(*(mail(Message_ID=f"<{i}@x.example>") for i in range(30))))
    units = MailSource.units
    most = 0

    def watched(self: MailSource) -> Iterator[Unit]:
        nonlocal most
        for unit in units(self):
            most = max(
                most, sum(isinstance(o, Record) and o.locator.startswith("inbox.mbox") for o in gc.get_objects())
            )
            yield unit

    monkeypatch.setattr(MailSource, "units", watched)
    assert govern("sources", "check", path, "--kind", "mail").code == 0
    assert most == 1
