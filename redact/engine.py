"""Redacts texts: personal data and secrets out, consistent pseudonyms in."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from redact import names
from redact.aliases import link
from redact.analyzer import MODELS, THRESHOLD, Analyzer, Lines, Setup, outside_tokens
from redact.directory import Directory, Person
from redact.errors import RecognizerError
from redact.finding import CERTAIN, Finding, Replaced, merge, split_opinions
from redact.folding import Folded, clean, plain
from redact.language import language_of
from redact.lexicon import TECHNICAL
from redact.lookalikes import spelled_apart
from redact.models import SECOND_MODEL
from redact.pseudonyms import Pseudonyms
from redact.recent import Recent

if TYPE_CHECKING:
    from presidio_analyzer import EntityRecognizer

#: Rule of a finding that stands where it does because the same name was found elsewhere.
SWEPT = "named elsewhere in the text"
#: Values that were removed of which is remembered that they were.
_VALUES = 200_000

#: Analyses texts of given languages, as `redact.analyzer.Analyzer.analyze` does.
Analyze = Callable[[Sequence[str], Sequence[str], Lines], Iterable[list[Finding]]]


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
        profile: See `redact.analyzer.Setup`.
        models: Model package by language code; a text in a language without a model goes to the first.
        keep: Names of products, projects and repositories that a model's opinion must not remove. People, secrets and
            numbers are removed all the same.
        analyze: Makes of the setup what analyses texts elsewhere; None analyses them in this process.

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
        analyze: Callable[[Setup], Analyze] | None = None,
    ) -> None:
        setup = Setup(
            tuple(people), tuple(names_seen), tuple(mail_domains), profile, tuple(models.items()), tuple(keep)
        )
        self.profile = profile
        self.models = dict(models)
        self._words = setup.words()
        self.directory = setup.directory()
        self._pseudonyms = Pseudonyms(key, self.directory.keys)
        self._people = tuple(p.pid for p in people)
        self._analyzer: Analyzer | None = None
        if analyze is None:
            self._analyzer = Analyzer(setup)
            self._analyze: Analyze = self._analyzer.analyze
        else:
            self._analyze = analyze(setup)
        self._removed: Recent[str, bool] = Recent(_VALUES)

    def __repr__(self) -> str:
        """Return profile and sizes; no value."""
        return f"Redactor(profile={self.profile!r}, {self.directory!r})"

    def add_recognizer(self, recognizer: EntityRecognizer) -> None:
        """Let a Presidio recogniser of the user's take part; it reads single lines.

        Raises:
            RecognizerError: If texts are analysed elsewhere, where nobody knows the recogniser.
        """
        if self._analyzer is None:
            raise RecognizerError(
                "this redactor has its texts analysed elsewhere, where nobody knows the recogniser",
                "add it to a redactor that analyses its texts itself",
            )
        self._analyzer.add_recognizer(recognizer)

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
            **({"second_model": f"{SECOND_MODEL} {_version(SECOND_MODEL)}"} if self.profile == "max" else {}),
        }

    def redact(self, texts: Sequence[str], *, again: bool = False) -> list[Redacted]:
        """Return the texts without what was found; redacting a result again changes nothing.

        Args:
            texts: What people have written. What looks like a token in it is spelled apart: it is none.
            again: The texts are results of this redactor, and their tokens are tokens.

        Each replacement changes what stands beside it, so texts are read until nothing new is found. Every round turns
        at least one character into a token, and tokens are never read again: the loop ends. Models read in the first
        round only: what they said of a line that got no token came to nothing, and would again. The full name of
        somebody in one of the texts counts in all of them; who has a million texts gives them in batches.
        """
        current = [clean(t) if again else spelled_apart(clean(t)) for t in texts]
        languages = [language_of(t) for t in current]
        placed: list[list[Replaced]] = [[] for _ in texts]
        active = list(range(len(current)))
        lines: Lines = "untouched"
        while active:
            found = self._find([current[i] for i in active], [languages[i] for i in active], lines)
            changed = []
            for i, findings in zip(active, found, strict=True):
                if findings:
                    self._remember(current[i], findings)
                    current[i], placed[i] = self._replace(current[i], placed[i], findings)
                    changed.append(i)
            active, lines = changed, "none"
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
        return self._find(texts, [language_of(t) for t in texts], "all" if reread else "untouched")

    def _find(self, texts: Sequence[str], languages: Sequence[str], lines: Lines) -> list[list[Finding]]:
        found = list(self._analyze(texts, languages, lines))
        self._sweep(texts, found)
        return [link(t, merge(split_opinions(f, t)), self.directory) for f, t in zip(found, texts, strict=True)]

    def removed_values(self) -> frozenset[str]:
        """Return, folded, the certain values removed so far, the newest 200,000 of them.

        They stay in memory and are for the rescan only.
        """
        return frozenset(self._removed)

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
            found[i].extend(outside_tokens(more, text))

    def _sweep_places(self, texts: Sequence[str], found: list[list[Finding]]) -> None:
        """Add every further mention, in the same text and spelling, of an organisation or place that a model named."""
        for text, findings in zip(texts, found, strict=True):
            named = {
                text[f.start : f.end]: f
                for f in findings
                if f.source == "ner" and f.entity in ("ORGANIZATION", "LOCATION") and f.end - f.start >= 3
            }
            for value, f in named.items():
                if plain(value) in self._words:
                    continue
                places = [at for at in _places(text, value) if at != f.start]
                more = (replace(f, start=at, end=at + len(value), rule=SWEPT) for at in places)
                findings.extend(outside_tokens(more, text) if places else ())

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


def _places(text: str, value: str) -> Iterator[int]:
    """Yield where a value stands as a word or words of its own."""
    at = text.find(value)
    while at >= 0:
        end = at + len(value)
        if not (_is_word(text[at - 1 : at]) or _is_word(text[end : end + 1])):
            yield at
        at = text.find(value, end)


def _is_word(c: str) -> bool:
    return c.isalnum() or c == "_"


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
