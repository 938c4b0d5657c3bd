"""Claims as canonical JSON lines and back: the form in which a skill carries them and their digests are taken."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import date
from typing import Any, get_args

from attest import canonical
from extract.distil.claims import KINDS, Claim, Mode, Span
from govern.errors import InputError

SCHEMA = "govern-claim/1"
_FIELDS = {f.name for f in fields(Claim)} | {"schema"}
_WHEN_COUNTED = {"pattern", "counts"}
_SPAN_FIELDS = {f.name for f in fields(Span)}


def to_lines(claims: Iterable[Claim]) -> bytes:
    """Return one canonical JSON line per claim."""
    return b"".join(canonical.dumps(_to_json(c)) + b"\n" for c in claims)


def from_lines(data: bytes) -> tuple[Claim, ...]:
    """Return the claims of a claims file.

    Raises:
        InputError: A line is not canonical JSON or not a claim.
    """
    if data and not data.endswith(b"\n"):
        raise InputError("the claims file has no line end at its end", "the skill is damaged: make it again")
    claims = []
    for number, line in enumerate(data.splitlines(), 1):
        try:
            claims.append(_from_json(canonical.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError, InputError):
            raise InputError(
                f"line {number} of the claims file is not a claim", "the skill is damaged: make it again"
            ) from None
    if len({c.id for c in claims}) != len(claims):
        raise InputError("the claims file names an id twice", "the skill is damaged: make it again")
    return tuple(claims)


def statements_sha256(claims: Iterable[Claim]) -> str:
    """Return a digest of ids and statements, by which it is told later whether these were the claims of an account."""
    return hashlib.sha256(canonical.dumps(sorted([c.id, c.statement] for c in claims))).hexdigest()


def _to_json(claim: Claim) -> dict[str, Any]:
    value = asdict(claim)
    for name in _WHEN_COUNTED:
        if not value[name]:
            # What is not counted has the bytes that it always had.
            del value[name]
    value |= {"schema": SCHEMA, "evidence": list(value["evidence"])}
    value |= {"first": claim.first.isoformat(), "last": claim.last.isoformat()}
    return value


def _from_json(value: Any) -> Claim:
    if set(value) | _WHEN_COUNTED != _FIELDS or value["schema"] != SCHEMA or value["kind"] not in KINDS:
        raise ValueError
    if value["mode"] not in get_args(Mode) or (value["mode"] == "counted") != (set(value) >= _WHEN_COUNTED):
        raise ValueError
    evidence = []
    for span in value["evidence"]:
        if set(span) != _SPAN_FIELDS:
            raise ValueError
        evidence.append(Span(**span))
    rest = {k: v for k, v in value.items() if k not in {"schema", "evidence", "first", "last"}}
    return Claim(
        **rest,
        evidence=tuple(evidence),
        first=date.fromisoformat(value["first"]),
        last=date.fromisoformat(value["last"]),
    )
