"""The numbers of a report, worked out from the entries that are shown; the page works them out again and compares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from govern.report.evidence import Evidence

#: What the flow says; `taken` and `left out` are records, `claims`, `struck`, `released` and `open` are claims.
FLOW = ("runs", "seen", "taken", "unchanged", "redacted", "left out", "claims", "released", "struck", "open")


@dataclass(frozen=True, slots=True)
class Figures:
    """What the shown entries say in numbers.

    Attributes:
        flow: By the names of `FLOW`. `seen = taken + left out`, `taken = unchanged + redacted`, and
            `claims = released + struck + open`.
        reasons: Records left out by reason; a record can have several.
        redacted: Replacements by type.
    """

    flow: Mapping[str, int]
    reasons: Mapping[str, int]
    redacted: Mapping[str, int]


def figures(shown: Evidence) -> Figures:
    """Return the numbers of every sealed run that is shown."""
    entries = [e.entry for e in shown.entries]
    last = {(e["type"], e["body"].get("extraction_id")): e["body"] for e in entries}
    skill = shown.skill
    flow, reasons, redacted = Counter(dict.fromkeys(FLOW, 0)), Counter[str](), Counter[str]()
    for entry in entries:
        if entry["type"] != "extraction.sealed":
            continue
        body = entry["body"]
        run, counts = body["extraction_id"], body["counts"]
        flow["runs"] += 1
        flow["seen"] += body["size"]
        flow["unchanged"] += counts["taken"]
        flow["redacted"] += counts["taken_redacted"]
        flow["left out"] += counts["left_out"]
        reasons.update(counts["by_reason"])
        own = skill is not None and skill.predicate["extraction_id"] == run
        redactor = last.get(("extraction.redacted", run), {}).get("redactor")
        if redactor is None and own and skill is not None:
            redactor = skill.predicate["redactor"]
        redacted.update((redactor or {}).get("by_entity", {}))
        if own and skill is not None:
            flow.update(_reviewed(skill.review))
        else:
            flow.update(_logged(last, run))
    flow["taken"] = flow["unchanged"] + flow["redacted"]
    return Figures(dict(flow), _sorted(reasons), _sorted(redacted))


def _reviewed(review: Mapping[str, int]) -> dict[str, int]:
    released = review["accepted"] + review["corrected"]
    return {"claims": released + review["struck"], "released": released, "struck": review["struck"]}


def _logged(last: Mapping[tuple[str, Any], Mapping[str, Any]], run: str) -> dict[str, int]:
    struck = last.get(("skill.reviewed", run), {}).get("struck", 0)
    released = last.get(("skill.released", run), {}).get("claims", 0)
    claims = last.get(("extraction.distilled", run), {}).get("claims", struck + released)
    return {"claims": claims, "released": released, "struck": struck, "open": claims - struck - released}


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
