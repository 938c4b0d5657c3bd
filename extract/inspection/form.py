"""The form of SKILL.md, as the specification of Agent Skills has it (agentskills.io/specification)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from attest import evidence
from extract import strictyaml
from extract.inspection.finding import Finding
from extract.inspection.page import WRITTEN, Page, Skill

#: Its six fields, with the most characters that the text of each may have; None where it says nothing of that.
FIELDS: Mapping[str, int | None] = {
    "name": 64,
    "description": 1024,
    "license": None,
    "compatibility": 500,
    "metadata": None,
    "allowed-tools": None,
}
MAX_LINES = 500
MAX_TOKENS = 5_000

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LINK = re.compile(r"\]\(\s*<?([^)\s>]+)")
_NAMED = re.compile(r"`((?:\./)?(?:references|scripts|assets)/[^`\s]+)`")
_NO_PATH = re.compile(r"[a-z][a-z0-9+.-]*:|#|//|.*[{}<>*$…]|.*\.\.\.", re.IGNORECASE)
_FENCE = re.compile(r"\s*(?:```|~~~)")


def head(page: Page) -> tuple[Any, int] | None:
    """Return the value of the front matter and the number of its last line, or None where there is no valid one."""
    lines = page.lines
    if not lines or lines[0].rstrip() != "---":
        return None
    end = next((i for i, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), 0)
    if not end:
        return None
    try:
        return strictyaml.parse("\n".join(lines[1:end])), end + 1
    except strictyaml.YamlError:
        return None


def tokens(text: str) -> int:
    """Return about how many tokens a model makes of a text: four characters of ASCII, or one of any other script.

    No reader of skills has the same count; this one is near those of large models for English and too high for others.
    """
    ascii_ = sum(c < "\x80" for c in text)
    return -(-ascii_ // 4) + len(text) - ascii_


def check(skill: Skill) -> Iterator[Finding]:
    """Yield what is wrong with the form of a skill."""
    for path, data in skill.files.items():
        if path not in skill.pages and path.lower().endswith(WRITTEN) and b"\0" not in data:
            yield Finding(skill.root + path, 1, "format.encoding")
    page = skill.pages.get("SKILL.md")
    if page is not None:
        yield from _head(skill, page)
        yield from _size(page)
    elif "SKILL.md" not in skill.files and not skill.alone:
        yield Finding(f"{skill.root}SKILL.md", 1, "format.missing")
    for page in skill.pages.values():
        if page.is_markdown and not page.name.removeprefix(skill.root).startswith(evidence.FOLDER):
            yield from _references(skill, page)


def _head(skill: Skill, page: Page) -> Iterator[Finding]:
    found = head(page)
    if found is None or not isinstance(found[0], dict):
        yield Finding(page.name, 1, "format.head")
        return
    value = found[0]
    for key, given in value.items():
        if key not in FIELDS:
            # The name of an unknown field is the stranger's word and may be anybody's name.
            yield Finding(page.name, _line_of(page, str(key)), "format.field", "unknown")
        elif key == "metadata":
            if not isinstance(given, dict) or not all(isinstance(part, str) for part in given.values()):
                yield Finding(page.name, _line_of(page, key), "format.field", "metadata is not a table of texts")
        elif key not in ("name", "description") and (
            not isinstance(given, str) or len(given) > (FIELDS[key] or len(given))
        ):
            yield Finding(page.name, _line_of(page, key), "format.field", key)
    name, description = value.get("name"), value.get("description")
    if not isinstance(name, str) or len(name) > 64 or not _NAME.fullmatch(name):
        yield Finding(page.name, _line_of(page, "name"), "format.name")
    elif skill.folder and name != skill.folder and (not skill.alone or page.name == "SKILL.md"):
        yield Finding(page.name, _line_of(page, "name"), "format.folder")
    if not isinstance(description, str) or not 0 < len(description.strip()) <= 1024 or re.search(r"[<>]", description):
        yield Finding(page.name, _line_of(page, "description"), "format.description")


def _line_of(page: Page, key: str) -> int:
    """Return the line on which a field of the head begins, or the first."""
    return next(
        (n for n, line in enumerate(page.lines, 1) if n > 1 and line.strip("\"' ").startswith(key) and ":" in line), 1
    )


def _size(page: Page) -> Iterator[Finding]:
    lines = len(page.text.splitlines())
    if lines > MAX_LINES:
        yield Finding(page.name, MAX_LINES + 1, "format.lines", f"{lines:,} lines")
    if tokens(page.text) > MAX_TOKENS:
        yield Finding(page.name, 1, "format.tokens", f"about {tokens(page.text):,} tokens")


def _references(skill: Skill, page: Page) -> Iterator[Finding]:
    here = posixpath.dirname(page.name.removeprefix(skill.root))
    fenced = False
    for number, line in enumerate(page.lines, 1):
        if _FENCE.match(line):
            fenced = not fenced
        if fenced:
            continue
        named = [(path, here) for path in _LINK.findall(line)] + [(path, "") for path in _NAMED.findall(line)]
        for path, base in named:
            if _NO_PATH.match(path):
                continue
            rule = _reference(skill, path.partition("#")[0], base)
            if rule:
                yield Finding(page.name, number, rule)


def _reference(skill: Skill, path: str, base: str) -> str:
    """Return the rule that a path breaks, or ""."""
    if path.startswith(("/", "~", "\\")):
        return "format.outside"
    places = {posixpath.normpath(posixpath.join(start, path)) for start in (base, "")}
    if all(place.startswith("..") for place in places):
        return "format.outside"
    known = {".", *skill.files, *(posixpath.dirname(name) for name in skill.files)}
    # A file that was given alone has no neighbours to look for.
    return "" if skill.alone or places & known else "format.reference"
