"""Finds the places at which a skill speaks as the person, or tells its reader to (AI Act art. 50(1)).

What counts, line by line over the pages of the finished skill:

1. Speech in the first person singular, unless it is marked as a quotation. A statement in the person's own words is
   shown in quotation marks (`extract.skill.document.shown`), a quote of the evidence stands behind its record's number.
2. A line that says who it is, also as a statement in quotation marks; not in the evidence.
3. An instruction to act, speak or write as the person, anywhere: also in a quote, because a message may hold one that
   is meant for the reader of the skill. "Do not imitate them" is none.

The phrases are in `impersonation.yaml`. It is a word list: it does not see what is paraphrased.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from extract.distil import phrases
from extract.distil.keeps import PERSON

_QUOTED = re.compile(r"^- “.*” (?=\[c[0-9]+:)|^“.*”$")
_EVIDENCE = re.compile(r"^- #[0-9]+: ")
_CLAIM = re.compile(r"\[(c[0-9]+):|^## (c[0-9]+)$")


@dataclass(frozen=True, slots=True)
class _Lists:
    first_person: re.Pattern[str]
    not_first_person: re.Pattern[str]
    claims_to_be: re.Pattern[str]
    tells_to: re.Pattern[str]
    denied_before: re.Pattern[str]
    denied_after: re.Pattern[str]


def in_first_person(text: str) -> bool:
    """Return whether a text speaks in the first person singular."""
    lists = _lists()
    return lists.first_person.search(lists.not_first_person.sub(" ", phrases.plain(text))) is not None


def instructs(line: str) -> bool:
    """Return whether a line tells its reader to act, speak or write as a person."""
    return _instructs(phrases.plain(line))


def places(pages: Mapping[str, str]) -> list[str]:
    """Return where the pages of a skill impersonate: the id of a claim, or file and line; one entry for each line."""
    found = []
    for name, text in sorted(pages.items()):
        section = ""
        for number, line in enumerate(text.splitlines(), 1):
            marked = _CLAIM.search(line)
            if line.startswith("#"):
                section = marked[2] or "" if marked else ""
            if _impersonates(line):
                found.append(section or (marked[1] if marked and marked[1] else f"{name}:{number}"))
    return found


def _impersonates(line: str) -> bool:
    lists, plain = _lists(), phrases.plain(line)
    if _instructs(plain):
        return True
    if _EVIDENCE.match(line):
        return False
    if lists.claims_to_be.search(plain):
        return True
    return in_first_person(_QUOTED.sub(" ", line))


def _instructs(plain: str) -> bool:
    lists = _lists()
    return any(
        not lists.denied_before.search(plain[: match.start()]) and not lists.denied_after.match(plain[match.end() :])
        for match in lists.tells_to.finditer(plain)
    )


@cache
def _lists() -> _Lists:
    from extract import strictyaml

    value = strictyaml.parse(files("extract.skill").joinpath("impersonation.yaml").read_text("utf-8"))
    slots = {"person": PERSON}
    found = {
        name: phrases.compiled(value[name], slots)
        for name in ("first_person", "not_first_person", "claims_to_be", "tells_to")
    }
    denial = phrases.compiled(value["denied_by"]).pattern
    others = "|".join(re.escape(word) for word in value["not_denied_by"])
    return _Lists(
        **found,
        denied_before=re.compile(rf"(?:{denial})\s*(?:(?!(?:{others})\b)[\w'-]+\s+)?$", re.IGNORECASE),
        denied_after=re.compile(r"\s+(?:[\w'-]+\s+)?(?:nicht|nie|niemals)\b", re.IGNORECASE),
    )
