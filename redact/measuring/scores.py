"""The figures of a detector on annotated texts, each with its interval."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from redact.measuring import intervals
from redact.measuring.gold import Gold, Mark, kind
from redact.measuring.intervals import Counts, Interval

#: Marks what must go, in texts that hold nothing invisible; one list for each text.
Predict = Callable[[Sequence[str]], list[list[Mark]]]


@dataclass(frozen=True, slots=True)
class Score:
    """Figures of one entity; shares are None where there is nothing to divide by.

    Attributes:
        gold: Annotated mentions.
        hidden: Those that are covered from end to end, by whatever was predicted.
        predicted: Predictions of this entity.
        right: Those that touch an annotation of the same or a close kind.
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
        if p is None or r is None:
            return None
        return 5 * p * r / (4 * p + r) if p and r else 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """Figures of one detector on one set of texts.

    Attributes:
        scores: By entity.
        origins: Of people's names only, by the origin of the texts that hold them.
        persons: Annotated persons with an entity id, by text.
        persons_hidden: Those of whom no mention leaks.
        linked: Hidden persons with two or more mentions, all of which got a token.
        linked_once: Those whose mentions all got one token that says who is meant.
        pairs: Pairs of mentions in one text that got the same such token.
        pairs_right: Those that mean the same person.
        texts: Texts read.
        characters: Characters read.
        seconds: Processor time.
        intervals: Of each share, by `ENTITY leakR`, `ENTITY precision`, `ENTITY F2`, `persons`, `one token`, `pairs`
            and `origin NAME`; those without a whole are left out.
    """

    scores: Mapping[str, Score]
    origins: Mapping[str, Score]
    persons: int
    persons_hidden: int
    linked: int
    linked_once: int
    pairs: int
    pairs_right: int
    texts: int
    characters: int
    seconds: float
    intervals: Mapping[str, Interval] = field(default_factory=dict)


#: What a prediction may touch and be right: annotation schemes draw these borders differently.
_CLOSE = {
    "PERSON": {"PERSON", "HANDLE", "EMAIL_ADDRESS"},
    "HANDLE": {"PERSON", "HANDLE", "EMAIL_ADDRESS"},
    "EMAIL_ADDRESS": {"EMAIL_ADDRESS", "HANDLE", "PERSON"},
    "LOCATION": {"LOCATION", "ADDRESS", "NRP"},
    "NRP": {"NRP", "LOCATION"},
    "ADDRESS": {"ADDRESS", "LOCATION"},
}
_PARTS = ("gold", "hidden", "predicted", "right")
_SHARES = {
    "persons": ("persons_hidden", "persons"),
    "one token": ("linked_once", "linked"),
    "pairs": ("pairs_right", "pairs"),
}
#: Before the name of an origin, where origins are counted beside entities.
_ORIGIN = "origin "


def measure(gold: Sequence[Gold], predict: Predict, cpu: Callable[[], float] = time.process_time) -> Report:
    """Return the figures of a detector on annotated texts."""
    started = cpu()
    predicted = predict([g.text for g in gold])
    seconds = cpu() - started
    by_text = [_tally(g, marks) for g, marks in zip(gold, predicted, strict=True)]
    total: Counter[tuple[str, str]] = Counter()
    for counts in by_text:
        total.update(counts)
    labels = sorted({label for label, part in total if part in _PARTS and not label.startswith(_ORIGIN)})
    origins = sorted({label for label, _ in total if label.startswith(_ORIGIN)})
    return Report(
        scores={label: Score(*(total[label, part] for part in _PARTS)) for label in labels},
        origins={o.removeprefix(_ORIGIN): Score(*(total[o, part] for part in _PARTS)) for o in origins},
        persons=total["", "persons"],
        persons_hidden=total["", "persons_hidden"],
        linked=total["", "linked"],
        linked_once=total["", "linked_once"],
        pairs=total["", "pairs"],
        pairs_right=total["", "pairs_right"],
        texts=len(gold),
        characters=sum(len(g.text) for g in gold),
        seconds=seconds,
        intervals=_intervals(by_text, total, labels, origins),
    )


