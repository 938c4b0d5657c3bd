"""Inspects what was opened: every skill in it, by every rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from attest import evidence
from extract import marks
from extract.inspection import form, origin, personal, wording
from extract.inspection.finding import Finding
from extract.inspection.folder import Opened
from extract.inspection.page import WRITTEN, Skill, decoded, skills
from extract.skill import impersonation

_OF_A_PERSON = ("trait.", "impersonation.")
#: Only the beginning of SKILL.md says what a skill is about; further down, colleagues are mentioned in passing.
_HEAD_LINES = 40
#: Nobody reads a longer line; its beginning shows who speaks.
_LONGEST = 4_000


@dataclass(frozen=True, slots=True)
class Inspection:
    """What an inspection gave.

    Attributes:
        findings: Sorted by file and line.
        skills: Number of skills.
        files: Number of files.
        unread: Paths of the files that hold no text, which nothing looked into.
        about_somebody: Whether any skill is about a person.
        released: Whether every skill carries a release that fits its files.
    """

    findings: tuple[Finding, ...]
    skills: int
    files: int
    unread: tuple[str, ...]
    about_somebody: bool
    released: bool

    def counts(self) -> Mapping[str, int]:
        """Return how many findings each rule has."""
        return dict(sorted(Counter(f.rule for f in self.findings).items()))


def inspect(opened: Opened, finder: personal.Finder | None) -> Inspection:
    """Inspect every skill among the files.

    Args:
        opened: The files.
        finder: Finds personal data and secrets; None leaves that part out.
    """
    found = skills(opened.name, opened.files, alone=opened.alone)
    about = [about_somebody(skill) for skill in found]
    findings = {each for skill, of in zip(found, about, strict=True) for each in _skill(skill, of, finder)}
    return Inspection(
        findings=tuple(sorted(findings)),
        skills=len(found),
        files=len(opened.files),
        unread=tuple(sorted(name for name, data in opened.files.items() if decoded(data) is None)),
        about_somebody=any(about),
        released=all(origin.is_released(skill) for skill in found),
    )


def about_somebody(skill: Skill) -> bool:
    """Return whether a skill is about a person: it says so at its beginning, in a file's name or in its wording.

    That nothing says so proves nothing: rules taken from somebody's messages can be written as if they were anybody's.
    """
    if any("persona" in PurePosixPath(name).stem.lower() or name.startswith(evidence.FOLDER) for name in skill.files):
        return True
    page = skill.pages.get("SKILL.md")
    if page is not None and any(wording.speaks_of_somebody(line) for line in page.lines[:_HEAD_LINES]):
        return True
    return any(each.rule.startswith(_OF_A_PERSON) for each in wording.check(skill))


def _skill(skill: Skill, about: bool, finder: personal.Finder | None) -> Iterator[Finding]:
    yield from form.check(skill)
    yield from origin.check_consent(skill, about_somebody=about)
    yield from origin.check_evidence(skill, about_somebody=about)
    yield from wording.check(skill)
    if about:
        yield from _somebody(skill)
    if finder is not None:
        yield from personal.check(skill, finder)


def _somebody(skill: Skill) -> Iterator[Finding]:
    """Yield what counts only where a skill is about a person."""
    for name, page in skill.pages.items():
        if "persona" in PurePosixPath(name).stem.lower() and name.endswith(WRITTEN):
            yield Finding(page.name, 1, "trait.persona")
        # Under attestation/ stands how to check the skill by hand: variables of a shell and the works council.
        if not page.is_markdown or name.startswith(evidence.FOLDER):
            continue
        short = "\n".join(line[:_LONGEST] for line in page.lines)
        for place in impersonation.places({name: short}):
            yield from _voice(skill, name, place)
        for number, line in enumerate(page.lines, 1):
            if marks.special_categories(line):
                yield Finding(page.name, number, "trait.health")


def _voice(skill: Skill, name: str, place: str) -> Iterator[Finding]:
    """Yield a place of `impersonation.places`, which names a claim or a file and line, unless an instruction is it."""
    _, _, number = place.rpartition(":")
    page = skill.pages[name]
    lines = page.lines
    if place.startswith(f"{name}:"):
        numbers = [int(number)]
    else:
        numbers = [n for n, line in enumerate(lines, 1) if f"[{place}:" in line or line == f"## {place}"]
    for each in numbers[:1]:
        if not impersonation.instructs(lines[each - 1]):
            yield Finding(page.name, each, "impersonation.voice")
