"""What would be taken of a person's own messages, and what left out and why: shown before anything is signed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from consent import notice
from policies.sentences import sentences

UNKNOWN = "unknown"
_MISSING, _ERROR = "missing_fact.", "gate_error."
_SAID = {
    "en": ("A fact that the decision needs is not known ({name}); what is not known is left out.",
           "A check failed ({name}); what cannot be decided is left out.",
           "It is a copy: the other one is looked at instead."),
    "de": ("Eine Angabe, die zur Entscheidung nötig ist, fehlt ({name}); was man nicht weiß, bleibt weg.",
           "Eine Prüfung ist gescheitert ({name}); was sich nicht entscheiden lässt, bleibt weg.",
           "Eine Kopie: Stattdessen zählt die andere."),
    "zh": ("缺少作出决定所需的一项事实（{name}）；凡不清楚的一律排除。",
           "一项检查未能完成（{name}）；凡无法决定的一律排除。",
           "这是一份副本：只看另一份。"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reason:
    """Why records would be left out.

    Attributes:
        code: Gate id, `missing_fact.<field>` or `gate_error.<gate>`.
        sentence: What that means, to the worker, in their language.
        records: How many records it holds back.
        alone: How many of them nothing else would hold back.
        by_source: How many of each source.
    """

    code: str
    sentence: str
    records: int
    alone: int
    by_source: dict[str, int]


@dataclass(frozen=True, slots=True)
class Preview:
    """The numbers of a preview.

    Attributes:
        sources: Taken and left out, by source.
        reasons: Why, most records first.
    """

    sources: dict[str, tuple[int, int]]
    reasons: tuple[Reason, ...]

    def document(self) -> dict[str, Any]:
        """Return the preview as a JSON value."""
        return {
            "seen": sum(sum(pair) for pair in self.sources.values()),
            "taken": sum(pair[0] for pair in self.sources.values()),
            "left_out": sum(pair[1] for pair in self.sources.values()),
            "by_source": {name: {"taken": t, "left_out": o} for name, (t, o) in self.sources.items()},
            "reasons": [
                {
                    "reason": reason.code,
                    "sentence": reason.sentence,
                    "records": reason.records,
                    "for_this_alone": reason.alone,
                    "by_source": reason.by_source,
                }
                for reason in self.reasons
            ],
        }


def summarise(sources: Iterable[str | None], reasons: Sequence[tuple[str, ...]], lang: str | None) -> Preview:
    """Return the preview of a gated set of records.

    Args:
        sources: The source of each record; None where it is not known.
        reasons: Why each is left out; empty where it would be taken.
        lang: The person's language.
    """
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    held: dict[str, Counter[str]] = defaultdict(Counter)
    alone: Counter[str] = Counter()
    for source, why in zip(sources, reasons, strict=True):
        name = source if isinstance(source, str) else UNKNOWN
        counts[name][bool(why)] += 1
        for code in why:
            held[code][name] += 1
        if len(why) == 1:
            alone[why[0]] += 1
    found = [
        Reason(code, sentence(code, lang), by.total(), alone[code], dict(sorted(by.items())))
        for code, by in held.items()
    ]
    return Preview(
        {name: (pair[0], pair[1]) for name, pair in sorted(counts.items())},
        tuple(sorted(found, key=lambda reason: (-reason.records, reason.code))),
    )


def sentence(code: str, lang: str | None) -> str:
    """Return what a reason means, to the worker, in a language; the code where nothing is known of it."""
    spoken = notice.choose(lang).lang
    missing, failed, copy = _SAID[spoken]
    if code == "duplicate":
        return copy
    if code.startswith(_MISSING):
        return missing.format(name=code.removeprefix(_MISSING))
    if code.startswith(_ERROR):
        return failed.format(name=code.removeprefix(_ERROR))
    said = sentences(spoken).get(code)
    return said.worker if said is not None else code
