"""Figures as a table for people or for a page, and as a document for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from redact.measuring.gold import Gold
from redact.measuring.intervals import Interval, wilson
from redact.measuring.scores import Report, Score

if TYPE_CHECKING:
    from redact.measuring.secrets import SecretsReport

#: What redaction means to take out, in the order of the rows.
ENTITIES = (
    "PERSON", "EMAIL_ADDRESS", "PHONE_NUMBER", "HANDLE", "SECRET", "ORGANIZATION", "LOCATION", "NRP", "ADDRESS",
    "DATE_OF_BIRTH", "CREDIT_CARD", "IBAN_CODE", "IP_ADDRESS", "ID",
)  # fmt: skip

_NONE = "–"


def rows(reports: Mapping[str, Report]) -> list[list[str]]:
    """Return the rows of a table, names first, one column per detector."""
    out = [["", *reports]]
    every = list(reports.values())
    for label in ENTITIES:
        gold = max((r.scores[label].gold for r in every if label in r.scores), default=0)
        for figure, part in (("leakR", "leak_recall"), ("precision", "precision"), ("F2", "f2")) if gold else ():
            title = f"{label} ({gold}): {figure}"
            cells = [
                _cell(getattr(r.scores.get(label), part, None), r.intervals.get(f"{label} {figure}")) for r in every
            ]
            out.append([title, *cells])
    for origin in sorted({o for r in every for o in r.origins}):
        scores = [r.origins[origin] for r in every]
        cells = [_cell(s.leak_recall, r.intervals.get(f"origin {origin}")) for s, r in zip(scores, every, strict=True)]
        out.append([f"PERSON, {origin} ({scores[0].gold}): leakR", *cells])
    for title, name, part, whole in (
        ("persons fully hidden (ER)", "persons", "persons_hidden", "persons"),
        ("hidden persons with one token", "one token", "linked_once", "linked"),
        ("same token, same person (pairs)", "pairs", "pairs_right", "pairs"),
    ):
        cells = [_counted(getattr(r, part), getattr(r, whole), r.intervals.get(name)) for r in every]
        out.append([title, *cells])
    out.append(["characters per CPU second", *(f"{r.characters / max(r.seconds, 1e-9):,.0f}" for r in every)])
    out.append(["CPU seconds", *(f"{r.seconds:.1f}" for r in every)])
    return [out[0], *(row for row in out[1:] if set(row[1:]) != {_NONE})]


def table(reports: Mapping[str, Report]) -> str:
    """Return a Markdown table of the figures, one column per detector."""
    return markdown(rows(reports))


def markdown(cells: Sequence[Sequence[str]]) -> str:
    """Return rows, the head first, as a Markdown table."""
    head, *body = cells
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *body])


def secrets_rows(measured: Mapping[str, SecretsReport]) -> list[list[str]]:
    """Return the rows of a table of secrets, the head first."""
    out = [["", "leakR", "found", "leaking forms", "false hits per million characters"]]
    for name, figures in measured.items():
        rate = figures.false_hits_per_megabyte
        out.append(
            [
                name,
                _cell(figures.leak_recall, wilson(figures.hidden, figures.gold)),
                f"{figures.hidden:,} of {figures.gold:,}",
                ", ".join(sorted(figures.leaks)) or _NONE,
                _NONE if rate is None else f"{rate:.1f} ({figures.false_hits:,} in {figures.characters:,})",
            ]
        )
    return out


def secrets_document(figures: SecretsReport) -> dict[str, Any]:
    """Return the figures of secrets for a program."""
    return {
        "gold": figures.gold,
        "hidden": figures.hidden,
        "leakR": _value(figures.leak_recall, wilson(figures.hidden, figures.gold)),
        "leaks": sorted(figures.leaks),
        "false_hits": figures.false_hits,
        "normal_characters": figures.characters,
        "false_hits_per_megabyte": figures.false_hits_per_megabyte,
    }


def about(gold: Sequence[Gold]) -> str:
    """Return in a line what was measured on; entities that redaction does not mean to take out are named."""
    counts: dict[str, int] = {}
    for g in gold:
        for m in g.marks:
            counts[m.label] = counts.get(m.label, 0) + 1
    others = ", ".join(f"{label} ({n:,})" for label, n in sorted(counts.items()) if label not in ENTITIES)
    mentions = sum(n for label, n in counts.items() if label in ENTITIES)
    line = f"{len(gold):,} texts, {mentions:,} mentions, {sum(len(g.text) for g in gold):,} characters"
    return f"{line}; not counted: {others}" if others else line


def document(report: Report) -> dict[str, Any]:
    """Return the figures for a program: counts, shares, and the ends of their intervals."""

    def share(part: int, whole: int, name: str) -> dict[str, Any]:
        return {"part": part, "whole": whole, **_value(part / whole if whole else None, report.intervals.get(name))}

    return {
        "entities": {label: _entity(label, s, report.intervals) for label, s in report.scores.items()},
        "origins": {o: share(s.hidden, s.gold, f"origin {o}") for o, s in report.origins.items()},
        "persons_hidden": share(report.persons_hidden, report.persons, "persons"),
        "one_token": share(report.linked_once, report.linked, "one token"),
        "pairs": share(report.pairs_right, report.pairs, "pairs"),
        "characters_per_cpu_second": round(report.characters / max(report.seconds, 1e-9)),
        "cpu_seconds": round(report.seconds, 3),
    }


def _entity(label: str, score: Score, intervals: Mapping[str, Interval]) -> dict[str, Any]:
    figures = {"leakR": score.leak_recall, "precision": score.precision, "F2": score.f2}
    return {
        "gold": score.gold,
        "hidden": score.hidden,
        "predicted": score.predicted,
        "right": score.right,
        **{name: _value(value, intervals.get(f"{label} {name}")) for name, value in figures.items()},
    }


def _value(value: float | None, interval: Interval | None) -> dict[str, float | None]:
    low, high = interval or (None, None)
    return {name: v if v is None else round(v, 4) for name, v in (("value", value), ("low", low), ("high", high))}


def _cell(value: float | None, interval: Interval | None) -> str:
    if value is None:
        return _NONE
    # "0.980 (.961–.993)": the figure, and between which its like would lie in 95 of 100 such sets.
    return f"{value:.3f} ({_end(interval.low)}–{_end(interval.high)})" if interval else f"{value:.3f}"


def _end(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")


def _counted(part: int, whole: int, interval: Interval | None) -> str:
    return f"{_cell(part / whole, interval)}, {part:,} of {whole:,}" if whole else _NONE
