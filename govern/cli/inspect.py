"""`govern inspect`: what is wrong with a skill that was made elsewhere."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from govern.cli.context import GlobalOptions, governed
from govern.cli.redact_options import PROFILES, Known, known_options, made
from govern.errors import UsageError, VerificationError

if TYPE_CHECKING:
    from extract.inspection.inspecting import Inspection
    from govern.cli.output import Output

#: Findings that are printed for one rule and file; the rest is a number. `--json` has all.
_SHOWN = 5
NOTICE = (
    "What no rule knows is not found, and nothing here says whose work a skill is made of. Whether a consent stands, "
    "only its log can tell: `govern audit verify`."
)


@click.command(epilog="Example:  govern inspect downloads/payments-colleague")
@click.argument("path", type=click.Path(path_type=Path), metavar="DIR|FILE")
@click.option(
    "--profile",
    type=click.Choice((*PROFILES, "none")),
    default="strict",
    show_default=True,
    help="How personal data is looked for, as `govern redact` does; none leaves it out.",
)
@known_options
@click.option(
    "--sarif",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the findings as SARIF 2.1.0 too, for code hosts and editors; the file must not exist.",
)
@governed
def inspect(options: GlobalOptions, path: Path, profile: str, known: Known, sarif: Path | None) -> None:
    """Look a skill over that was made elsewhere, before anybody loads it.

    DIR is a folder with a SKILL.md, FILE a .skill, a .zip or a single page. It needs no workspace and no network,
    carries nothing out and unpacks nothing. It looks for a missing consent, statements without evidence, labels of a
    person, words that have an agent pass as a person or turn against its users, personal data, secrets, and faults of
    form. Places are printed, never what stands there. Exit code 4 when it finds anything, 6 when it refuses to read it.
    """
    from extract.inspection import folder, inspecting

    out = options.output()
    if sarif is not None and (sarif.exists() or sarif.is_symlink()):
        raise UsageError(f"{sarif} exists", "name another file for --sarif")
    opened = folder.open_skill(path)
    with out.progress("inspecting"):
        finder = None if profile == "none" else made(profile, known, secrets.token_bytes(32))
        result = inspecting.inspect(opened, finder)
    if sarif is not None:
        _write(sarif, result)
    _say(out, path, result)
    errors = sum(f.severity == "error" for f in result.findings)
    out.result(
        {
            "path": str(path),
            "skills": result.skills,
            "files": result.files,
            "about_somebody": result.about_somebody,
            "released": result.released,
            "personal_data": profile,
            "findings": [
                {
                    "file": f.file,
                    "line": f.line,
                    "rule": f.rule,
                    "severity": f.severity,
                    "meaning": meaning(f.rule),
                    "detail": f.detail,
                }
                for f in result.findings
            ],
            "counts": result.counts(),
            "errors": errors,
            "warnings": len(result.findings) - errors,
            "unread": list(result.unread),
            "notice": NOTICE,
        }
    )
    if result.findings:
        raise VerificationError(
            f"{_counted(len(result.findings), 'finding')}, {_counted(errors, 'error')} among them",
            "do not load it before somebody has read these places; docs/inspect.md says what each rule means",
        )


def meaning(rule: str) -> str:
    """Return what a rule says of a place."""
    from extract.inspection.finding import RULES

    return RULES[rule].meaning


def _write(path: Path, result: Inspection) -> None:
    import json

    from attest.files import whole_file
    from extract.inspection import sarif
    from govern import __version__

    with whole_file(path, replace=False) as file:
        file.write(json.dumps(sarif.document(result.findings, __version__), indent=2).encode() + b"\n")


def _say(out: Output, path: Path, result: Inspection) -> None:
    shown: dict[tuple[str, str], int] = {}
    for f in result.findings:
        seen = shown[f.file, f.rule] = shown.get((f.file, f.rule), 0) + 1
        if seen <= _SHOWN:
            detail = f" ({f.detail})" if f.detail else ""
            out.say(f"{f.file}:{f.line}: {f.severity}: {f.rule}: {meaning(f.rule)}{detail}", important=True)
    for (file, rule), number in shown.items():
        if number > _SHOWN:
            out.say(f"{file}: {rule}: {number - _SHOWN:,} more places, all of them with --json", important=True)
    if result.unread:
        out.say(f"Not looked into, as they hold no text: {_counted(len(result.unread), 'file')}.", important=True)
    about = "is about a person" if result.about_somebody else "says nothing of whose work it is made"
    out.say(
        f"{path}: {_counted(result.files, 'file')}, {_counted(len(result.findings), 'finding')}; it {about}.",
        important=True,
    )
    out.say(NOTICE)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
