"""The report as one HTML page: what it says, its evidence, and the script that checks the one by the other."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attest import browser
from attest.encoding import from_time, to_time
from govern.errors import InputError
from govern.report import charts
from govern.report.choosing import Choice
from govern.report.evidence import Evidence, Shown
from govern.report.figures import Figures, figures
from govern.report.texts import LANGUAGES, Said, marked, script

if TYPE_CHECKING:
    from attest.report import Check
    from extract.distil.claims import Claim
    from govern.standing import Standing

MAX_PAGE = 1_000_000
"""Bytes: what can be sent by mail and opened at once."""

_HERE = Path(__file__).parent

#: What the page's own script checks, in its order. The skill's come with a skill only.
_LOG_CHECKS = ("form", "checkpoint", "entries")
_SKILL_CHECKS = ("statement",)
_NUMBERS = ("figures", "runs", "keys", "consents")
_BINDING = ("bound", "released", "consent")
_KEY = ("key",)

_LANES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("lane_given", ("consent.given", "consent.renewed")),
    ("lane_withdrawn", ("consent.withdrawn",)),
    ("lane_ended", ("consent.revoked", "consent.expired", "consent.invalidated")),
    ("lane_sealed", ("extraction.sealed",)),
    ("lane_released", ("skill.released",)),
    ("lane_stopped", ("skill.superseded", "skill.revoked", "skill.tombstoned")),
)
_LIMITS = ("all", "free", "found", "gates", "page", "only", "script")


@dataclass(frozen=True, slots=True)
class Report:
    """What a page is made from.

    Attributes:
        evidence: What the page checks by itself.
        at: When it was made.
        checks: What was checked when it was made.
        standing: How the skill stands by the log at hand, or None.
        choice: What of a log is shown; None where the skill alone was given.
        claims: The claims of the skill.
        evaluation: The numbers of the skill's evaluation, or None.
        figures: Worked out from the evidence.
    """

    evidence: Evidence
    at: datetime
    checks: Sequence[Check] = ()
    standing: Standing | None = None
    choice: Choice | None = None
    claims: Sequence[Claim] = ()
    evaluation: Mapping[str, Any] | None = None
    figures: Figures = field(init=False)

    def __post_init__(self) -> None:
        """Work out the numbers."""
        object.__setattr__(self, "figures", figures(self.evidence))


def page(report: Report, lang: str = LANGUAGES[0]) -> bytes:
    """Return the page; the same report always makes the same bytes.

    Args:
        report: What it says.
        lang: One of `LANGUAGES`. Codes, the types of entries, checks made earlier and what failed stay as they are.

    Raises:
        InputError: It would be larger than `MAX_PAGE`.
    """
    said, shown = Said(lang), report.evidence
    about = shown.skill.name if shown.skill is not None else shown.head.checkpoint.origin
    title = said("title", about=about)
    style = (_HERE / "style.css").read_text("utf-8")
    words = json.dumps(script(), ensure_ascii=True, sort_keys=True).replace("<", "\\u003c")
    code = f"{browser.source()}const TEXTS = {words};\n" + (_HERE / "check.js").read_text("utf-8")
    data = "\n".join(
        [
            "<!doctype html>",
            f'<html lang="{said.lang}">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{browser.policy(code, style)}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{_esc(title)}</title>",
            f"<style>{style}</style>",
            "</head>",
            "<body>",
            "<main>",
            f"<h1>{_esc(title)}</h1>",
            *_body(said, report),
            "</main>",
            f'<script type="application/json" id="evidence">{shown.island()}</script>',
            f"<script>{code}</script>",
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


def _fig(said: Said, name: str, value: object) -> str:
    """Return a value that the script works out anew, marked so that it finds it."""
    shown = said.number(value) if isinstance(value, int) else str(value)
    return f'<span data-figure="{_esc(name)}">{_esc(shown)}</span>'


def _code(name: str, value: object) -> str:
    return f'<code data-figure="{_esc(name)}">{_esc(value)}</code>'


def _region(kind: str, label: str) -> str:
    return f'<div class="{kind}" tabindex="0" role="region" aria-label="{_esc(label)}"><table>'


def _body(said: Said, report: Report) -> Iterator[str]:
    yield from _summary(said, report)
    yield from _panel(said, report)
    yield from _flow(said, report.figures.flow)
    yield from _counted(said, "reasons", "reason", report.figures.reasons)
    yield from _counted(said, "redactions", "kind", report.figures.redacted)
    yield from _timeline(said, report)
    yield from _claims(said, report.claims)
    yield from _evaluation(said, report.evaluation)
    yield from _made(said, report)
    yield from _entries(said, report)
    yield f"<h2>{said.html('limits_title')}</h2>"
    yield "<ul>" + "".join(f"<li>{said.html(f'limit_{name}')}</li>" for name in _LIMITS) + "</ul>"


def _summary(said: Said, report: Report) -> Iterator[str]:
    flow, head, skill = report.figures.flow, report.evidence.head.checkpoint, report.evidence.skill
    names = {"seen", "taken", "left out", "claims", "struck", "released"}
    numbers = {name.replace(" ", "_"): _fig(said, name, flow[name]) for name in names}
    records = said.html("records_line", **numbers)
    if skill is not None:
        p = skill.predicate
        line = said.html(
            "skill_line",
            skill=f"<strong>{_fig(said, 'skill', skill.name)}</strong>",
            subject=_fig(said, "subject", p["subject"]),
            purpose=_fig(said, "purpose", p["purpose"]),
        )
        yield f'<p class="lead">{line} {records}</p>'
        end = ""
        if report.standing is not None:
            end = " " + said.html("standing", standing=f"<strong>{_esc(_stands(said, report.standing))}</strong>")
        yield f"<p>{said.html('expires', at=_fig(said, 'expires', p['expires']))}{end}</p>"
    else:
        line = said.html(
            "log_line_one" if flow["runs"] == 1 else "log_line_many", runs=_fig(said, "runs", flow["runs"])
        )
        yield f'<p class="lead">{line} {records} {said.html("twice")}</p>'
    if report.choice is not None:
        yield from _left(said, report.choice)
    made = said.html("made_from", at=to_time(report.at), size=_fig(said, "log size", head.size))
    yield f'<p class="note">{made}</p>'


def _stands(said: Said, now: Standing) -> str:
    text = said(f"standing_{now.status}")
    if now.since:
        text = said("standing_since", status=text, at=now.since)
    if now.reason:
        text += f" ({now.reason})"
    return said("standing_replaced", status=text, extraction=now.replaced_by) if now.replaced_by else text


def _left(said: Said, choice: Choice) -> Iterator[str]:
    for what, there, shown in (
        ("newest_runs", choice.runs, choice.runs_shown),
        ("newest_consents", choice.consents, choice.consents_shown),
    ):
        if shown < there:
            line = said.html(what, shown=said.number(shown), there=said.number(there))
            yield f"<p><strong>{said.html('not_all')}</strong> {line}</p>"


def _panel(said: Said, report: Report) -> Iterator[str]:
    skill, head = report.evidence.skill, report.evidence.head.checkpoint
    rows = [
        *_LOG_CHECKS,
        *(_SKILL_CHECKS if skill is not None else ()),
        *_NUMBERS,
        *(_BINDING if skill is not None else ()),
        *_KEY,
    ]
    yield f"<h2>{said.html('panel_title')}</h2>"
    yield f"<p>{said.html('panel_text')}</p>"
    yield f'<p id="verdict" role="status">{said.html("no_script")}</p>'
    yield '<ul class="checks">'
    unchecked = _esc(said.unchecked)
    for name in rows:
        question, meaning = said.html(f"question_{name}"), said.html(f"meaning_{name}")
        yield _asked(f' data-check="{name}"', unchecked, "", question, "", meaning)
    yield "</ul>"
    yield (
        f'<div class="asked"><p><label for="key">{said.html("key_label")}</label>'
        '<input id="key" autocomplete="off" spellcheck="false" aria-describedby="key-why"></p>'
        f'<p id="key-why" class="note">{said.html("key_why")}</p>'
        f'<p><button id="again" type="button">{said.html("again")}</button></p></div>'
    )
    yield _region("scroll", said("facts"))
    facts: list[tuple[str, str]] = [
        ("fact_log", _code("origin", head.origin)),
        ("fact_entries", _fig(said, "log size", head.size)),
        ("fact_root", _code("root", head.root.hex())),
        ("fact_key", _code("log key", report.evidence.log_key)),
    ]
    if skill is not None:
        p = skill.predicate
        policy = {"policy": _esc(p["policy"]["id"]), "version": _esc(p["policy"]["version"])}
        facts += [
            ("fact_policy", said.html("policy_version", **policy, digest=_code("policy", p["policy"]["sha256"]))),
            ("fact_extraction", _code("extraction", p["extraction_id"])),
        ]
    for label, value in facts:
        yield f'<tr><th scope="row">{said.html(label)}</th><td>{value}</td></tr>'
    yield "</table></div>"


def _flow(said: Said, flow: Mapping[str, int]) -> Iterator[str]:
    yield f"<h2>{said.html('flow_title')}</h2>"
    yield '<div class="pair"><figure>'
    yield from charts.flow(said, "flow", flow)
    yield "</figure><div>"

    def part(name: str) -> str:
        return said.html(charts.part(name), n=_fig(said, name, flow[name]))

    yield f"<table><caption>{said.html('flow_sums')}</caption>"
    for unit, whole, parts in (
        ("unit_records", "seen", ("taken", "left out")),
        ("unit_taken", "taken", ("unchanged", "redacted")),
        ("unit_claims", "claims", ("released", "struck", "open")),
    ):
        line = f"{part(whole)} = {' + '.join(part(one) for one in parts)}"
        yield f'<tr><th scope="row">{said.html(unit)}</th><td>{line}</td></tr>'
    runs = _fig(said, "runs", flow["runs"])
    yield f'<tr><th scope="row">{said.html("unit_runs")}</th><td>{runs}</td></tr></table></div></div>'


def _counted(said: Said, name: str, figure: str, counts: Mapping[str, int]) -> Iterator[str]:
    title = said(f"{name}_title")
    yield f"<h2>{_esc(title)}</h2>"
    if not counts:
        yield f"<p>{said.html('none_counted')}</p>"
        return
    yield f'<p class="note">{said.html(f"{name}_text")}</p>'
    yield '<div class="pair"><figure>'
    yield from charts.bars(said, name, title, list(counts.items()))
    yield f"</figure>{_region('scroll', title)}"
    head = said.html(f"{name}_head")
    yield f'<tr><th scope="col">{head}</th><th scope="col" class="n">{said.html("number")}</th></tr>'
    for key, count in counts.items():
        value = _fig(said, f"{figure} {key}", count)
        yield f'<tr><th scope="row" class="k">{_esc(key)}</th><td class="n">{value}</td></tr>'
    yield "</table></div></div>"


def _timeline(said: Said, report: Report) -> Iterator[str]:
    wanted = {kind for _, kinds in _LANES for kind in kinds}
    found = [(e, e.entry) for e in report.evidence.entries]
    found = [(e, entry) for e, entry in found if entry["type"] in wanted]
    yield f"<h2>{said.html('time_title')}</h2>"
    if not found:
        yield f"<p>{said.html('time_none')}</p>"
        return
    times = [from_time(entry["at"]) for _, entry in found]
    first, last = min(times), max(times)
    span = (last - first).total_seconds() or 1.0
    lanes = [
        (
            said(label),
            [(from_time(entry["at"]) - first).total_seconds() / span for _, entry in found if entry["type"] in kinds],
        )
        for label, kinds in _LANES
    ]
    yield f'<p class="note">{said.html("time_text")}</p>'
    yield '<div class="pair"><figure>'
    yield from charts.timeline(said, "time", [lane for lane in lanes if lane[1]], (to_time(first), to_time(last)))
    yield "</figure>"
    yield from _listed(said, "time_list", found)
    yield "</div>"


def _listed(
    said: Said, label: str, found: Iterable[tuple[Shown, Mapping[str, Any]]], *, proof: bool = False
) -> Iterator[str]:
    yield _region("scroll entries", said(label))
    yield (
        f'<tr><th scope="col" class="n">{said.html("entry")}</th><th scope="col">{said.html("time")}</th>'
        f'<th scope="col">{said.html("what")}</th><th scope="col">{said.html("by")}</th>'
        + (f'<th scope="col">{said.html("proof")}</th>' if proof else "")
        + "</tr>"
    )
    for shown, entry in found:
        yield (
            f'<tr data-entry="{shown.index}"><th scope="row" class="n" data-field="index">{shown.index}</th>'
            f'<td data-field="at">{_esc(entry["at"])}</td><td data-field="type">{_esc(entry["type"])}</td>'
            f'<td data-field="actor">{_esc(entry["actor"])}</td>'
            + (f'<td class="verdict">{_esc(said.unchecked)}</td>' if proof else "")
            + "</tr>"
        )
    yield "</table></div>"


def _claims(said: Said, claims: Sequence[Claim]) -> Iterator[str]:
    if not claims:
        return
    yield f"<h2>{said.html('claims_title')}</h2>"
    yield f'<p class="note">{said.html("claims_text")}</p>'
    yield '<div class="pair"><figure>'
    yield from charts.scatter(said, "claims", [(claim.support, claim.keep) for claim in claims])
    yield f"</figure>{_region('scroll entries', said('claims_title'))}"
    numbers = ("records", "days", "confidence")
    heads = (
        f'<th scope="col"{" class=n" if name in numbers else ""}>{said.html(name)}</th>'
        for name in ("claim", "kind", *numbers, "made_by", "review")
    )
    yield f"<tr>{''.join(heads)}</tr>"
    for claim in claims:
        kind = said(f"kind_{claim.kind}")
        kind = said("unsure", kind=kind) if claim.entropy_millibits > 2000 else kind
        yield (
            f'<tr><th scope="row">{_esc(claim.id)}</th><td>{_esc(kind)}</td>'
            f'<td class="n">{claim.support}</td><td class="n">{claim.days}</td>'
            f'<td class="n">{said.decimal(claim.keep / 1000, ".2f")}</td>'
            f"<td>{said.html(f'mode_{claim.mode}')}</td><td>{said.html(f'review_{claim.review}')}</td></tr>"
        )
    yield "</table></div></div>"


def _evaluation(said: Said, numbers: Mapping[str, Any] | None) -> Iterator[str]:
    if numbers is None:
        return
    gains = numbers["gain"]["gains"]
    yield f"<h2>{said.html('evaluation_title')}</h2>"
    yield f'<p class="note">{said.html("evaluation_text")}</p>'
    yield '<div class="pair"><figure>'
    yield from charts.intervals(said, "gains", gains)
    yield f"</figure>{_region('scroll', said('evaluation_title'))}"
    yield (
        f'<tr><th scope="col">{said.html("bits")}</th>'
        + "".join(f'<th scope="col" class="n">{said.html(head)}</th>' for head in ("saved", "interval"))
        + "</tr>"
    )
    for name, values in gains.items():
        value, least, most = (said.decimal(v / 1e6, "+.3f") for v in values)
        yield (
            f'<tr><th scope="row">{_esc(charts.contrast(said, name))}</th><td class="n">{value}</td>'
            f'<td class="n">{said.html("range", least=least, most=most)}</td></tr>'
        )
    yield "</table></div></div>"


def _made(said: Said, report: Report) -> Iterator[str]:
    if not report.checks:
        return
    yield f"<h2>{said.html('made_title')}</h2>"
    yield f"<p>{said.html('made_text')}</p>"
    # What the verifier said, in its own words.
    yield '<ul class="checks" lang="en">'
    for check in report.checks:
        question = _esc(f"{check.number}. {check.name}")
        meaning = marked(check.meaning)
        yield _asked("", check.status.upper(), f" {check.status}", question, _esc(check.value), meaning)
    yield "</ul>"


def _asked(mark: str, answer: str, kind: str, question: str, found: str, meaning: str) -> str:
    return (
        f'<li{mark}><span class="verdict{kind}">{answer}</span><div><strong>{question}</strong> '
        f'<span class="found">{found}</span><p class="note">{meaning}</p></div></li>'
    )


def _entries(said: Said, report: Report) -> Iterator[str]:
    shown = report.evidence.entries
    yield f"<h2>{said.html('entries_title')}</h2>"
    size = _fig(said, "log size", report.evidence.head.checkpoint.size)
    yield f"<p>{said.html('entries_line', shown=_fig(said, 'shown', len(shown)), size=size)}</p>"
    yield '<div id="entries">'
    yield from _listed(said, "entries_title", ((e, e.entry) for e in shown), proof=True)
    yield "</div>"
    if report.choice is not None:
        yield f"<h3>{said.html('types_title')}</h3>"
        yield f'<p class="note">{said.html("types_text")}</p>'
        yield _region("scroll entries", said("types_title"))
        number = said.html("fact_entries")
        yield f'<tr><th scope="col">{said.html("type")}</th><th scope="col" class="n">{number}</th></tr>'
        hidden = {"consent.refused", "consent.deferred", "consent.objected"}
        for kind, count in report.choice.types.items():
            if kind not in hidden:
                yield f'<tr><th scope="row">{_esc(kind)}</th><td class="n">{said.number(count)}</td></tr>'
        yield "</table></div>"
