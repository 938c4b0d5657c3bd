"""Explanations, lint findings, the catalogue, and the words of protected places."""

import pytest

from policies.catalogue import FLOOR_GATES, GATES
from policies.errors import UnknownGateError
from policies.explain import document, explain, index
from policies.lint import lint
from policies.loader import load, parse, shipped
from policies.model import Policy
from policies.parameters import Order
from policies.places import WORDS, fold, matcher
from policies.sentences import sentences


def policy(gates: str) -> Policy:
    return parse(f"schema: govern-policy/1\nid: p\nversion: 1\ntitle: t\ngates: {{{gates}}}\n".encode(), "test")


DESIGN = {
    "run": "legal_basis* purpose* impact_assessment collective_agreement notice local_model* no_covert* dual_control "
    "jurisdiction*",
    "subject": "consent_valid* fresh* scope* cooling_off no_detriment* validity exit* vulnerable_time* objection* "
    "delegate",
    "record": "source* private_conversation* working_time* lookback third_party* special_category* emotion* "
    "participant_veto* label external_party* volume",
    "segment": "pii* secret*",
    "output": "categories* verbatim support subject_review* withhold identity residual_pii* disclosure* "
    "no_automated_decision* expiry* benefit",
    "lifecycle": "withdrawal* cascade* raw_retention log* access",
}
"""The gates of the design; a star marks the floor."""


def test_the_catalogue_holds_the_gates_of_the_design() -> None:
    named = [f"{scope}.{name}" for scope, names in DESIGN.items() for name in names.split()]
    assert list(GATES) == [name.rstrip("*") for name in named]
    assert list(FLOOR_GATES) == [name.rstrip("*") for name in named if name.endswith("*")]
    assert len(GATES) == 48


@pytest.mark.parametrize("gate", GATES)
def test_every_parameter_of_every_gate_has_one_order(gate: str) -> None:
    for info in GATES[gate].params.model_fields.values():
        assert sum(isinstance(item, Order) for item in info.metadata) == 1


@pytest.mark.parametrize("gate", GATES)
def test_every_gate_can_be_explained_to_worker_hr_and_lawyer(gate: str) -> None:
    text = explain(gate, load("worker_protection"))
    spec = GATES[gate]
    for part in (gate, spec.worker.split()[0], "For HR:", spec.source.split(";")[0][:20], "default:"):
        assert part in text
    assert ("floor" in text.splitlines()[0]) is spec.floor
    assert all(len(line) <= 110 for line in text.splitlines())
    # One sentence each, as the reader meets them in a report.
    for sentence in (spec.worker, spec.hr):
        assert sentence.endswith(".")
        assert sentence.count(". ") == 0


@pytest.mark.parametrize("lang", ["de", "zh"])
@pytest.mark.parametrize("gate", GATES)
def test_a_gate_is_explained_in_other_languages_on_lines_that_fit(gate: str, lang: str) -> None:
    text = explain(gate, None, lang)
    assert sentences(lang)[gate].worker[:20] in text
    said = text[: text.index("Source:")].splitlines()[1:]
    assert all(len(line) <= (60 if lang == "zh" else 110) for line in said)


def test_the_explanation_for_programs_holds_everything() -> None:
    found = document("run.notice", load("eu_works_council"))
    assert set(found["sentences"]) == {"en", "de", "zh"}
    assert found["floor"] is False
    assert found["parameters"]["lead"] == {
        "order": "longer is stricter",
        "default": "P14D",
        "floor": None,
        "policy": "P28D",
    }


def test_the_explanation_says_where_the_floor_is_weaker_than_the_default() -> None:
    text = explain("subject.exit")
    assert "default: P0D" in text
    assert "floor: P12M" in text


def test_explaining_an_unknown_gate_fails_with_a_guess() -> None:
    with pytest.raises(UnknownGateError) as caught:
        explain("record.thirdparty")
    assert "record.third_party" in (caught.value.hint or "")


def test_the_index_lists_every_built_gate() -> None:
    assert [gate for gate, _ in index()] == list(GATES)
    assert index("de") != index()


