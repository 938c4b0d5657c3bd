"""`govern model`: what a language model is fit for, before it is given anybody's words."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from govern.cli.context import GlobalOptions, governed
from govern.errors import VerificationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from extract.distil.selftest import Report
    from govern.cli.output import Output


@click.group()
def model() -> None:
    """Check what a language model is fit for."""


@model.command(epilog="Example:  govern model check http://127.0.0.1:8080 --need choose")
@click.argument("target", required=False, metavar="[FILE|URL]")
@click.option("--policy", "ref", metavar="POLICY", help="Policy whose addresses a server may have beside loopback.")
@click.option(
    "--need",
    type=click.Choice(("none", "choose", "delete", "paraphrase")),
    default="delete",
    show_default=True,
    help="Fail below this tier.",
)
@governed
def check(options: GlobalOptions, target: str | None, ref: str | None, need: str) -> None:
    """Try a model on invented texts with known answers, and say for which work it is fit.

    Without FILE or URL the default model. Tiers: `choose` (it tells kinds apart), `delete` (it keeps to a grammar and
    can hold a sentence: what `govern extract` asks of a model), `paraphrase` (it does not turn a rule into its contrary
    and does not answer with an example: what `--paraphrase` asks). Takes about a minute; nobody's data is read.
    """
    from extract.distil import selftest
    from extract.distil.backend import open_backend
    from policies import loader

    out = options.output()
    is_url = target is not None and "://" in target
    file = Path(target) if target is not None and not is_url else None
    allowed = loader.load(ref).gates["run.local_model"].values()["addresses"] if ref is not None else ()
    with (
        contextlib.closing(
            open_backend(file, target if is_url else None, () if isinstance(allowed, str) else allowed)
        ) as backend,
        out.progress("starting") as progress,
    ):
        report = selftest.run(backend, progress)
        info = backend.info()
    _show(out, info, report)
    out.result(
        {
            "model": info,
            "parts": [
                {
                    "part": p.name,
                    "score": p.score,
                    "right": p.right,
                    "of": p.of,
                    "needed": {tier: asked[p.name] for tier, asked in selftest.NEEDED.items() if p.name in asked},
                }
                for p in report.parts
            ],
            "tier": report.tier,
            "needed": need,
        }
    )
    tiers: tuple[str, ...] = selftest.TIERS
    if tiers.index(report.tier) < tiers.index(need):
        raise VerificationError(
            f"the model reaches tier {report.tier}, and {need} is needed", "take another model, or ask less with --need"
        )


def _show(out: Output, info: Mapping[str, str | int], report: Report) -> None:
    from extract.distil.selftest import NEEDED, PARTS

    out.heading(f"{info['model']}, {info['model_address']}")
    out.say(f"sha256 {info['model_sha256']}" if info["model_sha256"] else "digest not known: a server tells none")
    rows = [("part", "right", "of", "score", "needed")]
    for p in report.parts:
        needed = ", ".join(f"{tier} {asked[p.name]}" for tier, asked in NEEDED.items() if p.name in asked)
        rows.append((p.name, str(p.right), str(p.of), str(p.score), needed))
    out.table(rows)
    for name, meaning in PARTS.items():
        out.say(f"  {name}: {meaning}")
    out.say(f"Tier: {report.tier}", important=True)
