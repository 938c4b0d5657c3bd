"""What an inspection finds, and every rule it knows by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        severity: `error` for what wrongs a person, endangers whoever loads the skill, or breaks the format; `warning`
            for what a person should look at.
        meaning: What it says of a place, one sentence without the place.
    """

    severity: Severity
    meaning: str


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One place that a rule speaks against. It carries nothing of what stands there.

    Attributes:
        file: Path inside what was inspected.
        line: Number of the line, from 1.
        rule: Key of `RULES`.
        detail: Counts, columns and kinds; never words of the file.
    """

    file: str
    line: int
    rule: str
    detail: str = ""

    @property
    def severity(self) -> Severity:
        """How grave it is."""
        return RULES[self.rule].severity


RULES: Mapping[str, Rule] = {
    "consent.missing": Rule("error", "It is about a person, and no consent of theirs comes with it."),
    "consent.broken": Rule("error", "What the person signed is not what stands here, or no key that is here signed."),
    "evidence.missing": Rule("warning", "Statements about how a person works cite nothing that they rest on."),
    "evidence.broken": Rule("error", "A claim does not hold against its own evidence, or is shown and not on file."),
    "trait.type": Rule("error", "It sorts a person into a type: MBTI, enneagram, star sign."),
    "trait.character": Rule("error", "It labels a person's character, not their work."),
    "trait.judgement": Rule("error", "It judges a person's worth or performance."),
    "trait.mood": Rule("error", "It speaks of a person's feelings."),
    "trait.health": Rule("error", "It touches a special category of a person: health, faith, politics, sexuality."),
    "trait.persona": Rule("error", "A file, a section or a field describes who somebody is."),
    "impersonation.instruction": Rule("error", "It tells its reader to pass as a person."),
    "impersonation.voice": Rule("warning", "It speaks in the first person, as if it were somebody."),
    "personal.data": Rule("error", "Personal data: a form or a list says so."),
    "personal.name": Rule("warning", "Personal data, as a language model reads it; it may be wrong."),
    "personal.secret": Rule("error", "A password, key or token."),
    "injection.override": Rule("error", "It tells an agent to set aside its instructions or its caution."),
    "injection.secrecy": Rule("error", "It tells an agent to keep something from the people it works for."),
    "injection.exfiltration": Rule("error", "It has secrets or private files read or sent away."),
    "injection.download": Rule("error", "It runs what it downloads or decodes, unseen."),
    "injection.hidden": Rule("error", "Characters that nobody sees, or that turn the order of reading."),
    "format.missing": Rule("error", "There is no SKILL.md."),
    "format.encoding": Rule("error", "The file is not UTF-8."),
    "format.head": Rule("error", "SKILL.md does not begin with valid YAML between two lines of ---."),
    "format.field": Rule("error", "The head has a field that the format does not know, or of the wrong kind."),
    "format.name": Rule("error", "The name is not 1 to 64 of a-z, 0-9 and single hyphens."),
    "format.folder": Rule("error", "The name is not that of the folder."),
    "format.description": Rule("error", "The description is not 1 to 1,024 characters without angle brackets."),
    "format.lines": Rule("warning", "SKILL.md has more than 500 lines."),
    "format.tokens": Rule("warning", "SKILL.md has more than about 5,000 tokens."),
    "format.reference": Rule("error", "It names a file of the skill that is not there."),
    "format.outside": Rule("error", "It names a file outside its own folder."),
}