@pytest.mark.parametrize("name", sorted(set(shipped()) - {"floor"}))
def test_shipped_policies_have_no_findings(name: str) -> None:
    assert lint(load(name)) == []


def test_nothing_can_pass_under_the_bare_floor() -> None:
    assert [(f.gate, f.code) for f in lint(load("floor"))] == [
        ("run.jurisdiction", "nothing_can_pass"),
        *[("run.jurisdiction", "dead_entry")] * 3,
    ]


_BOTH = "record.source: {allow: [mail.work], deny: [chat.direct, mail.personal, mail.work]}"
FINDINGS = [
    ("run.purpose: {allow: []}", "run.purpose", "nothing_can_pass"),
    (_BOTH, "record.source", "dead_entry"),
    (_BOTH, "record.source",
     "nothing_can_pass"),
    ("output.categories: {allow: []}", "output.categories", "nothing_can_pass"),
    ("run.local_model: {kinds: []}", "run.local_model", "nothing_can_pass"),
    ("run.local_model: {kinds: [remote], addresses: []}", "run.local_model", "nothing_can_pass"),
    ("run.local_model: {models: []}", "run.local_model", "nothing_can_pass"),
    ("run.local_model: {addresses: [10.0.0.1]}", "run.local_model", "dead_entry"),
    ("subject.consent_valid: {states: []}", "subject.consent_valid", "nothing_can_pass"),
    ("record.working_time: {week: {}}", "record.working_time", "nothing_can_pass"),
    ("subject.validity: {max: P0D}", "subject.validity", "nothing_can_pass"),
    ("subject.validity: {max: P90Y}", "subject.validity", "dead_gate"),
    ("record.lookback: {max: P0D}", "record.lookback", "nothing_can_pass"),
    ("record.lookback: {max: P90Y, before_notice: allow}", "record.lookback", "dead_gate"),
    ("record.volume: {max: 0}", "record.volume", "nothing_can_pass"),
    ("record.volume: {max: 1000000}", "record.volume", "dead_gate"),
    ("output.support: {records: 1, days: 1}", "output.support", "dead_gate"),
    ("record.volume: {max: 2}, output.support: {records: 3}", "output.support", "nothing_can_pass"),
    ("record.volume: {max: 2}", "record.source", "inherited"),
    ("run.legal_basis: {bases: []}", "run.legal_basis", "nothing_can_pass"),
    ("run.legal_basis: {consent_role: []}", "run.legal_basis", "nothing_can_pass"),
    ("run.legal_basis: {bases: [eu-gdpr:A6-1-a], consent_role: [safeguard]}", "run.legal_basis", "nothing_can_pass"),
    ("run.legal_basis: {bases: [eu-gdpr:A6-1-a, eu-gdpr:A6-1-f]}", "run.legal_basis", "dead_entry"),
    ("run.legal_basis: {consent_role: [legal_basis, safeguard]}", "run.legal_basis", "dead_entry"),
    ("run.impact_assessment: {documents: []}", "run.impact_assessment", "nothing_can_pass"),
    ("run.impact_assessment: {max_age: P0D}", "run.impact_assessment", "nothing_can_pass"),
    ("run.impact_assessment: {required: false}", "run.impact_assessment", "dead_gate"),
    ("run.collective_agreement: {documents: []}", "run.collective_agreement", "nothing_can_pass"),
    ("run.collective_agreement: {required_if_body_exists: false}", "run.collective_agreement", "dead_gate"),
    ("run.notice: {lead: P0D, acknowledged: false, language: any}", "run.notice", "dead_gate"),
    ("run.notice: {lead: P12M}, subject.validity: {max: P6M}", "run.notice", "conflict"),
    ("run.dual_control: {approvals: 3, roles: [hr, dpo]}", "run.dual_control", "nothing_can_pass"),
    ("run.dual_control: {approvals: 1, roles: []}", "run.dual_control", "nothing_can_pass"),
    ("run.dual_control: {max_age: P0D}", "run.dual_control", "nothing_can_pass"),
    ("run.dual_control: {max_age: P5D}, subject.cooling_off: {}", "run.dual_control", "conflict"),
    ("run.jurisdiction: {packs: []}", "run.jurisdiction", "nothing_can_pass"),
    ("run.jurisdiction: {packs: [cn]}, run.notice: {}", "run.jurisdiction", "nothing_can_pass"),
    ("run.jurisdiction: {packs: [eu]}", "run.jurisdiction", "dead_entry"),
    ("subject.no_detriment: {by: []}", "subject.no_detriment", "nothing_can_pass"),
    ("subject.no_detriment: {by: [subject]}, run.dual_control: {}", "subject.no_detriment", "nothing_can_pass"),
    ("subject.cooling_off: {signature_to_run: P12M}, subject.validity: {max: P12M}", "subject.cooling_off",
     "nothing_can_pass"),
    ("subject.cooling_off: {notice_to_signature: P0D, signature_to_run: P0D}", "subject.cooling_off", "dead_gate"),
    ("subject.vulnerable_time: {states: [active]}", "subject.vulnerable_time", "nothing_can_pass"),
    ("subject.delegate: {witnesses: 0, max: P60Y}", "subject.delegate", "dead_gate"),
    ("record.label: {deny: []}", "record.label", "dead_gate"),
    ("segment.pii: {engines: []}", "segment.pii", "nothing_can_pass"),
    ("output.subject_review: {window: P0D}", "output.subject_review", "nothing_can_pass"),
    ("output.verbatim: {max_words: 5000}", "output.verbatim", "dead_gate"),
    ("output.withhold: {kinds: []}", "output.withhold", "dead_gate"),
    ("output.identity: {cap: 100}", "output.identity", "dead_gate"),
    ("output.benefit: {terms: none}", "output.benefit", "dead_gate"),
    ("lifecycle.raw_retention: {max: P90Y}", "lifecycle.raw_retention", "dead_gate"),
    ("lifecycle.access: {within: P90Y}", "lifecycle.access", "dead_gate"),
    ("lifecycle.log: {keep_max: P1M}", "lifecycle.log", "conflict"),
]  # fmt: skip


