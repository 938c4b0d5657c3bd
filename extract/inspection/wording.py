"""Phrases and signs in the text of a skill: labels of a person, passing as one, turning an agent against its users.

The phrases are in `wording.yaml`. They are word lists: what is paraphrased goes unseen, and a line that quotes such a
phrase in order to forbid it may be found all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from extract import emotion, lexicon, strictyaml
from extract.inspection.finding import Finding
from extract.inspection.page import Page, Skill
from extract.skill import impersonation
from redact.detectors.naming import GIVEN_NAMES

_LABEL = re.compile(
    r"(?:#{1,6}\s*(?P<heading>.+)|(?:[-*+]\s+)?[\"'*_]{0,3}(?P<label>[^:：\"*]{2,40}?)[\"'*_]{0,3}\s*[:：])"
)
_ITEM = re.compile(r"^\s*(?:[-*+]|[0-9]+[.)、])\s+")
# Four letters of one of the sixteen types; in small letters they are words.
_TYPE = re.compile(r"(?<![A-Za-z0-9_])[IE][NS][TF][JP](?:-[AT])?(?![A-Za-z0-9_])")
_YOU_ARE = re.compile(
    r"\b(?:[Yy]ou are|[Yy]ou're|[Dd]u bist) (?:now |jetzt |ab jetzt |nun |from now on )?([A-ZÄÖÜ][a-zà-ÿ'-]+)\b"
)
_YOU_ARE_NAMED = re.compile(
    r"\b(?:[Yy]ou are|[Yy]ou're|[Dd]u bist|[Pp]retend to be|(?:[Aa]ct|[Rr]espond|[Ss]peak|[Ww]rite|[Rr]eply) as)"
    r" (?:now |jetzt |ab jetzt |nun )?(?!I\b|A\b|The\b|An\b)[A-ZÄÖÜ][a-zà-ÿ'-]+ [A-ZÄÖÜ][a-zà-ÿ'-]+\b"
)
_NAMED = re.compile(
    r"\b([A-ZÄÖÜ][a-zà-ÿ'-]+)(?: [A-ZÄÖÜ][a-zà-ÿ'-]+)? (?=(is|was|seems|gets|can|tends|ist|wirkt|gilt)\b)"
)
_GERMAN = frozenset({"ist", "wirkt", "gilt"})
_KEY = re.compile(r"\"([^\"]{2,40})\"\s*:")
_DOWNLOAD = re.compile(
    r"\b(?:curl|wget|iwr|Invoke-WebRequest)\b[^\n|]{0,300}\|\s*(?:sudo\s+)?(?:(?:ba|z|da)?sh|python3?|node|perl|ruby)\b"
    r"|\bbase64\s+(?:-d|-D|--decode)\b[^\n|]{0,300}\|\s*(?:sudo\s+)?(?:ba|z|da)?(?:sh|python3?)\b"
    r"|\b(?:ba|z)?sh\s+<\(\s*(?:curl|wget)\b|\beval\s+[\"']?\$\(\s*(?:curl|wget)\b|\biex\s*\(\s*(?:iwr|New-Object)\b"
)
_SENT = re.compile(
    r"\b(?:curl|wget|nc)\b[^\n]{0,300}(?:\$\{?\w*(?:TOKEN|KEY|SECRET|PASSWORD)|@?~?/?\.(?:ssh|aws|netrc|env)\b|\bid_(?:rsa|ed25519)\b)"
)
_PRIVATE = re.compile(
    r"(?i:\b(?:read|cat|collect|gather|dump|print|copy|upload|send|open)\b).{0,60}"
    r"(?:~/?\.(?:ssh|aws|netrc|gnupg|kube|config/gh)\b|\bid_(?:rsa|ed25519)\b|/etc/(?:passwd|shadow)\b)"
)
#: What stands around and between words and says nothing: marks of Markdown, quotation marks, commas.
_MARKS = re.compile(r"[*`\"“”„,，()\[\]]+|(?<!\w)_+|_+(?!\w)")
_PIECE, _OVERLAP = 4_000, 300
# Zero width, turns of direction, tags. A joiner between two pictures is part of a picture.
_HIDDEN = re.compile(
    r"[\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\U000e0000-\U000e007f]|(?<![\u2600-\U0001faff\ufe0f])\u200d|(?<!^)\ufeff"
)


@dataclass(frozen=True, slots=True)
class _Lists:
    harmless: re.Pattern[str]
    rules: Mapping[str, re.Pattern[str]]
    stems: Mapping[str, lexicon.Stems]
    persona: re.Pattern[str]
    about: re.Pattern[str]
    bare: re.Pattern[str]


@cache
def _lists() -> _Lists:
    value = strictyaml.parse(files("extract.inspection").joinpath("wording.yaml").read_text("utf-8"))
    named = value["lists"]
    return _Lists(
        harmless=lexicon.words(value["harmless"]),
        rules={rule: lexicon.frames(frames, named) for rule, frames in value["rules"].items()},
        stems={rule: lexicon.Stems(lexicon.needed(frames, named)) for rule, frames in value["rules"].items()},
        persona=lexicon.frames(value["persona"], named),
        about=lexicon.frames(value["about"], named),
        bare=lexicon.words([*named["trait"], *named["trait_person"], *named["de_trait"], *named["zh_trait"]]),
    )


def rules_of(text: str) -> set[str]:
    """Return the rules that speak against a line, or a line and the next."""
    # A page without line ends is read in pieces: some patterns look back to the beginning from each place.
    return set().union(*(_rules(text[at : at + _PIECE + _OVERLAP]) for at in range(0, max(len(text), 1), _PIECE)))


def _rules(text: str) -> set[str]:
    lists = _lists()
    plain = lists.harmless.sub(" ... ", lexicon.plain(_MARKS.sub(" ", _NAMED.sub(_pronoun, text))))
    found = {
        rule for rule, frames in lists.rules.items() if lists.stems[rule].may_be_in(plain) and frames.search(plain)
    }
    if _TYPE.search(text):
        found.add("trait.type")
    if emotion.about_feelings(text):
        found.add("trait.mood")
    if _YOU_ARE_NAMED.search(text) or _becomes_somebody(text) or impersonation.instructs(text):
        found.add("impersonation.instruction")
    if _DOWNLOAD.search(text):
        found.add("injection.download")
    if _SENT.search(text) or _PRIVATE.search(text):
        found.add("injection.exfiltration")
    return found


def _becomes_somebody(text: str) -> bool:
    """Return whether the reader is told to be somebody of a given name: "you are Ann"."""
    return any(lexicon.plain(match[1]) in GIVEN_NAMES for match in _YOU_ARE.finditer(text))


def _pronoun(match: re.Match[str]) -> str:
    """Return what the lists know in place of a name: "Ann is lazy" is "he is lazy". A product's name stays."""
    if lexicon.plain(match[1]) not in GIVEN_NAMES:
        return match[0]
    return "er " if match[2] in _GERMAN else "he "