def _tally(gold: Gold, marks: Sequence[Mark]) -> Counter[tuple[str, str]]:
    """Return the counts of one text, by entity (or "" for those of persons) and what is counted."""
    count: Counter[tuple[str, str]] = Counter()
    cover = bytearray(len(gold.text))
    for m in marks:
        cover[m.start : m.end] = b"\1" * (m.end - m.start)
    of_person: dict[str, list[tuple[bool, str]]] = defaultdict(list)
    for m in gold.marks:
        hidden = _covered(gold.text, m, cover)
        for label in (m.label, *([_ORIGIN + gold.origin] if gold.origin and m.label == "PERSON" else [])):
            count[label, "gold"] += 1
            count[label, "hidden"] += hidden
        if m.label == "PERSON" and m.entity:
            token = next((p.entity for p in marks if p.start < m.end and p.end > m.start), "")
            of_person[m.entity].append((hidden, token))
    for p in marks:
        accepted = _CLOSE.get(kind(p.label), {kind(p.label)})
        count[kind(p.label), "predicted"] += 1
        count[kind(p.label), "right"] += any(
            m.start < p.end and m.end > p.start and m.label in accepted for m in gold.marks
        )
    told: Counter[str] = Counter()
    for mentions in of_person.values():
        tokens = [token for hidden, token in mentions if hidden and token]
        hidden = all(h for h, _ in mentions)
        count["", "persons"] += 1
        count["", "persons_hidden"] += hidden
        if hidden and len(mentions) > 1 and len(tokens) == len(mentions):
            count["", "linked"] += 1
            count["", "linked_once"] += len(set(tokens)) == 1 and _tells(tokens[0])
        own = Counter(filter(_tells, tokens))
        told.update(own)
        count["", "pairs_right"] += sum(n * (n - 1) // 2 for n in own.values())
    count["", "pairs"] += sum(n * (n - 1) // 2 for n in told.values())
    return count


def _covered(text: str, mark: Mark, cover: bytearray) -> bool:
    """Return whether no letter and no digit of a mention stays; of one without any, whether no sign does."""
    inside = range(mark.start, mark.end)
    telling = [i for i in inside if text[i].isalnum()] or [i for i in inside if not text[i].isspace()]
    return all(cover[i] for i in telling)


def _tells(token: str) -> bool:
    """Return whether a token says who is meant; `[PERSON]` stands for whoever bears a name."""
    return bool(token) and not token.startswith("[")


def _intervals(
    by_text: Sequence[Mapping[tuple[str, str], int]],
    total: Mapping[tuple[str, str], int],
    labels: Sequence[str],
    origins: Sequence[str],
) -> dict[str, Interval]:
    columns = list(total)
    if not columns:
        return {}
    drawn = intervals.draw(np.array([[counts[c] for c in columns] for counts in by_text], dtype=np.float64))
    sums = {c: drawn[:, i] for i, c in enumerate(columns)}
    none = np.zeros(len(drawn))

    def share(label: str, part: str, whole: str) -> Interval | None:
        counted = (total[label, part], total[label, whole])
        return intervals.share(sums.get((label, part), none), sums.get((label, whole), none), counted)

    found: dict[str, Interval | None] = {name: share("", *pair) for name, pair in _SHARES.items()}
    for label in labels:
        leak, precision = share(label, "hidden", "gold"), share(label, "right", "predicted")
        found |= {f"{label} leakR": leak, f"{label} precision": precision}
        if leak and precision:
            parts = {part: sums.get((label, part), none) for part in _PARTS}
            found[f"{label} F2"] = intervals.joint(_f2, parts, (leak, precision))
    found |= {o: share(o, "hidden", "gold") for o in origins}
    return {name: interval for name, interval in found.items() if interval}


def _f2(recall: Counts, precision: Counts) -> Counts:
    weighed = 4 * precision + recall
    return 5 * precision * recall / np.where(weighed > 0, weighed, 1)
