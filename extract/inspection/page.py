"""The text files of a skill as lines, and the skill that each belongs to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import PurePosixPath

#: What an agent or a person reads; other files count where they hold text at all.
WRITTEN = (".md", ".markdown", ".txt", ".json", ".jsonl", ".yaml", ".yml", ".toml", ".csv", ".html")
_OPENS = re.compile(r"\s*(?:[-*+>#|]|[0-9]+[.)、]|$)")


@dataclass(frozen=True, slots=True)
class Page:
    """One text file.

    Attributes:
        name: Path inside what was inspected.
        text: What it says.
    """

    name: str
    text: str = field(repr=False)

    @property
    def lines(self) -> list[str]:
        """The lines, without their ends."""
        return self.text.split("\n")

    @property
    def is_markdown(self) -> bool:
        """Whether it is a page of Markdown."""
        return self.name.lower().endswith((".md", ".markdown"))

    def passages(self) -> Iterator[tuple[int, str]]:
        """Yield each line by its number, and each line joined with the next where a sentence may go on in that."""
        lines = self.lines
        yield from enumerate(lines, 1)
        for number, (one, other) in enumerate(pairwise(lines), 1):
            if one.strip() and not one.startswith("#") and not _OPENS.match(other):
                yield number, f"{one.rstrip()} {other.strip()}"


@dataclass(frozen=True, slots=True)
class Skill:
    """A folder with a SKILL.md, or what was given where there is none.

    Attributes:
        folder: Name of the folder, or "" where it is not known.
        root: Path of the folder inside what was inspected: "" or "a/b/".
        pages: Its text files, by path inside the folder.
        files: Content of every file, by path inside the folder.
        alone: Whether one file was given without its folder.
    """

    folder: str
    root: str
    pages: Mapping[str, Page] = field(repr=False)
    files: Mapping[str, bytes] = field(repr=False)
    alone: bool = False


def decoded(data: bytes) -> str | None:
    """Return the text of a file with plain line ends, or None where it is no UTF-8 text."""
    if b"\0" in data:
        return None
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        return None


def skills(name: str, files: Mapping[str, bytes], *, alone: bool = False) -> list[Skill]:
    """Return the skills among some files: one for each SKILL.md, with the files below it that no other is nearer to.

    Files that are below none make a skill of their own.
    """
    roots = {path.removesuffix("SKILL.md") for path in files if PurePosixPath(path).name == "SKILL.md"}
    parts: dict[str, dict[str, bytes]] = {root: {} for root in sorted(roots)}
    for path, data in files.items():
        root = max((r for r in roots if path.startswith(r)), key=len, default="")
        parts.setdefault(root, {})[path.removeprefix(root)] = data
    found = []
    for root, own in sorted(parts.items()):
        pages = {path: Page(root + path, text) for path, data in own.items() if (text := decoded(data)) is not None}
        folder = root.rstrip("/").rpartition("/")[2] if root else name
        found.append(Skill(folder, root, pages, own, alone))
    return found