def announces_persona(line: str) -> bool:
    """Return whether a line is a heading, a label or a field that describes who somebody is."""
    match = _LABEL.match(line.strip()[:120])
    titles = [*_KEY.findall(line), *([match["heading"] or match["label"]] if match else [])]
    lists = _lists()
    return any(
        lists.persona.search(lists.harmless.sub(" ... ", lexicon.plain(title))) for title in titles if len(title) <= 60
    )


def speaks_of_somebody(text: str) -> bool:
    """Return whether a text says that it is about a colleague, or made of somebody's messages."""
    return _lists().about.search(lexicon.plain(text)) is not None


def check(skill: Skill) -> Iterator[Finding]:
    """Yield what the wording of each page gives rise to, each rule once a line."""
    for page in skill.pages.values():
        yield from sorted(set(_page(page)))


def _page(page: Page) -> Iterator[Finding]:
    lines = page.lines
    alone: dict[int, set[str]] = {}
    for number, text in page.passages():
        if number not in alone or text == lines[number - 1]:
            found = alone[number] = rules_of(text)
        else:
            # What one of the two lines says by itself is told there.
            found = rules_of(text) - alone[number] - alone.get(number + 1, set())
        for rule in found:
            yield Finding(page.name, number, rule)
    in_persona = False
    for number, line in enumerate(lines, 1):
        if announces_persona(line):
            yield Finding(page.name, number, "trait.persona")
        if line.startswith("#"):
            in_persona = announces_persona(line)
        elif in_persona and _ITEM.match(line) and _lists().bare.search(lexicon.plain(line)):
            yield Finding(page.name, number, "trait.character")
        for match in _HIDDEN.finditer(line):
            yield Finding(page.name, number, "injection.hidden", f"U+{ord(match[0]):04X}")
