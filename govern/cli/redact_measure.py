"""`govern redact measure`: how much leaks on annotated texts, with the intervals within which that holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from govern.cli.context import GlobalOptions, governed
from govern.cli.redact_options import PROFILES, Known, known_options, made
from govern.errors import UsageError

if TYPE_CHECKING:
    from govern.cli.output import Output
    from redact.measuring.gold import Gold
    from redact.measuring.scores import Predict

_HALVES: Mapping[str, tuple[bool | None, ...]] = {
    "all": (None,), "dev": (False,), "held-out": (True,), "both": (False, True)
}  # fmt: skip
_NAMES = {None: "all texts", False: "development half", True: "held-out half"}
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(epilog="Example:  govern redact measure gold.jsonl --profile fast --profile strict --peer presidio")
@click.argument("gold", nargs=-1, type=_FILE, metavar="GOLD.jsonl...")
@click.option(
    "--profile",
    "profiles",
    type=click.Choice(PROFILES),
    multiple=True,
    help="Profile to measure; several stand side by side.  [default: strict]",
)
@click.option(
    "--half",
    type=click.Choice(list(_HALVES)),
    default="all",
    show_default=True,
    help="Which texts: each belongs to one half by the hash of its id.",
)
@click.option(
    "--peer",
    "peers",
    type=click.Choice(["presidio"]),
    multiple=True,
    help="Measure this too: Presidio as it comes, with the same model, offline.",
)
@known_options
@click.option("--markdown", is_flag=True, help="Print tables for a page.")
@click.option("--secrets", is_flag=True, help="Measure secrets on made ones, of each known format.")
@click.option(
    "--normal",
    type=_FILE,
    multiple=True,
    metavar="FILE",
    help="Text without secrets, to count false hits in; with --secrets, may be repeated.",
)
@governed
def measure(
    options: GlobalOptions,
    gold: tuple[Path, ...],
    profiles: tuple[str, ...],
    half: str,
    peers: tuple[str, ...],
    known: Known,
    markdown: bool,
    secrets: bool,
    normal: tuple[Path, ...],
) -> None:
    """Measure redaction on annotated texts: leaks, precision, who stays hidden, who keeps one token, speed.

    A line of GOLD.jsonl is an object with "id", "text" and "spans", a list of "start", "end", "label" and, for people,
    "eid"; "origin" of a text gives a row of its own to where names come from. Each share has its 95 % interval by
    drawing the texts anew. No text is ever printed.
    """
    if not gold and not secrets:
        raise UsageError("there is nothing to measure on", "give GOLD.jsonl, or --secrets")
    if normal and not secrets:
        raise UsageError("--normal counts false hits of secrets", "give --secrets too")
    from redact.measuring.gold import read_gold

    out = options.output()
    # All files are read before the first is measured: an error in the last must not come after an hour.
    sets = [(path, read_gold(path)) for path in gold]
    detectors = _detectors(profiles, peers, known)
    measured = [
        _one(out, path, [g for g in texts if part is None or g.held_out == part], part, detectors, markdown)
        for path, texts in sets
        for part in _HALVES[half]
    ]
    document: dict[str, Any] = {"sets": measured}
    if secrets:
        document["secrets"] = _secrets(out, normal, markdown)
    out.result(document)


def _one(
    out: Output,
    path: Path,
    gold: Sequence[Gold],
    part: bool | None,
    detectors: Mapping[str, Callable[[], Predict]],
    markdown: bool,
) -> dict[str, Any]:
    """Measure one set and show the figures; returns them for a program."""
    from redact.measuring import report
    from redact.measuring.scores import measure as figures

    reports = {}
    with out.progress("measuring") as progress:
        for n, (name, detector) in enumerate(detectors.items() if gold else ()):
            progress(f"measuring {name}", n, len(detectors))
            reports[name] = figures(gold, detector())
    title = f"{path.name}, {_NAMES[part]}: {report.about(gold)}"
    if markdown:
        out.say(f"### {title}\n\n{report.table(reports)}\n" if reports else f"### {title}\n", important=True)
    else:
        out.heading(title)
        if reports:
            out.table(report.rows(reports))
        out.say()
    return {
        "file": path.name,
        "half": _NAMES[part],
        "texts": len(gold),
        "characters": sum(len(g.text) for g in gold),
        "mentions": sum(len(g.marks) for g in gold),
        "detectors": {name: report.document(r) for name, r in reports.items()},
    }


def _detectors(profiles: Sequence[str], peers: Sequence[str], known: Known) -> dict[str, Callable[[], Predict]]:
    """Return what makes each detector, by name: one is made when its turn comes, since each keeps what it has read."""
    from redact.measuring.peers import plain_presidio, redactor_predicts

    def ours(profile: str) -> Callable[[], Predict]:
        return lambda: redactor_predicts(redactor=made(profile, known, bytes(32)))

    if "max" in profiles:
        from redact.models import SECOND_MODEL, load_model

        load_model(SECOND_MODEL)  # that it is missing must not come out after the other profiles are measured
    # In the order of the profiles, each once, whatever the order of the options.
    asked = [p for p in PROFILES if p in (profiles or ("strict",))]
    return {**({"plain Presidio": plain_presidio} if peers else {}), **{p: ours(p) for p in asked}}


def _secrets(out: Output, normal: Sequence[Path], markdown: bool) -> dict[str, Any]:
    """Measure the rules for secrets alone and show the figures; returns them for a program."""
    from redact.measuring import report
    from redact.measuring.secrets import measure_secrets

    texts = [path.read_text("utf-8", errors="replace") for path in normal]
    measured = {
        "forms the rules were made on": measure_secrets(texts),
        "forms made up afterwards": measure_secrets(held_out=True),
    }
    if markdown:
        out.say(f"### Secrets\n\n{report.markdown(report.secrets_rows(measured))}\n", important=True)
    else:
        out.heading("Secrets, made up")
        out.table(report.secrets_rows(measured))
    return {name: report.secrets_document(figures) for name, figures in measured.items()}
