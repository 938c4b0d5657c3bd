"""Asks the model which kind a statement is, and keeps the whole distribution rather than the best answer."""

from __future__ import annotations

import math
from collections.abc import Sequence

from extract.distil.backend import Backend, Prompt
from extract.distil.claims import KINDS, Kind

#: What the model is asked to say for each kind: one token each in the default model.
LABELS: dict[Kind, str] = {
    "procedure": " steps",
    "decision_rule": " rule",
    "checklist": " checks",
    "code_style": " style",
    "reference": " source",
}
_EXAMPLES: tuple[tuple[str, Kind], ...] = (
    ("To change a filter, close the valve, swap the cartridge, then open the valve slowly.", "procedure"),
    ("Do not accept a return without a receipt unless the item is still sealed.", "decision_rule"),
    ("Check that the date, the seal and the signature are on the form.", "checklist"),
    ("Name a variable after what it holds, not after its type.", "code_style"),
    ("The current tariff table is in the folder Rates on the shared drive.", "reference"),
    ("If the pressure drops twice in a day, stop the line rather than adjust it.", "decision_rule"),
    ("We first call the customer, then open the case, and close it after a week.", "procedure"),
    ("Every offer needs a date, a price and a contact.", "checklist"),
    ("Opening hours are listed in the appendix of the handbook.", "reference"),
    ("Keep functions short and give each argument a type.", "code_style"),
)
_FIXED = (
    "Say what each note from work is: steps, rule, checks, style or source.\n\n"
    + "".join(f"Note: {text}\nType:{LABELS[kind]}\n\n" for text, kind in _EXAMPLES)
    + "Note:"
)
#: The batch always holds these too, so that its mean means something when there are few claims.
_ANCHORS = (
    "Before you leave, switch off the press, clean the rollers and cover the plates.",
    "A refund above the limit has to be signed by two people.",
    "Make sure the label shows the name, the weight and the date.",
    "Constants are written in capitals at the top of the file.",
    "The safety sheets are in the red binder next to the door.",
)
#: Weight of the classifier's opinion beside the model's, in log-probability.
CLASSIFIER_WEIGHT = 1.0
MODEL_WEIGHT = 0.5


def distributions(
    statements: Sequence[str], prior: Sequence[dict[Kind, float]], backend: Backend
) -> list[dict[Kind, int]]:
    """Return the probabilities of the kinds of each statement, in thousandths that add up to 1000.

    The model's log-probability of each label is calibrated by its mean over the batch and joined with the
    classifier's opinion.

    Args:
        statements: The quotes.
        prior: The classifier's probabilities.
        backend: The model.
    """
    labels = [LABELS[k] for k in KINDS]
    rows = [_normal(backend.options(Prompt(_FIXED, f" {s}\nType:"), labels)) for s in (*statements, *_ANCHORS)]
    mean = [sum(row[k] for row in rows) / len(rows) for k in range(len(KINDS))]
    result = []
    for row, opinion in zip(rows, prior, strict=False):
        joined = [
            MODEL_WEIGHT * (row[k] - mean[k]) + CLASSIFIER_WEIGHT * math.log(max(opinion[kind], 1e-6))
            for k, kind in enumerate(KINDS)
        ]
        result.append(thousandths([math.exp(v) for v in _normal(joined)]))
    return result


def thousandths(probabilities: Sequence[float]) -> dict[Kind, int]:
    """Round probabilities to thousandths that add up to 1000, by largest remainder, first kind first."""
    scaled = [1000 * p for p in probabilities]
    parts = [math.floor(v) for v in scaled]
    order = sorted(range(len(parts)), key=lambda i: (parts[i] - scaled[i], i))
    for i in order[: 1000 - sum(parts)]:
        parts[i] += 1
    return dict(zip(KINDS, parts, strict=True))


def entropy_millibits(kinds: dict[Kind, int]) -> int:
    """Return the entropy of a distribution in thousandths, in thousandths of a bit."""
    return round(-1000 * sum(p / 1000 * math.log2(p / 1000) for p in kinds.values() if p))


def best(kinds: dict[Kind, int]) -> Kind:
    """Return the most likely kind, the first of equals."""
    return max(KINDS, key=lambda k: kinds[k])


def _normal(logs: Sequence[float]) -> list[float]:
    top = max(logs)
    total = top + math.log(sum(math.exp(v - top) for v in logs))
    return [v - total for v in logs]
