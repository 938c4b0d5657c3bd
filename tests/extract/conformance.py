"""The contract of readers as checks over any format's sample; run as a program, it prints what one process sees."""

from __future__ import annotations

import hashlib
import json
import pickle
import sys
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any, get_args

from extract.errors import SourceError
from extract.records import ContainerKind, Record, SpanKind
from extract.sources.api import Defect, Source, Unit
from extract.sources.registry import FORMATS, Format

CONTAINER_KINDS = frozenset(get_args(ContainerKind))
SPAN_KINDS = frozenset(get_args(SpanKind))
TZ_BASES = frozenset({"header", "git", "profile", "unknown"})
SOURCE_KINDS = {"mail": "mail", "repo": "commit", "chat": "chat", "docs": "document"}


def opened(found: Format, path: Path) -> Source:
    """Open a path with the reader of one format, whatever the path looks like."""
    source: Source = found.reader()(path)
    return source


def everything(source: Source) -> tuple[list[Unit], list[Record | Defect]]:
    """Return all units and what is read of each."""
    units = list(source.units())
    return units, [source.read(unit) for unit in units]


def check_units(units: list[Unit], results: list[Record | Defect]) -> None:
    """Every unit has one disposition and a place of its own."""
    assert len(units) == len(results) > 0
    locators = [unit.locator for unit in units]
    assert len(set(locators)) == len(locators), "a locator stands twice"
    assert all(locators)
    for unit, result in zip(units, results, strict=True):
        assert isinstance(result, (Record, Defect))
        assert result.locator == unit.locator
        assert result.raw_digest == unit.raw_digest
        assert unit.size > 0
        unreadable = isinstance(result, Defect) and unit.raw_digest == ""
        assert unreadable or (len(unit.raw_digest) == 64 and int(unit.raw_digest, 16) >= 0)


def check_record(record: Record, kind: str) -> None:
    """Every field of a record is filled, and from the values that gates know."""
    assert record.source_kind == SOURCE_KINDS[kind]
    assert record.container_kind in CONTAINER_KINDS
    assert record.tz_basis in TZ_BASES
    assert record.author_basis, "author_basis is empty"
    assert (record.author_basis == "unknown") >= (record.author_key == ""), "no author, but a basis"
    assert record.author_key == "" or ":" in record.author_key
    assert record.thread_id
    assert record.sent_at is None or record.sent_at.utcoffset() == UTC.utcoffset(None)
    assert record.tz_offset_min is None or -14 * 60 <= record.tz_offset_min <= 14 * 60
    assert record.tz_offset_min is not None or record.tz_basis == "unknown"
    check_spans(record)
    for field in ("recipients", "names_seen", "labels", "parse_defects", "references"):
        value = getattr(record, field)
        assert isinstance(value, tuple), field
        assert all(isinstance(v, str) and v for v in value), field
    assert record.author_key not in record.recipients


def check_spans(record: Record) -> None:
    """Spans cover the text without gap or overlap; `own` needs an author."""
    at = 0
    for span in record.spans:
        assert span.start == at
        assert span.end > span.start
        assert span.kind in SPAN_KINDS
        if span.kind == "own":
            assert record.author_key
            assert span.owner == record.author_key
        at = span.end
    assert at == len(record.text)


def fingerprint(found: Format, path: Path) -> dict[str, str]:
    """Return digests of all that a source gives, for two openings or two processes to be compared."""
    source = opened(found, path)
    at_opening = pickle.dumps(source, protocol=5)
    units, results = everything(source)
    links = sorted(source.links)
    return {
        "units": _digest([(u.locator, u.raw_digest, u.size) for u in units]),
        "records": _digest([_plain(r) for r in results]),
        "links": _digest(links),
        "completeness": source.completeness,
        "pickle of the source": hashlib.sha256(at_opening).hexdigest(),
        "pickles of the units": _digest([hashlib.sha256(pickle.dumps(u, protocol=5)).hexdigest() for u in units]),
    }


def _plain(result: Record | Defect) -> list[Any]:
    return [type(result).__name__, *((n, repr(getattr(result, n))) for n in type(result).__slots__)]


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=True).encode()).hexdigest()


def strings(result: Record | Defect) -> Iterator[str]:
    """Yield every text of a result, however deep."""
    for name in type(result).__slots__:
        yield from _strings(getattr(result, name))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _strings(part)


def survive(found: Format, path: Path) -> str:
    """Open and read what may be damaged; return how it went.

    Refusing the whole with a `SourceError` is right where the format has one body; any other exception is none.
    """
    try:
        source = opened(found, path)
        units = list(source.units())
    except SourceError:
        return "refused"
    results = [source.read(unit) for unit in units]
    assert len({u.locator for u in units}) == len(units) == len(results)
    for result in results:
        assert isinstance(result, (Record, Defect))
        if isinstance(result, Record):
            check_record(result, found.kind)
    return "read"


def tree(path: Path) -> list[tuple[str, str, int]]:
    """Return names, contents and times of what lies at a path."""
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    return [(str(p), hashlib.sha256(p.read_bytes()).hexdigest(), p.stat().st_mtime_ns) for p in files]


if __name__ == "__main__":
    # Arguments: FORMAT=PATH; output: one JSON object of fingerprints.
    by_name = {f.name: f for f in FORMATS}
    asked = dict(argument.split("=", 1) for argument in sys.argv[1:])
    seen: dict[str, dict[str, str]] = {}
    for name, path in asked.items():
        try:
            seen[name] = fingerprint(by_name[name], Path(path))
        except Exception as error:
            # One format that fails must not hide what the others do.
            seen[name] = {"failed": type(error).__name__}
    print(json.dumps(seen))
