"""`govern policy`: list, check and explain policies and gates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from govern.cli.context import GlobalOptions, governed
from govern.cli.policy_adopt import adopt
from govern.cli.policy_diff import diff
from govern.errors import UsageError

if TYPE_CHECKING:
    from govern.cli.output import Output
    from policies.model import Policy

LANGUAGES = ("en", "de", "zh")


@click.group()
def policy() -> None:
    """Check, compare, explain and adopt policies."""


policy.add_command(diff)
policy.add_command(adopt)


@policy.command("list", epilog="Example:  govern policy list")
@governed
def list_(options: GlobalOptions) -> None:
    """List the policies that are shipped."""
    from policies import loader

    out = options.output()
    rows = [loader.load(name) for name in loader.shipped()]
    out.table([(p.id, f"version {p.version}", p.title) for p in rows])
    out.result({"policies": [{"id": p.id, "version": p.version, "title": p.title, "sha256": p.sha256} for p in rows]})


@policy.command(epilog="Example:  govern policy check worker_protection")
@click.argument("ref", metavar="POLICY")
@governed
def check(options: GlobalOptions, ref: str) -> None:
    """Load POLICY (a path or a shipped name) strictly and compare it with the floor, gate by gate.

    Also names gates and entries that do nothing, settings under which nothing can pass, and the sets of rules of the
    places where it may be used.
    """
    from policies import lint, loader, order
    from policies.errors import LooserThanFloorError

    out = options.output()
    try:
        loaded = loader.load(ref)
    except LooserThanFloorError:
        # All gates, and not only the first one that is looser: the reader has a file to mend.
        out.table([(gate, relation) for gate, relation in loader.against_floor(ref).items()])
        raise
    against = order.compare(loaded, loader.floor())
    out.heading(f"{loaded.id} version {loaded.version}, sha256 {loaded.sha256}")
    out.table([(gate, _worded(gate, relation)) for gate, relation in against.items()])
    places = _places(out, loaded)
    findings = lint.lint(loaded)
    for finding in findings:
        out.say(f"warning: {finding} ({finding.code})", important=True)
    out.say("Not looser than the floor on any gate.")
    out.result(
        {
            "id": loaded.id,
            "version": loaded.version,
            "sha256": loaded.sha256,
            "against_floor": against,
            "jurisdictions": places,
            "warnings": [str(finding) for finding in findings],
            "findings": [{"gate": f.gate, "code": f.code, "message": f.message} for f in findings],
        }
    )


def _worded(gate: str, relation: str) -> str:
    from policies.catalogue import GATES

    return relation if GATES[gate].floor else "not in the floor: stricter than nothing"


def _places(out: Output, loaded: Policy) -> dict[str, list[str]]:
    from policies.packs import looser, packs

    found = {name: list(looser(loaded, pack)) for name, pack in packs().items()}
    for name, gates in found.items():
        listed = name in loaded.gates["run.jurisdiction"].values()["packs"]
        verdict = f"looser on {', '.join(gates)}" if gates else "as strict as its rules"
        out.say(f"Place {name}: {verdict if listed else 'not on the list of run.jurisdiction'}.")
    return found


@policy.command(epilog="Example:  govern policy explain record.third_party --lang de")
@click.argument("gate", required=False)
@click.option("--policy", "ref", default=None, metavar="POLICY", help="Show the parameters that this policy sets.")
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", help="Language of the sentences.")
@click.option(
    "--record", "record", default=None, metavar="ID", help="Say instead why this record was taken or left out."
)
@click.option("--extraction", default=None, metavar="ID", help="With --record: the extraction that is asked about.")
@governed
def explain(
    options: GlobalOptions, gate: str | None, ref: str | None, lang: str, record: str | None, extraction: str | None
) -> None:
    """Say what GATE asks, for the worker and for HR, what it can be set to, and where it comes from.

    Without GATE, list all gates. With --record, print the reasons for one record again, from what is stored.
    """
    from policies import explain as texts
    from policies import loader

    if record is not None:
        from govern.cli.policy_record import explain_record

        explain_record(options, record, extraction, gate=gate, lang=lang)
        return
    if extraction is not None:
        raise UsageError("--extraction needs --record", "name the record that you ask about")
    out = options.output()
    if gate is None:
        rows = texts.index(lang)
        for name, sentence in rows:
            out.say(f"{name}\n    {sentence}", important=True)
        out.result({"lang": lang, "gates": [{"gate": name, "worker": sentence} for name, sentence in rows]})
        return
    loaded = loader.load(ref) if ref else None
    text = texts.explain(gate, loaded, lang)
    out.say(text, important=True)
    out.result({**texts.document(gate, loaded), "lang": lang, "text": text})
