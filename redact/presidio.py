"""The border to Presidio and spaCy: our recognisers, the model engine, and the registry that holds both."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import spacy
from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine
from presidio_analyzer.predefined_recognizers import (
    CryptoRecognizer,
    MedicalLicenseRecognizer,
    PhoneRecognizer,
    SpacyRecognizer,
    UsItinRecognizer,
    UsPassportRecognizer,
    UsSsnRecognizer,
)

from redact.detectors import (
    disguise,
    encoded,
    mailaddresses,
    network,
    numbers,
    phones,
    postal,
    scripts,
    secrets,
    structure,
)
from redact.directory import Directory
from redact.finding import Finding
from redact.folding import Folded
from redact.models import Entity, SpacyModel, forgetting, load_model, read_entities

Detect = Callable[[str, Folded, Directory], list[Finding]]

NER_ENTITIES = ("PERSON", "ORGANIZATION", "LOCATION", "NRP")
_WORD = re.compile(r"\w+")


class NerEngine(NlpEngine):  # type: ignore[misc]
    """Runs only the entity recogniser of a spaCy model, in batches; words stand in for lemmas.

    Args:
        models: Model package by language code.
    """

    def __init__(self, models: Mapping[str, str]) -> None:
        self._packages = dict(models)
        self._tokenizers: dict[str, Any] = {}

    def load(self) -> None:
        """Load every model, and what cuts texts into words."""
        for language, package in self._packages.items():
            model = load_model(package)
            self._tokenizers[language] = model.nlp if isinstance(model, SpacyModel) else spacy.blank(language)

    def is_loaded(self) -> bool:
        """Return whether the models are there."""
        return bool(self._tokenizers)

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        """Return the artifacts of one text."""
        return next(self.process_batch([text], language))[1]

    def process_batch(
        self,
        texts: Iterable[str],
        language: str,
        batch_size: int = 256,
        n_process: int = 1,
        **kwargs: Any,
    ) -> Iterator[tuple[str, NlpArtifacts]]:
        """Yield each text with its artifacts, in order."""
        read = list(texts)
        for text, found in zip(read, read_entities(read, self._packages[language]), strict=True):
            yield text, self.artifacts(text, language, found)

    def artifacts(self, text: str, language: str, found: Iterable[Entity] = ()) -> NlpArtifacts:
        """Return the artifacts of a text: its words, and the entities that a model found, here or elsewhere."""
        if not self._tokenizers:
            self.load()
        doc = self._tokenizers[language].make_doc(text)
        spans = [doc.char_span(start, end, label=label) for start, end, label in found]
        return NlpArtifacts(
            [s for s in spans if s is not None], doc, [t.idx for t in doc], [t.lower_ for t in doc], self, language
        )

    @contextmanager
    def forgetting(self, language: str) -> Iterator[None]:
        """Have the words of artifacts forgotten at the end, and with them the artifacts' documents."""
        if not self._tokenizers:
            self.load()
        with forgetting(self._tokenizers[language]):
            yield

    def is_stopword(self, word: str, language: str) -> bool:
        """Return whether a word carries no context."""
        return len(word) < 2

    def is_punct(self, word: str, language: str) -> bool:
        """Return whether a word is punctuation."""
        return _WORD.search(word) is None

    def get_supported_entities(self) -> list[str]:
        """Return what the models can find."""
        return list(NER_ENTITIES)

    def get_supported_languages(self) -> list[str]:
        """Return the language codes."""
        return list(self._packages)


