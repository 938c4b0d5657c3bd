"""The report as one HTML page: what it says, its evidence, and the script that checks the one by the other."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attest import browser
from attest.encoding import from_time, to_time
from extract.evaluate import told
from govern.errors import InputError
from govern.report import charts
from govern.report.choosing import Choice
from govern.report.evidence import Evidence, Shown
from govern.report.figures import Figures, figures

if TYPE_CHECKING:
    from attest.report import Check
    from extract.distil.claims import Claim

MAX_PAGE = 1_000_000
"""Bytes: what can be sent by mail and opened at once."""

_HERE = Path(__file__).parent

#: What the page's own script checks, in its order: id, name, what a "holds" says. The skill's come with a skill only.
_LOG_CHECKS = (
    ("form", "evidence in form", "The evidence in this file has one reading only."),
    (
        "checkpoint",
        "checkpoint signed by the log's key",
        "The log signed its size and root. That does not make entries true.",
    ),
    ("entries", "every entry shown is in the log", "Each leads to that root, by hashes worked out in your browser."),
)
_SKILL_CHECKS = (("statement", "statement signed by the log", "The log signed what is said about the skill's files."),)
_NUMBERS = (
    (
        "figures",
        "figures follow from the entries",
        "The flow, the reasons, the redactions and the lists were worked out anew. The length of bars, the claims, the "
        "evaluation, how the skill stands and the checks made earlier are the maker's word.",
    ),
    (
        "runs",
        "runs add up",
        "Each run was committed to first, its steps are in order, and seen is taken plus left out.",
    ),
    (
        "keys",
        "people's keys",
        "Each key that is shown signed its own enrolment. That it is the person's, only the person can say.",
    ),
    (
        "consents",
        "consents signed by the person's key",
        "Each consent that is shown was signed by a key of the same person.",
    ),
)
_BINDING = (
    (
        "bound",
        "release and seal are of this skill",
        "The log holds the release of this very statement, after this seal.",
    ),
    ("released", "released by the person", "The person's key signed the list of the skill's files."),
    (
        "consent",
        "consent to this purpose and policy",
        "The person said yes to it before the seal. A later no is shown only if it is below.",
    ),
)
_KEY = (
    ("key", "the log's key is the one you have", "Without this, whoever made this page may have made its log, too."),
)

_LANES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("consent given or renewed", ("consent.given", "consent.renewed")),
    ("consent withdrawn", ("consent.withdrawn",)),
    ("consent ended otherwise", ("consent.revoked", "consent.expired", "consent.invalidated")),
    ("run sealed", ("extraction.sealed",)),
    ("skill released", ("skill.released",)),
    ("skill superseded, revoked or tombstoned", ("skill.superseded", "skill.revoked", "skill.tombstoned")),
)

_LIMITS = (
    "That what was read was all there was, or genuine. What an export left out, nobody can see here.",
    "That consent was given freely. A signature proves that a key was used.",
    "That every name and secret was found, or that no other copy was kept.",
    "That gates were applied as the policy says. The log holds the operator's word for it, and cannot take it back.",
    "That nothing is left out of this page. It shows some entries of the log; what else the log holds, and what came "
    "after the checkpoint, it does not say. Ask the log.",
    "That this is the only log. Whoever holds the log's key can keep two, unless witnesses that you trust cosigned.",
    "That the browser and the script are sound. The script is in this file, to be read; `govern audit verify` checks "
    "more, and `python -m attest.verify` checks it with other code.",
)


@dataclass(frozen=True, slots=True)
class Report:
    """What a page is made from.

    Attributes:
        evidence: What the page checks by itself.
        at: When it was made.
        checks: What was checked when it was made.
        standing: How the skill stands by the log at hand, in words, or "".
        choice: What of a log is shown; None where the skill alone was given.
        claims: The claims of the skill.
        evaluation: The numbers of the skill's evaluation, or None.
        figures: Worked out from the evidence.
    """

    evidence: Evidence
    at: datetime
    checks: Sequence[Check] = ()
    standing: str = ""
    choice: Choice | None = None
    claims: Sequence[Claim] = ()
    evaluation: Mapping[str, Any] | None = None
    figures: Figures = field(init=False)

    def __post_init__(self) -> None:
        """Work out the numbers."""
        object.__setattr__(self, "figures", figures(self.evidence))


def page(report: Report) -> bytes:
    """Return the page; the same report always makes the same bytes.

    Raises:
        InputError: It would be larger than `MAX_PAGE`.
    """
    shown = report.evidence
    about = shown.skill.name if shown.skill is not None else shown.head.checkpoint.origin
    title = f"Audit report: {about}"
    style = (_HERE / "style.css").read_text("utf-8")
    script = browser.source() + (_HERE / "check.js").read_text("utf-8")
    data = "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{browser.policy(script, style)}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{_esc(title)}</title>",
            f"<style>{style}</style>",
            "</head>",
            "<body>",
            "<main>",
            f"<h1>{_esc(title)}</h1>",
            *_body(report),
            "</main>",
            f'<script type="application/json" id="evidence">{shown.island()}</script>',
            f"<script>{script}</script>",
            "</body>",
            "</html>",
            "",
        ]
    ).encode()
    if len(data) > MAX_PAGE:
        raise InputError(
            f"the report would take {len(data):,} bytes; {MAX_PAGE:,} are allowed",
            "check it with `govern audit verify`, which has no such bound",
        )
    return data


def _esc(text: object) -> str:
    return html.escape(str(text))


def _fig(name: str, value: object) -> str:
    """Return a value that the script works out anew, marked so that it finds it."""
    said = f"{value:,}" if isinstance(value, int) else str(value)
    return f'<span data-figure="{_esc(name)}">{_esc(said)}</span>'


def _code(name: str, value: object) -> str:
    return f'<code data-figure="{_esc(name)}">{_esc(value)}</code>'


def _body(report: Report) -> Iterator[str]:
    yield from _summary(report)
    yield from _panel(report)
    yield from _flow(report)
    yield from _counted("reasons", "Why records were left out", "reason", report.figures.reasons, _WHY)
    yield from _counted("redactions", "What was replaced", "kind", report.figures.redacted, _REPLACED)
    yield from _timeline(report)
    yield from _claims(report.claims)
    yield from _evaluation(report.evaluation)
    yield from _made(report)
    yield from _entries(report)
    yield "<h2>What this does not prove</h2>"
    yield "<ul>" + "".join(f"<li>{_words(limit)}</li>" for limit in _LIMITS) + "</ul>"


_WHY = "A record can have several reasons, so they may add up to more than the records left out."
_REPLACED = "Stretches of text, by type. Detection is not complete: what was not found is not counted."


def _words(text: str) -> str:
    """Return a sentence in which backticks mark what is typed."""
    parts = _esc(text).split("`")
    return "".join(f"<code>{part}</code>" if at % 2 else part for at, part in enumerate(parts))


def _summary(report: Report) -> Iterator[str]:
    flow, head, skill = report.figures.flow, report.evidence.head.checkpoint, report.evidence.skill
    records = (
        f"Of {_fig('seen', flow['seen'])} records, {_fig('taken', flow['taken'])} were taken and "
        f"{_fig('left out', flow['left out'])} left out. Claims: {_fig('claims', flow['claims'])} made, "
        f"{_fig('struck', flow['struck'])} struck, {_fig('released', flow['released'])} released."
    )
    if skill is not None:
        p = skill.predicate
        yield (
            f'<p class="lead"><strong>{_fig("skill", skill.name)}</strong> was made of the work of '
            f"{_fig('subject', p['subject'])}, for {_fig('purpose', p['purpose'])}. {records}</p>"
        )
        end = f" By the log it is now <strong>{_esc(report.standing)}</strong>." if report.standing else ""
        yield f"<p>It expires {_fig('expires', p['expires'])}.{end}</p>"
    else:
        runs = "run" if flow["runs"] == 1 else "runs"
        yield (
            f'<p class="lead">This page shows {_fig("runs", flow["runs"])} sealed {runs} of the log. {records} '
            "A record that two runs read counts twice.</p>"
        )
    if report.choice is not None:
        yield from _left(report.choice)
    yield (
        f'<p class="note">Made {to_time(report.at)} from a log of {_fig("log size", head.size)} entries. It shows '
        "codes, digests, counts and pseudonyms, and says who agreed and who withdrew: give it to nobody who may not "
        "read the log.</p>"
    )


def _left(choice: Choice) -> Iterator[str]:
    for what, there, shown in (
        ("sealed runs", choice.runs, choice.runs_shown),
        ("consents and withdrawals", choice.consents, choice.consents_shown),
    ):
        if shown < there:
            yield (
                f"<p><strong>Not everything fits.</strong> The newest {shown:,} of {there:,} {what} are shown; the "
                "rest is in the log.</p>"
            )


def _panel(report: Report) -> Iterator[str]:
    skill, head = report.evidence.skill, report.evidence.head.checkpoint
    rows = [
        *_LOG_CHECKS,
        *(_SKILL_CHECKS if skill is not None else ()),
        *_NUMBERS,
        *(_BINDING if skill is not None else ()),
        *_KEY,
    ]
    yield "<h2>Checked by this page, in your browser</h2>"
    yield "<p>Nothing is fetched and nothing is sent. Each question has its own answer.</p>"
    yield '<p id="verdict" role="status">Nothing is checked: that takes the script in this page.</p>'
    yield '<ul class="checks">'
    for name, question, meaning in rows:
        yield _asked(f' data-check="{name}"', "not checked", "", question, "", meaning)
    yield "</ul>"
    yield (
        '<div class="asked"><p><label for="key">The log\'s key, from somewhere else than this page</label>'
        '<input id="key" autocomplete="off" spellcheck="false" aria-describedby="key-why"></p>'
        '<p id="key-why" class="note">Ask the log\'s operator, a witness or the works council for it.</p>'
        '<p><button id="again" type="button">Check again</button></p></div>'
    )
    yield '<div class="scroll" tabindex="0" role="region" aria-label="Log"><table>'
    facts: list[tuple[str, str]] = [
        ("log", _code("origin", head.origin)),
        ("entries", _fig("log size", head.size)),
        ("root", _code("root", head.root.hex())),
        ("the log's key, as this page was made with it", _code("log key", report.evidence.log_key)),
    ]
    if skill is not None:
        p = skill.predicate
        facts += [
            (
                "policy",
                f"{_esc(p['policy']['id'])} version {_esc(p['policy']['version'])}, "
                + _code("policy", p["policy"]["sha256"]),
            )
        ]
        facts += [("extraction", _code("extraction", p["extraction_id"]))]
    for label, value in facts:
        yield f'<tr><th scope="row">{_esc(label)}</th><td>{value}</td></tr>'
    yield "</table></div>"


def _flow(report: Report) -> Iterator[str]:
    flow = report.figures.flow
    yield "<h2>From what was seen to what was released</h2>"
    yield '<div class="pair"><figure>'
    yield from charts.flow("flow", flow)
    yield "</figure><div>"

    def sums(whole: str, *parts: str) -> str:
        names = {"seen": "seen", "claims": "claims made", "open": "neither"}
        return f"{_fig(whole, flow[whole])} {names.get(whole, whole)} = " + " + ".join(
            f"{_fig(part, flow[part])} {names.get(part, part)}" for part in parts
        )

    yield "<table><caption>The parts of each line add up to its whole</caption>"
    for unit, line in (
        ("records", sums("seen", "taken", "left out")),
        ("records taken", sums("taken", "unchanged", "redacted")),
        ("claims", sums("claims", "released", "struck", "open")),
    ):
        yield f'<tr><th scope="row">{unit}</th><td>{line}</td></tr>'
    yield f'<tr><th scope="row">sealed runs</th><td>{_fig("runs", flow["runs"])}</td></tr></table></div></div>'


def _counted(name: str, title: str, figure: str, counts: Mapping[str, int], note: str) -> Iterator[str]:
    yield f"<h2>{_esc(title)}</h2>"
    if not counts:
        yield "<p>None is counted in the entries that are shown.</p>"
        return
    yield f'<p class="note">{_esc(note)}</p>'
    yield '<div class="pair"><figure>'
    yield from charts.bars(name, title, list(counts.items()))
    yield f'</figure><div class="scroll" tabindex="0" role="region" aria-label="{_esc(title)}"><table>'
    yield f'<tr><th scope="col">{_esc(figure)}</th><th scope="col" class="n">number</th></tr>'
    for key, count in counts.items():
        yield f'<tr><th scope="row" class="k">{_esc(key)}</th><td class="n">{_fig(f"{figure} {key}", count)}</td></tr>'
    yield "</table></div></div>"


def _timeline(report: Report) -> Iterator[str]:
    wanted = {kind for _, kinds in _LANES for kind in kinds}
    found = [(e, e.entry) for e in report.evidence.entries]
    found = [(e, entry) for e, entry in found if entry["type"] in wanted]
    yield "<h2>Consents and withdrawals over time</h2>"
    if not found:
        yield "<p>No entry that is shown is about them.</p>"
        return
    times = [from_time(entry["at"]) for _, entry in found]
    first, last = min(times), max(times)
    span = (last - first).total_seconds() or 1.0
    lanes = [
        (
            label,
            [(from_time(entry["at"]) - first).total_seconds() / span for _, entry in found if entry["type"] in kinds],
        )
        for label, kinds in _LANES
    ]
    yield (
        '<p class="note">Times are the operator\'s; the order of the log counts. Who was asked and did not agree is '
        "not shown.</p>"
    )
    yield '<div class="pair"><figure>'
    title = "Consents, withdrawals, runs and skills over time"
    yield from charts.timeline("time", title, [lane for lane in lanes if lane[1]], (to_time(first), to_time(last)))
    yield "</figure>"
    yield from _listed("Consents, withdrawals, runs and skills", found, "scroll entries")
    yield "</div>"


def _listed(
    label: str, found: Iterable[tuple[Shown, Mapping[str, Any]]], kind: str, *, proof: bool = False
) -> Iterator[str]:
    yield f'<div class="{kind}" tabindex="0" role="region" aria-label="{_esc(label)}"><table>'
    yield (
        '<tr><th scope="col" class="n">entry</th><th scope="col">time</th><th scope="col">what</th>'
        '<th scope="col">by</th>' + ('<th scope="col">proof</th>' if proof else "") + "</tr>"
    )
    for shown, entry in found:
        yield (
            f'<tr data-entry="{shown.index}"><th scope="row" class="n" data-field="index">{shown.index}</th>'
            f'<td data-field="at">{_esc(entry["at"])}</td><td data-field="type">{_esc(entry["type"])}</td>'
            f'<td data-field="actor">{_esc(entry["actor"])}</td>'
            + ('<td class="verdict">not checked</td>' if proof else "")
            + "</tr>"
        )
    yield "</table></div>"


def _claims(claims: Sequence[Claim]) -> Iterator[str]:
    if not claims:
        return
    yield "<h2>Claims</h2>"
    yield (
        '<p class="note">As the skill states them, without their words. Confidence is the odds that a reader would '
        "keep the claim, as the distiller works them out; it is not the chance that the claim is true.</p>"
    )
    yield '<div class="pair"><figure>'
    yield from charts.scatter(
        "claims", "Claims by evidence and confidence", [(claim.support, claim.keep) for claim in claims]
    )
    yield '</figure><div class="scroll entries" tabindex="0" role="region" aria-label="Claims"><table>'
    numbers = ("records", "days", "confidence")
    heads = (
        f'<th scope="col"{" class=n" if name in numbers else ""}>{name}</th>'
        for name in ("claim", "kind", *numbers, "made by", "review")
    )
    yield f"<tr>{''.join(heads)}</tr>"
    for claim in claims:
        unsure = ", unsure" if claim.entropy_millibits > 2000 else ""
        yield (
            f'<tr><th scope="row">{_esc(claim.id)}</th><td>{_esc(claim.kind.replace("_", " ") + unsure)}</td>'
            f'<td class="n">{claim.support}</td><td class="n">{claim.days}</td>'
            f'<td class="n">{claim.keep / 1000:.2f}</td>'
            f"<td>{_esc(claim.mode)}</td><td>{_esc(claim.review)}</td></tr>"
        )
    yield "</table></div></div>"


def _evaluation(numbers: Mapping[str, Any] | None) -> Iterator[str]:
    if numbers is None:
        return
    gains = numbers["gain"]["gains"]
    yield "<h2>Evaluation</h2>"
    yield f'<p class="note">{_esc(told.LIMITS)}</p>'
    yield '<div class="pair"><figure>'
    yield from charts.intervals("gains", "Bits per byte saved, with 95 % intervals", gains)
    yield '</figure><div class="scroll" tabindex="0" role="region" aria-label="Evaluation"><table>'
    heads = ("saved", "95 % interval")
    yield (
        '<tr><th scope="col">bits per byte</th>'
        + "".join(f'<th scope="col" class="n">{h}</th>' for h in heads)
        + "</tr>"
    )
    for name, (value, least, most) in gains.items():
        yield (
            f'<tr><th scope="row">{_esc(told.contrast(name))}</th><td class="n">{value / 1e6:+.3f}</td>'
            f'<td class="n">{least / 1e6:+.3f} to {most / 1e6:+.3f}</td></tr>'
        )
    yield "</table></div></div>"


def _made(report: Report) -> Iterator[str]:
    if not report.checks:
        return
    yield "<h2>Checked when this page was made</h2>"
    yield "<p>By <code>govern</code>, on the maker's machine: this page repeats some of it, and cannot repeat all.</p>"
    yield '<ul class="checks">'
    for check in report.checks:
        question = f"{check.number}. {check.name}"
        yield _asked("", check.status.upper(), f" {check.status}", question, check.value, check.meaning)
    yield "</ul>"


def _asked(mark: str, answer: str, kind: str, question: str, found: str, meaning: str) -> str:
    return (
        f'<li{mark}><span class="verdict{kind}">{answer}</span><div><strong>{_esc(question)}</strong> '
        f'<span class="found">{_esc(found)}</span><p class="note">{_words(meaning)}</p></div></li>'
    )


def _entries(report: Report) -> Iterator[str]:
    shown = report.evidence.entries
    yield "<h2>Entries behind this page</h2>"
    size = report.evidence.head.checkpoint.size
    yield f"<p>{_fig('shown', len(shown))} entries of {_fig('log size', size)}, each with its proof.</p>"
    yield '<div id="entries">'
    yield from _listed("Entries behind this page", ((e, e.entry) for e in shown), "scroll entries", proof=True)
    yield "</div>"
    if report.choice is not None:
        yield "<h3>The whole log by type</h3>"
        yield '<p class="note">Counted when this page was made, not checked by it.</p>'
        yield '<div class="scroll entries" tabindex="0" role="region" aria-label="The whole log by type"><table>'
        yield '<tr><th scope="col">type</th><th scope="col" class="n">entries</th></tr>'
        hidden = {"consent.refused", "consent.deferred", "consent.objected"}
        for kind, count in report.choice.types.items():
            if kind not in hidden:
                yield f'<tr><th scope="row">{_esc(kind)}</th><td class="n">{count:,}</td></tr>'
        yield "</table></div>"
