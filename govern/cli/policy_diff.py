"""`govern policy diff`: where one policy is stricter or looser than another, with something that only one lets pass."""

from __future__ import annotations

import click

from govern.cli.context import GlobalOptions, governed


@click.command(epilog="Example:  govern policy diff worker_protection my_policy.yaml")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@governed
def diff(options: GlobalOptions, first: str, second: str) -> None:
    """Say gate by gate where A is stricter or looser than B, or neither, with both values and an example.

    The example is something that one of the two lets pass and the other does not, found by asking the gate itself.
    """
    from consent import contrast
    from policies import loader, order
    from policies.explain import value_text

    out = options.output()
    a, b = loader.load(first), loader.load(second)
    gates = {gate: relation for gate, relation in order.compare(a, b).items() if relation != "equal"}
    differences = order.differences(a, b)
    found = []
    for gate, relation in gates.items():
        out.heading(f"{gate}: {a.id} is {relation}")
        here = [d for d in differences if d.gate == gate]
        for d in here:
            name = d.parameter or "the gate"
            for policy, value in ((a, d.first), (b, d.second)):
                shown = "does not apply" if value is None else "applies" if not d.parameter else value_text(value)
                out.say(f"    {name}, {policy.id}: {shown}")
        examples = contrast.examples(a, b, gate)
        for example in examples:
            out.say(f"    For example: {example.text}")
        if not examples:
            out.say(f"    No example: {contrast.why_none(a, b, gate)}.")
        found.append(
            {
                "gate": gate,
                "relation": relation,
                "parameters": [
                    {"parameter": d.parameter, "relation": d.relation, "a": d.first, "b": d.second} for d in here
                ],
                "examples": [
                    {"text": e.text, "facts": dict(e.facts), "admitted_by": e.admitted_by, "denied_by": e.denied_by}
                    for e in examples
                ],
            }
        )
    overall = order.overall(a, b)
    out.say(f"On the whole {a.id} is {overall}.", important=True)
    out.result({"a": a.sha256, "b": b.sha256, "overall": overall, "differences": found})
