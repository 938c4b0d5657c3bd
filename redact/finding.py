"""What a detector finds, and how overlapping findings become spans to replace: union, never intersection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

#: Sources whose findings rest on a listed value or a form, not on a model's opinion.
CERTAIN = frozenset({"directory", "structure", "secrets", "network", "numbers", "pattern", "run"})

#: In place of a person's key: a known name that several people have.
SEVERAL = "?"


@dataclass(frozen=True, slots=True)
class Finding:
    """One stretch of a text that must not stay.

    Attributes:
        start: First character.
        end: One past the last character.
        entity: What it is, in Presidio's names: PERSON, EMAIL_ADDRESS, SECRET, ...
        source: Which detector says so: directory, structure, secrets, network, numbers, pattern, ner, run.
        score: Presidio's score, 0 to 1.
        person: Canonical key of the person meant, `SEVERAL`, or "" where it is not known.
        rule: Which rule of the detector, in two or three plain words: "greeting", "listed name", "github token". It
            never holds a part of the text.
    """

    start: int
    end: int
    entity: str
    source: str
    score: float = 1.0
    person: str = ""
    rule: str = ""

    def moved(self, offset: int) -> Finding:
        """Return the finding with both ends shifted by `offset`."""
        return replace(self, start=self.start + offset, end=self.end + offset)


class Replaced(NamedTuple):
    """One pseudonym or placeholder in a redacted text; it names no original value.

    Attributes:
        start: First character, in the redacted text.
        end: One past the last character, in the redacted text.
        entity: What stood there.
        source: Which detector said so.
        first: First character that it replaced, in the clean original.
        last: One past the last character that it replaced, in the clean original.
        rule: Which rule of the detector.
        score: Presidio's score, 0 to 1.
    """

    start: int
    end: int
    entity: str
    source: str
    first: int
    last: int
    rule: str = ""
    score: float = 1.0


def without(finding: Finding, holes: Sequence[tuple[int, int]], text: str) -> list[Finding]:
    """Return what is left of a finding once the `holes` (sorted, disjoint) are cut out, trimmed to word characters."""
    pieces = []
    at = finding.start
    for start, end in holes:
        if end <= finding.start or start >= finding.end:
            continue
        pieces.append((at, start))
        at = end
    pieces.append((at, finding.end))
    if len(pieces) == 1:
        return [finding]
    kept = []
    for start, end in pieces:
        while start < end and not text[start].isalnum():
            start += 1
        while end > start and not text[end - 1].isalnum():
            end -= 1
        if start < end:
            kept.append(replace(finding, start=start, end=end))
    return kept


def merge(findings: Iterable[Finding]) -> list[Finding]:
    """Return disjoint findings, sorted, that cover everything the given ones cover.

    Where findings overlap, the longest names the entity and the cluster's whole extent is taken. A model's opinion
    yields to a certain finding that it merely contains, except that a person's name grows: "Ann Marie Lee" around the
    listed "Ann" is one person.
    """
    ordered = sorted(findings, key=lambda f: (f.start, -f.end, f.source, f.entity, f.person))
    out: list[Finding] = []
    cluster: list[Finding] = []
    reach = -1
    for f in ordered:
        if f.start >= f.end:
            continue
        if cluster and f.start >= reach:
            out.append(_one(cluster))
            cluster = []
        cluster.append(f)
        reach = max(reach, f.end) if len(cluster) > 1 else f.end
    if cluster:
        out.append(_one(cluster))
    return out


def _rank(f: Finding) -> tuple[int, bool, bool, float, str]:
    return (f.end - f.start, bool(f.person), f.source in CERTAIN, f.score, f.entity)


def _one(cluster: Sequence[Finding]) -> Finding:
    if len(cluster) == 1:
        return cluster[0]
    best = max(cluster, key=_rank)
    start, end = min(f.start for f in cluster), max(f.end for f in cluster)
    person = best.person
    if best.entity in ("PERSON", "EMAIL_ADDRESS", "HANDLE") and not person:
        meant = {f.person for f in cluster if f.person and f.person != SEVERAL}
        person = meant.pop() if len(meant) == 1 else ""
    return replace(best, start=start, end=end, person=person)


def split_opinions(findings: Sequence[Finding], text: str) -> list[Finding]:
    """Return the findings with every model opinion cut where certain findings of another kind or person lie in it."""
    certain = merge(f for f in findings if f.source in CERTAIN)
    out: list[Finding] = [f for f in findings if f.source in CERTAIN]
    for f in findings:
        if f.source in CERTAIN:
            continue
        inside = [c for c in certain if c.start < f.end and c.end > f.start]
        same = f.entity == "PERSON" and all(c.entity == "PERSON" for c in inside)
        if same and len({c.person for c in inside}) <= 1:
            out.append(f)
        else:
            out.extend(without(f, [(c.start, c.end) for c in inside], text))
    return out
