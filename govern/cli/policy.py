"""`govern policy`: check and explain policies and gates."""

from __future__ import annotations

import click

from govern.cli.context import GlobalOptions, governed


@click.group()
def policy() -> None:
    """Check and explain policies and gates."""


@policy.command(epilog="Example:  govern policy check worker_protection")
@click.argument("ref", metavar="POLICY")
@governed
def check(options: GlobalOptions, ref: str) -> None:
    """Load POLICY (a path or a shipped name) strictly and compare it with the floor, gate by gate."""
    from policies import lint, loader, order

    out = options.output()
    loaded = loader.load(ref)
    against = order.compare(loaded, loader.floor())
    out.heading(f"{loaded.id} version {loaded.version}, sha256 {loaded.sha256}")
    out.table([(gate, str(relation)) for gate, relation in sorted(against.items())])
    warnings = lint.lint(loaded)
    for warning in warnings:
        out.say(f"warning: {warning}", important=True)
    out.say("Not looser than the floor on any gate.")
    out.result(
        {
            "id": loaded.id,
            "version": loaded.version,
            "sha256": loaded.sha256,
            "against_floor": {gate: str(relation) for gate, relation in against.items()},
            "warnings": [str(w) for w in warnings],
        }
    )


@policy.command(epilog="Example:  govern policy explain record.third_party")
@click.argument("gate")
@click.option("--policy", "ref", default=None, metavar="POLICY", help="Show the parameters that this policy sets.")
@governed
def explain(options: GlobalOptions, gate: str, ref: str | None) -> None:
    """Say what GATE asks, for the worker and for HR, and where it comes from."""
    from policies import explain as texts
    from policies import loader

    out = options.output()
    text = texts.explain(gate, loader.load(ref) if ref else None)
    out.say(text, important=True)
    out.result({"gate": gate, "text": text})


@policy.command(epilog="Example:  govern policy diff worker_protection my_policy.yaml")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@governed
def diff(options: GlobalOptions, first: str, second: str) -> None:
    """Say gate by gate where A is stricter or looser than B, or neither, with both values."""
    from policies import loader, order

    out = options.output()
    a, b = loader.load(first), loader.load(second)
    differences = order.differences(a, b)
    for d in differences:
        out.say(f"{d.gate} {d.parameter}: {a.id} is {d.relation}")
        out.say(f"    {a.id}: {d.first}")
        out.say(f"    {b.id}: {d.second}")
    overall = order.overall(a, b)
    out.say(f"On the whole {a.id} is {overall}.", important=True)
    out.result(
        {
            "overall": str(overall),
            "differences": [
                {
                    "gate": d.gate,
                    "parameter": d.parameter,
                    "relation": str(d.relation),
                    "a": str(d.first),
                    "b": str(d.second),
                }
                for d in differences
            ],
        }
    )


@policy.command("list")
@governed
def list_(options: GlobalOptions) -> None:
    """List the policies that are shipped."""
    from policies import loader

    out = options.output()
    rows = [loader.load(name) for name in loader.shipped()]
    out.table([(p.id, f"version {p.version}", p.title) for p in rows])
    out.result({"policies": [{"id": p.id, "version": p.version, "title": p.title, "sha256": p.sha256} for p in rows]})