class DetectorRecognizer(EntityRecognizer):  # type: ignore[misc]
    """One of our detectors as a Presidio recogniser; reads whole texts, needs no artifacts.

    Args:
        name: Source of its findings.
        entities: What it can find.
        detect: The detector.
        directory: The identity directory.
        language: Language code under which it is registered.
    """

    def __init__(self, name: str, entities: Sequence[str], detect: Detect, directory: Directory, language: str) -> None:
        self._detect = detect
        self._directory = directory
        super().__init__(supported_entities=list(entities), name=name, supported_language=language)

    def load(self) -> None:
        """Do nothing: there is nothing to load."""

    def analyze(
        self, text: str, entities: Sequence[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Return what the detector finds, as Presidio results; the person meant is in the metadata."""
        folded = Folded(text)
        return [
            RecognizerResult(
                f.entity,
                f.start,
                f.end,
                f.score,
                recognition_metadata={
                    RecognizerResult.RECOGNIZER_NAME_KEY: f.source,
                    RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
                    "person": f.person,
                },
            )
            for f in self.findings(text, folded)
            if f.entity in entities
        ]

    def findings(self, text: str, folded: Folded) -> list[Finding]:
        """Return what the detector finds in a text whose folded reading is already there."""
        return self._detect(text, folded, self._directory)


def detectors(directory: Directory, language: str) -> list[DetectorRecognizer]:
    """Return our recognisers, which read whole texts."""

    def listed(text: str, folded: Folded, known: Directory) -> list[Finding]:
        return known.find(folded)

    table: tuple[tuple[str, tuple[str, ...], Detect], ...] = (
        ("DirectoryRecognizer", ("PERSON", "HANDLE", "EMAIL_ADDRESS"), listed),
        ("StructureRecognizer", ("PERSON",), structure.find_structure),
        ("ScriptRecognizer", ("PERSON",), scripts.find_in_scripts),
        ("SecretRecognizer", ("SECRET",), secrets.find_secrets),
        ("MailAddressRecognizer", ("EMAIL_ADDRESS",), mailaddresses.find_emails),
        ("HandleRecognizer", ("HANDLE",), network.find_handles),
        ("EncodedRecognizer", ("PERSON", "HANDLE", "EMAIL_ADDRESS", "PHONE_NUMBER", "SECRET"), encoded.find_encoded),
        ("DisguiseRecognizer", ("PERSON", "HANDLE", "EMAIL_ADDRESS", "PHONE_NUMBER"), disguise.find_disguised),
        ("NetworkAddressRecognizer", ("IP_ADDRESS",), network.find_addresses),
        ("TelephoneRecognizer", ("PHONE_NUMBER",), phones.find_phones),
        ("AccountRecognizer", ("CREDIT_CARD", "IBAN_CODE"), numbers.find_accounts),
        ("BirthRecognizer", ("DATE_OF_BIRTH",), numbers.find_births),
        ("IdNumberRecognizer", ("US_SSN", "ID"), numbers.find_ids),
        ("PostalRecognizer", ("ADDRESS",), postal.find_postal),
    )
    return [DetectorRecognizer(name, entities, detect, directory, language) for name, entities, detect in table]


def line_analyzer(languages: Mapping[str, str], nlp_engine: NerEngine) -> AnalyzerEngine:
    """Return the analyser for single lines: the model's entities and Presidio's own number recognisers.

    Presidio's e-mail and URL recognisers are left out: they ask two hosts for the public suffix list on the first
    match, and they miss internal addresses. Should somebody add them, they get the list that ships with tldextract.
    """
    take_suffixes_offline()
    registry = RecognizerRegistry(supported_languages=list(languages))
    for language in languages:
        registry.add_recognizer(SpacyRecognizer(supported_language=language, supported_entities=list(NER_ENTITIES)))
        registry.add_recognizer(PhoneRecognizer(supported_language=language))
        for recognizer in (
            CryptoRecognizer, MedicalLicenseRecognizer, UsItinRecognizer, UsPassportRecognizer,
            UsSsnRecognizer,
        ):  # fmt: skip
            registry.add_recognizer(recognizer(supported_language=language))
    return AnalyzerEngine(registry=registry, nlp_engine=nlp_engine, supported_languages=list(languages))


def take_suffixes_offline() -> None:
    """Make tldextract's module-wide extractor use the list in its package, never the network or a cache on disk."""
    import tldextract

    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
