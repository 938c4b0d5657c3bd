"""Writes `docs/gates.md` from the gates themselves: `python -m policies.manual [--check] [FILE]`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from policies.catalogue import GATES
from policies.explain import Parameter, parameters, value_text
from policies.gates.output import IdentityParams
from policies.gates.spec import GateSpec
from policies.loader import load, shipped
from policies.packs import packs
from policies.parameters import Params
from policies.sentences import LANGUAGES, labels, sentences

FILE = Path("docs/gates.md")

_SCOPES = {
    "run": "Run: may this run happen at all?",
    "subject": "Subject: has this person agreed to this, now?",
    "record": "Record: may this record be used?",
    "segment": "Segment: what must be taken out of the text?",
    "output": "Output: may this skill be released?",
    "lifecycle": "Lifecycle: what happens afterwards?",
}
_INTRODUCTION = """\
All {gates} gates, {floor} of them in the **floor**: neither policy nor consent can loosen those. Each says what it does
to the worker and to HR, in English, German and Chinese. `govern policy explain GATE` prints the same. How policies are
written is in [policies.md](policies.md).

*Stricter* says in which direction a parameter may be changed. *Default* is what a policy gets that names the gate and
leaves the parameter out. *Floor* is the weakest setting that loads; a gate of the floor that a policy does not name
stands at it."""

_POLICIES = """\
*floor*: the gate stands as the floor has it; *stricter*: the policy asks for more; *on*: a gate outside the floor that
the policy applies; *off*: it is named and limits nothing; empty: it does not apply. `govern policy diff A B` shows the
values."""

_PACKS = """\
`run.jurisdiction` holds the policy against the set of rules of every country involved. These are the weakest settings
that each accepts. A country that is on none of the lists is refused."""

_LONG = 12
"""A list with more entries than this is counted and not printed: the words of protected places are hundreds."""


def manual() -> str:
    """Return the reference of all gates as Markdown."""
    return "\n".join(_lines()) + "\n"


def main(arguments: list[str]) -> int:
    """Write the reference, or say whether the file is what the code says; return the exit status."""
    check = "--check" in arguments
    names = [argument for argument in arguments if argument != "--check"]
    path = Path(names[0]) if names else FILE
    text = manual()
    if check:
        same = path.is_file() and path.read_text("utf-8") == text
        if not same:
            sys.stderr.write(f"error: {path} is not what the code says\nhint: python -m policies.manual\n")
        return 0 if same else 1
    path.write_text(text, "utf-8")
    return 0


def _lines() -> Iterator[str]:
    floor = sum(spec.floor for spec in GATES.values())
    yield "# Gates"
    yield ""
    yield "<!-- Written by `python -m policies.manual` from the code. Edit `policies/gates` and `policies/texts`. -->"
    yield ""
    yield _INTRODUCTION.format(gates=len(GATES), floor=floor)
    scope = ""
    for spec in GATES.values():
        if spec.scope != scope:
            scope = spec.scope
            yield ""
            yield f"## {_SCOPES[scope]}"
        yield from _gate(spec)
    yield from _policies()
    yield from _packs()


def _gate(spec: GateSpec) -> Iterator[str]:
    yield ""
    yield f"### {spec.id}"
    yield ""
    if spec.floor:
        yield "In the floor."
        yield ""
    for lang in LANGUAGES:
        said = sentences(lang)[spec.id]
        colon = "：" if lang == "zh" else ": "
        yield f"- *{labels(lang).worker}*{colon}{said.worker}"
        yield f"- *{labels(lang).hr}*{colon}{said.hr}"
    yield ""
    yield f"Source: {spec.source}"
    yield ""
    yield "| parameter | stricter | default | floor |" if spec.floor else "| parameter | stricter | default |"
    yield "|---|---|---|---|" if spec.floor else "|---|---|---|"
    for parameter in parameters(spec.id):
        yield _row(parameter, floor=spec.floor)


def _row(parameter: Parameter, *, floor: bool) -> str:
    cells = [f"`{parameter.name}`", parameter.order, _value(parameter.default)]
    if floor:
        cells.append("the same" if parameter.floor == parameter.default else _value(parameter.floor))
    return "| " + " | ".join(cells) + " |"


def _value(value: object) -> str:
    if isinstance(value, list) and len(value) > _LONG:
        return f"{len(value)} built-in entries"
    return value_text(value).replace("|", "\\|")


def _policies() -> Iterator[str]:
    yield ""
    yield "## Which shipped policy asks what"
    yield ""
    yield _POLICIES
    yield ""
    names = [name for name in shipped() if name != "floor"]
    yield "| gate | " + " | ".join(names) + " |"
    yield "|---" * (len(names) + 1) + "|"
    base = load("floor").gates
    for gate in GATES:
        cells = [_standing(load(name).gates.get(gate), base.get(gate)) for name in names]
        yield f"| {gate} | " + " | ".join(cells) + " |"


def _standing(params: Params | None, floor: Params | None) -> str:
    if params is None:
        return ""
    if floor is not None:
        return "floor" if params == floor else "stricter"
    return "off" if isinstance(params, IdentityParams) and params.cap == "off" else "on"


def _packs() -> Iterator[str]:
    yield ""
    yield "## Sets of rules by country"
    yield ""
    yield _PACKS
    for pack in packs().values():
        yield ""
        yield f"### {pack.id}: {pack.title}"
        yield ""
        yield f"Countries: {', '.join(pack.countries)}"
        yield ""
        yield "| gate | weakest settings |"
        yield "|---|---|"
        for gate, params in pack.gates.items():
            dumped = params.model_dump(mode="json", by_alias=True)
            yield f"| {gate} | " + "; ".join(f"`{name}`: {_value(value)}" for name, value in dumped.items()) + " |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