@pytest.mark.parametrize(("gates", "gate", "code"), FINDINGS)
def test_lint_finds_what_is_surely_not_meant(gates: str, gate: str, code: str) -> None:
    assert (gate, code) in [(finding.gate, finding.code) for finding in lint(policy(gates))]


PROTECTED = [
    "#betriebsrat-intern", "BR/Betriebsratssitzung", "works-council", "Works_Council@example.com",
    "comité d'entreprise",
    "comité d’entreprise", "délégués du personnel", "Gewerkschaft", "gewerkschaftliches", "trade-unions", "union",
    "Betriebsarzt Termine", "médecine du travail", "sick.leave", "ombudsperson", "grievance-2026", "whistleblowing",
    "speak-up", "lanceurs d'alerte", "canal-ético", "legal", "legal-emea", "Rechtsabteilung", "asesoría jurídica",
    "Privat", "INBOX/Private", "personal", "sindacato", "związki zawodowe", "ｌｅｇａｌ", "vakbonden", "#jav",
    "上海工会群", "payments-工会", "举报邮箱", "职工代表大会", "法务部",
]  # fmt: skip
HARMLESS = [
    "general", "payments", "illegal-states", "paralegals-demo", "reunion", "communion", "unionfind", "privateer",
    "medicals2", "br", "inbox", "release-2026", "counselor-app", "personalization", "bembel", "strikethrough", "",
    "支付讨论", "工程师", "工具",
]  # fmt: skip


@pytest.mark.parametrize("place", PROTECTED)
def test_protected_places_are_found_in_many_languages(place: str) -> None:
    assert matcher(WORDS).search(fold(place))


@pytest.mark.parametrize("place", HARMLESS)
def test_words_match_whole_words_only(place: str) -> None:
    assert not matcher(WORDS).search(fold(place))
