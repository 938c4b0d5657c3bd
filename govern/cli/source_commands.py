"""`govern sources`: which formats can be read, and what one path would give."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from govern.cli.context import GlobalOptions, governed
from govern.errors import PartialError, UsageError

if TYPE_CHECKING:
    from extract.identity import Identities
    from extract.sources.registry import Format
    from govern.cli.output import Output, Progress

#: So many units of a folder are looked at to see whether a kind fits at all.
_PROBE = 1000
_KINDS = ("mail", "repo", "chat", "docs")


@click.group()
def sources() -> None:
    """List the formats that can be read, and check a path before it is used."""


@sources.command("list", epilog="Example:  govern sources list")
@governed
def list_(options: GlobalOptions) -> None:
    """List every format: the option that takes it, what the path must be, and whether its package is there."""
    from extract.sources.registry import FORMATS

    out = options.output()
    rows = [(f, _installed(f)) for f in FORMATS]
    out.table(
        [
            ("option", "format", "a path is", "package"),
            *((f"--{f.kind}", f.name, f.what, _package(f, installed)) for f, installed in rows),
        ]
    )
    out.result(
        {
            "formats": [
                {"name": f.name, "option": f"--{f.kind}", "path": f.what, "extra": f.extra or None, "installed": have}
                for f, have in rows
            ]
        }
    )


@sources.command(epilog="Example:  govern sources check archive.mbox ./tools export.zip")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--kind", type=click.Choice(_KINDS), help="What the paths are.  [default: every kind is tried]")
@click.option(
    "--people", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A people file to count authors by."
)
@governed
def check(options: GlobalOptions, paths: tuple[Path, ...], kind: str | None, people: Path | None) -> None:
    """Say what would be read from a path, in counts: no text, no names, nothing kept.

    Exit code 5 says that something which belongs to a source could not be read.
    """
    out = options.output()
    known = _people(options, people)
    reports = []
    found = [(path, *_formats(path, kind)) for path in paths]
    with out.progress("reading") as progress:
        for path, first, others in found:
            report = _check(path, first, progress, known)
            report["also"] = [f.name for f in others]
            reports.append(report)
    for report in reports:
        _show(out, report)
    out.result({"sources": reports})
    unreadable = sum(r["unreadable"] for r in reports)
    if unreadable:
        raise PartialError(
            f"{unreadable} units could not be read", "`records` can be used; export again what is counted as unreadable"
        )


def _installed(found: Format) -> bool:
    from extract.errors import SourceError

    try:
        found.reader()
    except SourceError:
        return False
    return True


def _package(found: Format, installed: bool) -> str:
    return f"{found.extra}: {'installed' if installed else 'missing'}" if found.extra else "-"


def _people(options: GlobalOptions, people: Path | None) -> Identities | None:
    """Return the people file that is named, else the workspace's, else None."""
    from extract import identity

    if people is not None:
        return identity.load(people)
    try:
        workspace = options.open_workspace()
    except UsageError:
        return None
    return workspace.identities()


def _formats(path: Path, kind: str | None) -> tuple[Format, list[Format]]:
    """Return the format that a path is read as, and the other kinds' formats that would take it, too."""
    from extract.errors import SourceError
    from extract.sources import files, registry

    files.require(path, "a file or folder to read")
    if kind is not None:
        return registry.detect(next(k for k in get_args(registry.Kind) if k == kind), path), []
    # Any folder may hold mail or documents; what an export or a repository is, it says by itself.
    order = ("repo", "chat", "mail", "docs") if path.is_dir() else _KINDS
    fits: list[Format] = []
    for found in sorted(registry.FORMATS, key=lambda f: order.index(f.kind)):
        if any(f.kind == found.kind for f in fits) or not _installed(found):
            continue
        if found.reader().detect(path) and (path.is_file() or _holds_records(path, found)):
            fits.append(found)
    if not fits:
        raise SourceError(f"{path}: none of the formats that can be read", "`govern sources list` has them; or --kind")
    return fits[0], fits[1:]


def _holds_records(path: Path, found: Format) -> bool:
    """Say whether one of the first units of a folder is a record."""
    from extract.errors import SourceError
    from extract.records import Record

    try:
        source = found.reader()(path)
        return any(isinstance(source.read(unit), Record) for unit in islice(source.units(), _PROBE))
    except SourceError:
        return False


def _check(path: Path, found: Format, progress: Progress, known: Identities | None) -> dict[str, Any]:
    """Read a source to its end and return counts; no record is kept."""
    from extract.sources import open_source
    from extract.sources.api import Defect
    from extract.sources.scrub import MARK

    source = open_source(found.kind, path)
    tallies: dict[str, Counter[str]] = {
        name: Counter() for name in ("defects", "parse_defects", "container_kinds", "author_bases", "tz_bases")
    }
    authors: set[str] = set()
    units = records = unreadable = undated = scrubbed = 0
    first: datetime | None = None
    last: datetime | None = None
    for unit in source.units():
        units += 1
        if units % 1000 == 0:
            progress("reading", units, 0)
        record = source.read(unit)
        if isinstance(record, Defect):
            tallies["defects"][record.code] += 1
            unreadable += record.unreadable
            continue
        records += 1
        tallies["parse_defects"].update(record.parse_defects)
        tallies["container_kinds"][record.container_kind] += 1
        tallies["author_bases"][record.author_basis] += 1
        tallies["tz_bases"][record.tz_basis] += 1
        scrubbed += record.text.count(MARK)
        if record.author_key:
            authors.add(record.author_key)
        if record.sent_at is None:
            undated += 1
        else:
            first = record.sent_at if first is None else min(first, record.sent_at)
            last = record.sent_at if last is None else max(last, record.sent_at)
    return {
        "path": str(path),
        "format": found.name,
        "option": f"--{found.kind}",
        "completeness": source.completeness,
        "units": units,
        "records": records,
        "unreadable": unreadable,
        **{name: dict(sorted(tally.items())) for name, tally in tallies.items()},
        "from": first.strftime("%Y-%m") if first else None,
        "to": last.strftime("%Y-%m") if last else None,
        "undated": undated,
        "authors": len(authors),
        "authors_known": None if known is None else sum(known.resolve(a) is not None for a in authors),
        "secrets_in_text": scrubbed,
    }


def _show(out: Output, report: dict[str, Any]) -> None:
    also = f"; would fit {', '.join(report['also'])} too" if report["also"] else ""
    out.heading(f"{report['path']}: {report['format']} ({report['option']}){also}")
    out.table(
        [
            ("units", report["units"]),
            ("records", report["records"]),
            ("could not be read", report["unreadable"]),
            ("without a time", report["undated"]),
            ("authors", report["authors"]),
            *([("known authors", report["authors_known"])] if report["authors_known"] is not None else []),
            *([("secrets taken out of the text", report["secrets_in_text"])] if report["secrets_in_text"] else []),
        ]
    )
    if report["from"]:
        out.say(f"  from {report['from']} to {report['to']}; completeness: {report['completeness']}")
    else:
        out.say(f"  completeness: {report['completeness']}")
    for title, name in (
        ("no record", "defects"),
        ("records with a defect", "parse_defects"),
        ("places", "container_kinds"),
        ("what says who wrote", "author_bases"),
        ("what says the time zone", "tz_bases"),
    ):
        if report[name]:
            out.say(f"  {title}: " + ", ".join(f"{code} {n}" for code, n in report[name].items()))
