"""Explanations, lint findings, the catalogue, and the words of protected places."""

import pytest

from policies.catalogue import FLOOR_GATES, GATES, NOT_BUILT
from policies.errors import UnknownGateError
from policies.explain import explain, index
from policies.lint import lint
from policies.loader import load, parse, shipped
from policies.model import Policy
from policies.parameters import Order
from policies.places import WORDS, fold, matcher


def policy(gates: str) -> Policy:
    return parse(f"schema: govern-policy/1\nid: p\nversion: 1\ntitle: t\ngates: {{{gates}}}\n".encode(), "test")


BUILT = [
    "run.purpose",
    "run.local_model",
    "subject.consent_valid",
    "subject.scope",
    "subject.validity",
    "record.source",
    "record.private_conversation",
    "record.working_time",
    "record.lookback",
    "record.third_party",
    "record.special_category",
    "record.volume",
    "segment.pii",
    "segment.secret",
    "output.categories",
    "output.support",
    "output.subject_review",
    "output.residual_pii",
    "output.expiry",
    "lifecycle.withdrawal",
]


def test_the_catalogue_holds_the_gates_of_the_design() -> None:
    assert list(GATES) == BUILT
    assert len(NOT_BUILT) + len(GATES) == 48
    assert not set(NOT_BUILT) & set(GATES)
    assert set(BUILT) - set(FLOOR_GATES) == {"subject.validity", "record.lookback", "record.volume", "output.support"}


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


def test_a_gate_that_is_not_built_is_explained_as_such() -> None:
    assert "not built in this version" in explain("run.notice")


def test_explaining_an_unknown_gate_fails_with_a_guess() -> None:
    with pytest.raises(UnknownGateError) as caught:
        explain("record.thirdparty")
    assert "record.third_party" in (caught.value.hint or "")


def test_the_index_lists_every_built_gate() -> None:
    assert [gate for gate, _ in index()] == BUILT


@pytest.mark.parametrize("name", shipped())
def test_shipped_policies_have_no_findings(name: str) -> None:
    assert lint(load(name)) == []


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
]  # fmt: skip
HARMLESS = [
    "general", "payments", "illegal-states", "paralegals-demo", "reunion", "communion", "unionfind", "privateer",
    "medicals2", "br", "inbox", "release-2026", "counselor-app", "personalization", "bembel", "strikethrough", "",
]  # fmt: skip


@pytest.mark.parametrize("place", PROTECTED)
def test_protected_places_are_found_in_many_languages(place: str) -> None:
    assert matcher(WORDS).search(fold(place))


@pytest.mark.parametrize("place", HARMLESS)
def test_words_match_whole_words_only(place: str) -> None:
    assert not matcher(WORDS).search(fold(place))
