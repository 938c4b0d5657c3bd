"""The ledger of what was taken and what was left behind, in numbers that add up; never content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from attest.disposition import Leaf
    from extract.distil.claims import Claim, Distillate
    from extract.records import Record

Ledger = dict[str, Any]

#: What is told of each kind of `extract.distil.unsaid`: knowledge that is no rule, whatever is distilled.
UNSAID = {
    "intuition": "a feeling against rule or numbers",
    "empathy": "what somebody else needs just then",
    "doubt": "a doubt behind a choice",
    "delay": "waiting on purpose",
    "failure": "a failure that changed how it is done",
}

#: What is left out of a record that is used, by kind of span.
WHOSE = {
    "quoted": "quoted from others",
    "forwarded": "forwarded",
    "attribution": "lines that announce a quotation",
    "signature": "signatures",
    "footer": "footers and trailers",
    "patch": "patches",
    "log": "written by programs",
    "unknown": "nobody can say whose",
}


def characters(records: Iterable[Record], used: Collection[int]) -> dict[str, int]:
    """Return how many characters of each kind of span the records hold that are used; only `own` goes further.

    Args:
        records: All records, in order; their texts are not needed.
        used: Rows of those that are used.
    """
    counts: Counter[str] = Counter()
    for row, record in enumerate(records):
        if row in used:
            for span in record.spans:
                counts[span.kind] += span.end - span.start
    return dict(sorted(counts.items()))


def account(
    leaves: Iterable[Leaf],
    distillate: Distillate,
    claim_reasons: Mapping[str, int],
    emotion_segments: int = 0,
    characters: Mapping[str, int] | None = None,
) -> Ledger:
    """Return the ledger of one extraction: integers only, so that it can be signed as canonical JSON.

    Args:
        leaves: The disposition of every record.
        distillate: What the distiller made and dropped.
        claim_reasons: How many claims each output gate kept back.
        emotion_segments: How many sentences about feelings were cut out of the records that were taken.
        characters: How many characters of each kind of span the taken records hold; see `characters`.
    """
    outcomes: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    redactions: Counter[str] = Counter()
    for leaf in leaves:
        outcomes[leaf.outcome] += 1
        kinds[f"{leaf.kind}.{'left_out' if leaf.outcome == 'left_out' else 'taken'}"] += 1
        reasons.update(leaf.reasons)
        redactions.update(leaf.redactions)
    return {
        "seen": sum(outcomes.values()),
        "taken": outcomes["taken"] + outcomes["taken_redacted"],
        "taken_unchanged": outcomes["taken"],
        "taken_redacted": outcomes["taken_redacted"],
        "left_out": outcomes["left_out"],
        "by_kind": dict(sorted(kinds.items())),
        "by_reason": dict(sorted(reasons.items())),
        "redactions": dict(sorted(redactions.items())),
        "emotion_segments": emotion_segments,
        "characters": dict(characters or {}),
        "distilled": dict(sorted(distillate.measures.items())),
        "dropped": dict(sorted(distillate.dropped.items())),
        "claims_kept_back": dict(sorted(claim_reasons.items())),
        "claims": len(distillate.claims) - sum(claim_reasons.values()),
    }


def after_review(ledger: Ledger, before: Iterable[Claim], after: Iterable[Claim], withheld: int = 0) -> Ledger:
    """Return the ledger with the subject's strikes and corrections counted in.

    Args:
        ledger: The ledger of the draft.
        before: The claims of the draft.
        after: Those that stay.
        withheld: How many of the struck ones the person keeps for the kind of knowledge that they are. The kinds are
            the person's own business and are not counted.
    """
    kept = {c.id: c for c in after}
    struck = sum(1 for c in before if c.id not in kept)
    corrected = sum(1 for c in kept.values() if c.review == "corrected")
    # The number stands among the others, so that claims = released + struck, with or without it.
    return {**ledger, "struck": struck, "withheld": withheld, "corrected": corrected, "released": len(kept)}


def lines(ledger: Ledger) -> list[str]:
    """Return "What was left out" as Markdown lines."""
    text = [
        f"- Records seen: {ledger['seen']}. Taken: {ledger['taken']} ({ledger['taken_redacted']} of them redacted). "
        f"Left out: {ledger['left_out']}.",
    ]
    if ledger["by_reason"]:
        text += ["", "| why a record was left out (a record can have several reasons) | records |", "|---|---:|"]
        text += [f"| `{reason}` | {count} |" for reason, count in _by_size(ledger["by_reason"])]
    if ledger["redactions"]:
        text += ["", "| what was taken out of the records that were used | times |", "|---|---:|"]
        text += [f"| {kind} | {count} |" for kind, count in _by_size(ledger["redactions"])]
    others = {WHOSE[kind]: count for kind, count in ledger.get("characters", {}).items() if kind in WHOSE}
    if others:
        text += ["", "| what was not the person's own in the records that were used, and left out | characters |"]
        text += ["|---|---:|", *(f"| {whose} | {count} |" for whose, count in _by_size(others))]
    if ledger.get("emotion_segments"):
        text += ["", f"Sentences about feelings cut out before anything else was done: {ledger['emotion_segments']}."]
    text += _unsaid(ledger["distilled"])
    if written := paraphrased(ledger):
        text += ["", "| a model's own words | statements |", "|---|---:|"]
        text += [f"| {label} | {count} |" for label, count in written]
        text += ["", "A statement whose paraphrase failed a check stands in the person's words instead."]
    text += ["", "| what distillation left behind | count |", "|---|---:|"]
    rows = {**{f"sentences: {k}": v for k, v in ledger["dropped"].items()}}
    rows |= {f"claims kept back by `{k}`": v for k, v in ledger["claims_kept_back"].items()}
    if "struck" in ledger:
        rows |= {"claims struck by the person": ledger["struck"], "claims corrected by the person": ledger["corrected"]}
        if ledger.get("withheld"):
            rows |= {"claims struck because the person keeps what they know": ledger["withheld"]}
    text += [f"| {name.replace('_', ' ')} | {count} |" for name, count in _by_size(rows)]
    return text


def _unsaid(measures: Mapping[str, int]) -> list[str]:
    """Return the lines about knowledge that is no rule; none for a ledger from before it was counted."""
    if "unsaid_doubt_seen" not in measures:
        return []
    rows = [
        f"| {told} | {measures[f'unsaid_{kind}_seen']} | {measures[f'unsaid_{kind}_kept']} |"
        for kind, told in UNSAID.items()
    ]
    return [
        "",
        "| knowledge that is no rule, by sentences that hint at it | in what was read | in the claims |",
        "|---|---:|---:|",
        *rows,
        "",
        "Found by turns of phrase in English and German; what was said otherwise, in person, or never, is in no count. "
        "The sentences themselves are not kept. Where one of these matters, ask the person.",
    ]


def paraphrased(ledger: Ledger) -> list[tuple[str, int]]:
    """Return how many statements a model was asked to put otherwise, kept, and failed by which check; else nothing."""
    measures = ledger["distilled"]
    if "paraphrase_asked" not in measures:
        return []
    failed = {
        k.removeprefix("paraphrase_failed_"): n for k, n in measures.items() if k.startswith("paraphrase_failed_")
    }
    return [
        ("paraphrases asked for", measures["paraphrase_asked"]),
        ("paraphrases that passed", measures.get("paraphrase_made", 0)),
        *((f"paraphrases that failed: {name.replace('_', ' ')}", n) for name, n in _by_size(failed)),
    ]


def _by_size(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
