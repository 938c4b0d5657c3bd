"""A file that somebody brings: what it is, and each check with its outcome, by the calls that the commands make."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from attest import answers, container, dossier
from consent import receipt as consent_receipts
from extract.skill.verify import verify_skill
from govern import receipts as withdrawal_receipts
from govern.errors import GovernError, InputError

Kind = Literal["skill", "receipt", "withdrawal", "answer", "export"]
Note = Literal["none_found", "no_other_record", "copies"]
MAX_FILE = 4 * 1024 * 1024

_SCHEMAS: dict[Kind, bytes] = {
    "receipt": consent_receipts.SCHEMA.encode(),
    "withdrawal": withdrawal_receipts.SCHEMA.encode(),
    "answer": answers.SCHEMA.encode(),
}
#: In canonical JSON the schema stands near the end. A file that was cut short is still told by how it begins.
_BEGINS = re.compile(rb'\s*\{"at":"[^"]{0,64}","(checkpoint|entries|extractions)":')
_BEGUN: dict[bytes, Kind] = {b"checkpoint": "receipt", b"entries": "withdrawal", b"extractions": "answer"}


class Row(BaseModel):
    """One check: its name, whether it holds, and what was found."""

    check: str
    outcome: Literal["pass", "fail", "info"]
    found: str


class Checked(BaseModel):
    """What a file is, and every check of it.

    Attributes:
        kind: What it is, by its own word.
        holds: Whether no check failed.
        checks: Every check.
        notes: What its holding does not say: `none_found` where an answer lists no record, `no_other_record` where
            records that the log does not hold cannot show, `copies` where copies elsewhere may still be there.
    """

    kind: Kind
    holds: bool
    checks: list[Row]
    notes: list[Note]


def check(data: bytes, log_vkey: str, now: datetime) -> Checked:
    """Check a file against the log's key; it is kept nowhere.

    Args:
        data: The file.
        log_vkey: The log's key.
        now: The time at which a skill must not have expired.

    Raises:
        InputError: It is nothing that can be checked here.
    """
    kind = _kind(data)
    notes: list[Note] = []
    if kind == "skill":
        rows = [
            Row(check=each.name, outcome=each.status, found=each.value)
            for each in verify_skill(data, log_vkey, now=now).checks
        ]
    else:
        rows = [_one(kind, lambda: _TELLS[kind](data, log_vkey, notes))]
    return Checked(kind=kind, holds=all(row.outcome != "fail" for row in rows), checks=rows, notes=notes)


def _kind(data: bytes) -> Kind:
    if data.startswith(b"PK"):
        return "export" if dossier.ANSWER in container.unpack(data).files else "skill"
    if (begins := _BEGINS.match(data)) is not None:
        return _BEGUN[begins[1]]
    for kind, schema in _SCHEMAS.items():
        if schema in data:
            return kind
    raise InputError(
        "this is no skill, receipt, answer or export", "a .skill or .zip, or a .json or .html that this toolkit wrote"
    )


def _receipt(data: bytes, log_vkey: str, _: list[Note]) -> str:
    made = consent_receipts.check(data, log_vkey)
    return f"{made.event.type}, entry {made.index}"


def _withdrawal(data: bytes, log_vkey: str, notes: list[Note]) -> str:
    notes.append("copies")
    return withdrawal_receipts.verify(data, log_vkey).text.strip()


def _answer(data: bytes, log_vkey: str, notes: list[Note]) -> str:
    found = answers.verify(data, log_vkey)
    _add_limits(notes, found)
    return f"{len(found.found)} records in {len({each.extraction_id for each in found.found})} extractions"


def _export(data: bytes, log_vkey: str, notes: list[Note]) -> str:
    made = dossier.verify(data, log_vkey)
    _add_limits(notes, made.answer)
    return f"{len(made.entries)} entries, {len(made.statements)} statements, {len(made.answer.found)} records"


def _add_limits(notes: list[Note], answer: answers.Answer) -> None:
    if not answer.found:
        notes.append("none_found")
    notes.append("no_other_record")


_TELLS: dict[Kind, Callable[[bytes, str, list[Note]], str]] = {
    "receipt": _receipt,
    "withdrawal": _withdrawal,
    "answer": _answer,
    "export": _export,
}


def _one(kind: Kind, tell: Callable[[], str]) -> Row:
    try:
        return Row(check=kind, outcome="pass", found=tell())
    except GovernError as error:
        # Cut short, changed, or signed by another log: it is what it says it is, and does not hold.
        return Row(check=kind, outcome="fail", found=error.message)
