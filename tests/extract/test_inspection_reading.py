"""Opening a skill of a stranger: what is read, and what is refused before it is read."""

from __future__ import annotations

import random
import stat
import zipfile
from pathlib import Path

import pytest
from inspection_skills import TOOL, write, zipped

from extract.errors import ArchiveError, SourceError
from extract.inspection import folder
from extract.inspection.page import skills


def test_a_folder_and_its_zip_give_the_same_files(tmp_path: Path) -> None:
    plain = folder.open_skill(write(tmp_path / "release-notes", TOOL))
    packed = folder.open_skill(zipped(tmp_path / "a.skill", TOOL, top="release-notes/"))
    assert plain == packed
    assert plain.name == "release-notes"


def test_a_zip_without_a_top_folder_has_no_name_to_compare(tmp_path: Path) -> None:
    assert folder.open_skill(zipped(tmp_path / "a.zip", TOOL)).name == ""


def test_a_single_page_is_read_alone(tmp_path: Path) -> None:
    page = write(tmp_path / "x", TOOL) / "SKILL.md"
    opened = folder.open_skill(page)
    assert (opened.name, list(opened.files), opened.alone) == ("x", ["SKILL.md"], True)


def test_each_skill_below_a_folder_has_its_own_files(tmp_path: Path) -> None:
    write(tmp_path / "all" / "b", TOOL)
    write(tmp_path / "all", {"README.md": "Two skills.\n", "SKILL.md": "x", "b/references/more.md": "More.\n"})
    found = skills("all", folder.open_skill(tmp_path / "all").files)
    assert [(s.folder, s.root, sorted(s.files)) for s in found] == [
        ("all", "", ["README.md", "SKILL.md"]),
        ("b", "b/", ["SKILL.md", "references/form.md", "references/more.md"]),
    ]


def test_files_of_tools_are_no_part_of_a_skill(tmp_path: Path) -> None:
    write(tmp_path / "a", {**TOOL, ".git/config": "x", "scripts/__pycache__/a.pyc": b"\0"})
    assert sorted(folder.open_skill(tmp_path / "a").files) == sorted(TOOL)


def test_a_link_is_refused_wherever_it_leads(tmp_path: Path) -> None:
    write(tmp_path / "a", TOOL)
    (tmp_path / "a" / "notes.md").symlink_to("/etc/hostname")
    with pytest.raises(SourceError, match="link"):
        folder.open_skill(tmp_path / "a")
    (tmp_path / "a" / "notes.md").unlink()
    (tmp_path / "a" / "more").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(SourceError, match="link"):
        folder.open_skill(tmp_path / "a")


@pytest.mark.parametrize("name", ["../out.md", "/etc/out.md", "a/../../out.md", "..\\out.md", "C:/out.md"])
def test_a_zip_whose_entry_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArchiveError, match="leads out of it"):
        folder.open_skill(zipped(tmp_path / "a.zip", {**TOOL, name: "x"}))


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    entry = zipfile.ZipInfo("a/notes.md")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(entry, "/etc/hostname")
    with pytest.raises(ArchiveError, match="link or a device"):
        folder.open_skill(tmp_path / "a.zip")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"SKILL.md": b"a" * (3 << 20)}, "200 times its size"),
        (
            {"SKILL.md": "x", **{f"{n}.bin": random.Random(n).randbytes(3 << 20) for n in range(6)}},
            "more than 16 MB in all",
        ),
        ({f"{n}.md": "x" for n in range(folder.MAX_FILES + 1)}, "more than 2,000 files"),
    ],
)
def test_a_bomb_is_refused_unread(
    tmp_path: Path, files: dict[str, bytes], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder.ZipTree, "read", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(SourceError, match=message):
        folder.open_skill(zipped(tmp_path / "a.zip", files))


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "a", TOOL)
    with (tmp_path / "a" / "data.md").open("wb") as file:
        file.truncate(folder.MAX_FILE + 1)
    with pytest.raises(SourceError, match="more than 4 MB"):
        folder.open_skill(tmp_path / "a")


@pytest.mark.parametrize("content", [b"PK\x03\x04 cut off", b"no zip"])
def test_what_is_no_zip_is_refused_with_a_hint(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.skill").write_bytes(content)
    with pytest.raises(ArchiveError) as refused:
        folder.open_skill(tmp_path / "a.skill")
    assert refused.value.hint
    assert refused.value.exit_code == 6


def test_an_empty_folder_is_no_skill(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no file in it"):
        folder.open_skill(tmp_path)
