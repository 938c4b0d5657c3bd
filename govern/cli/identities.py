"""`govern identities`: who may be one person, and what a person says to that."""

from __future__ import annotations

import secrets
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from govern.cli.context import GlobalOptions, governed
from govern.cli.sources import by_kind, source_options
from govern.errors import PartialError, UsageError

if TYPE_CHECKING:
    from extract.candidates import Candidate, Side
    from extract.sources.api import Link
    from extract.sources.registry import Kind
    from govern.cli.output import Output, Progress

_SAYS = {
    "asserted": "a source asserts it",
    "same_address": "same address but for a tag, dots or an obfuscated @",
    "same_name": "same full name",
    "name_in_address": "the address spells the name",
    "same_local_part": "same word before the @",
    "domain": "the domain spells the name",
    "similar_name": "similar name",
    "given_name": "the address is the given name",
    "initials": "the address is the initials",
}
people_option = click.option(
    "--people", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Another people file."
)


@click.group()
def identities() -> None:
    """Find and confirm which addresses are one person's."""


@identities.command(epilog="Example:  govern identities candidates --mail archive.mbox --repo ./tools")
@source_options
@people_option
@click.option("--all", "everything", is_flag=True, help="Also those with weak evidence only.")
@governed
def candidates(
    options: GlobalOptions,
    mail: tuple[Path, ...],
    repo: tuple[Path, ...],
    chat: tuple[Path, ...],
    docs: tuple[Path, ...],
    people: Path | None,
    everything: bool,
) -> None:
    """Show who may be one person, with the evidence. Nothing is merged.

    The output holds names and addresses: it is for whoever holds the data. `govern identities confirm` writes what is
    right into the people file, or remembers that it is wrong.
    """
    from extract import candidates as proposals
    from extract.drafting import asserted_groups
    from govern import identities as kept_candidates

    out = options.output()
    paths = by_kind(mail, repo, chat, docs)
    if not paths:
        raise UsageError("no source was named", "name at least one of --mail, --repo, --chat, --docs")
    workspace = options.open_workspace()
    known = workspace.identities(people)
    with out.progress("reading") as progress:
        counts, names, links, unreadable = _authors(paths, progress)
    among = proposals.sides(asserted_groups(counts, links), names, known)
    secret = workspace.pseudonym_secret()
    rejected = kept_candidates.load(workspace).rejected
    shown = {kept_candidates.ident(secret, c): c for c in proposals.propose(among)}
    shown = {name: c for name, c in shown.items() if name not in rejected}
    kept_candidates.keep(workspace, kept_candidates.Kept(shown, rejected))
    visible = {name: c for name, c in shown.items() if everything or c.strong}
    out.heading(f"{len(visible)} candidates; nothing was merged")
    for name, candidate in visible.items():
        _show(out, name, candidate, counts)
    weak = len(shown) - len(visible)
    if weak:
        out.say(f"{weak} more have weak evidence only: --all shows them.")
    if visible:
        out.say(
            "If it is one person:  govern identities confirm ID      If not:  govern identities confirm ID --reject"
        )
    out.result(
        {
            "candidates": [
                {
                    "id": name,
                    "evidence": list(c.evidence),
                    "strong": c.strong,
                    "left": _side(c.left, counts),
                    "right": _side(c.right, counts),
                }
                for name, c in visible.items()
            ],
            "weak_not_shown": weak,
            "rejected_before": len(rejected),
            "unreadable": unreadable,
        }
    )
    if unreadable:
        raise PartialError(f"{unreadable} files could not be read", "the rest was looked at")


@identities.command(epilog="Example:  govern identities confirm c-0123456789ab")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.option("--reject", is_flag=True, help="They are two persons: do not propose it again.")
@click.option("--dry-run", is_flag=True, help="Check and say what would be written; write nothing.")
@people_option
@governed
def confirm(options: GlobalOptions, ids: tuple[str, ...], reject: bool, dry_run: bool, people: Path | None) -> None:
    """Write into the people file that both sides of a candidate are one person, or reject it.

    Either all of the candidates are written or none. Two strangers become a new person with a random id. Comments and
    order of the file stay as they are.
    """
    from attest.files import replace_file
    from govern import identities as kept_candidates
    from govern.workspace import PEOPLE

    out = options.output()
    workspace = options.open_workspace()
    kept = kept_candidates.load(workspace)
    chosen = kept_candidates.chosen(kept, ids)
    pids: dict[str, str] = {}
    if not reject:
        path = (people or workspace.root / PEOPLE).resolve()
        workspace.identities(path)  # tells what is missing or wrong
        data = before = path.read_bytes()
        for name, candidate in chosen.items():
            data, pids[name] = kept_candidates.confirm(data, candidate, secrets.token_bytes, str(people or path))
        if data != before and not dry_run:
            replace_file(path, data, path.stat().st_mode & 0o777)
    if not dry_run:
        rejected = (*kept.rejected, *(chosen if reject else ()))
        left = {name: c for name, c in kept.shown.items() if name not in chosen}
        kept_candidates.keep(workspace, kept_candidates.Kept(left, tuple(dict.fromkeys(rejected))))
    done = f"would be {'rejected' if reject else 'confirmed'}" if dry_run else "rejected" if reject else "confirmed"
    out.heading(f"{len(chosen)} {done}")
    out.table(list(pids.items()))
    out.result({"dry_run": dry_run, "rejected": sorted(chosen) if reject else [], "confirmed": pids})


def _authors(
    paths: dict[Kind, tuple[Path, ...]], progress: Progress
) -> tuple[Counter[str], dict[str, Counter[str]], set[Link], int]:
    """Return records and names by author key, the asserted links, and how many units could not be read."""
    from extract.drafting import display_name
    from extract.records import FLAG_AUTOMATIC, FLAG_BOT, FLAG_SYSTEM
    from extract.sources import open_source
    from extract.sources.api import Defect

    counts: Counter[str] = Counter()
    names: defaultdict[str, Counter[str]] = defaultdict(Counter)
    links: set[Link] = set()
    unreadable = seen = 0
    sources = [open_source(kind, path) for kind, many in sorted(paths.items()) for path in many]
    for source in sources:
        for unit in source.units():
            seen += 1
            if seen % 1000 == 0:
                progress("reading", seen, 0)
            found = source.read(unit)
            if isinstance(found, Defect):
                unreadable += found.unreadable
            elif found.author_key and not {FLAG_BOT, FLAG_SYSTEM, FLAG_AUTOMATIC} & set(found.labels):
                counts[found.author_key] += 1
                if name := display_name(found.author_raw):
                    names[found.author_key][name] += 1
        links |= source.links
    return counts, names, links, unreadable


def _show(out: Output, name: str, candidate: Candidate, counts: Counter[str]) -> None:
    out.say(f"{name}  {', '.join(_SAYS[e] for e in candidate.evidence)}")
    one = candidate.left == candidate.right
    for side in (candidate.left,) if one else (candidate.left, candidate.right):
        new = side.new if one else side.keys
        said = "; ".join([*side.names[:3], *(k.removeprefix("mailto:") for k in new if not k.startswith("name:"))])
        # Names come from strangers: nothing of them may steer a terminal.
        said = "".join(c if c.isprintable() else "?" for c in said)
        out.say(f"    {side.pid or 'stranger'}: {said} ({sum(counts[k] for k in side.keys)} records)")


def _side(side: Side, counts: Counter[str]) -> dict[str, Any]:
    keys = {"keys": list(side.keys), "new": list(side.new), "names": list(side.names)}
    return {"pid": side.pid or None, **keys, "records": sum(counts[k] for k in side.keys)}
