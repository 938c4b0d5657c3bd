"""Personal data and secrets in a skill, by the detectors and models of redaction; it names places, never values."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Protocol

from attest import evidence
from extract.inspection import origin
from extract.inspection.finding import Finding
from extract.inspection.page import Skill
from extract.pipeline import spoken

if TYPE_CHECKING:
    from redact.finding import Finding as Found

#: Domains for examples (RFC 2606 §3): nobody's address ends so.
_EXAMPLE = re.compile(r"@(?:[\w-]+\.)*example\.(?:com|net|org)$", re.IGNORECASE)
#: What a model calls an organisation or a place is nobody's data in a text of instructions.
_PEOPLE = frozenset({"PERSON", "NRP"})


class Finder(Protocol):
    """Finds personal data, as `redact.engine.Redactor` does."""

    def find(self, texts: Sequence[str], *, reread: bool = False) -> list[list[Found]]:
        """Return for each text what must go."""
        ...


def check(skill: Skill, finder: Finder) -> Iterator[Finding]:
    """Yield where personal data or secrets stand.

    Digests and signatures look like secrets and are none: of a claims file only the words are read, and the proofs of a
    skill that its person released are passed over. What the toolkit wrote in it is held to forms, not to a model's
    opinion.
    """
    from redact.finding import CERTAIN
    from redact.folding import clean

    released = origin.is_released(skill)
    texts = {name: clean(page.text) for name, page in skill.pages.items() if not (released and _is_proof(name))}
    if claims := origin.claims(skill):
        texts[origin.CLAIMS] = clean("\n".join(" ".join(spoken(claim).split()) for claim in claims))
    words = _spoken(skill) if released else frozenset()
    for (name, text), found in zip(texts.items(), finder.find(list(texts.values())), strict=True):
        starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
        lines = text.split("\n")
        for each in found:
            number = bisect_right(starts, each.start)
            own = released and not any(word in lines[number - 1] for word in words)
            rule = _rule(each, text, certain=each.source in CERTAIN, own=own)
            if rule:
                column = each.start - starts[number - 1] + 1
                yield Finding(skill.root + name, number, rule, f"{each.entity} at column {column}")


def _is_proof(name: str) -> bool:
    """Return whether a file is one that `govern audit verify` reads and nobody else."""
    return (
        name in (evidence.STATEMENT, evidence.RELEASE, evidence.DISPOSITIONS, evidence.ENTRY)
        or evidence.is_entry(name)
        or evidence.is_proof(name)
    )


def _spoken(skill: Skill) -> Iterable[str]:
    """Return the lines of a released skill's claims and quotes, as its pages show them."""
    return {" ".join(line.split()) for claim in origin.claims(skill) for line in spoken(claim).splitlines()}


def _rule(each: Found, text: str, *, certain: bool, own: bool) -> str:
    """Return the rule that what was found breaks, or ""."""
    if each.entity == "EMAIL_ADDRESS" and _EXAMPLE.search(text[each.start : each.end]):
        return ""
    if each.entity == "SECRET":
        return "personal.secret"
    if certain:
        return "personal.data"
    return "personal.name" if each.entity in _PEOPLE and not own else ""
