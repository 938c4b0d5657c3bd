"""The consent record: one form, strict, and nothing else is accepted."""

import json
from datetime import UTC, date, datetime

import pytest
from consent_world import MAREN, World, key_of
from hypothesis import given
from hypothesis import strategies as st

from attest import canonical
from consent import build, notice
from consent.errors import RecordError
from consent.record import MAX_PAYLOAD, ConsentRecord, parse


def document() -> dict:
    return World().record(withhold=["people_network"], refused=["onboarding"]).to_document()


def test_a_record_round_trips_through_its_payload() -> None:
    payload = World().record(refused=["onboarding"]).to_payload()
    assert parse(payload).to_payload() == payload


def test_the_payload_is_what_canonical_json_says() -> None:
    record = World().record()
    assert canonical.loads(record.to_payload()) == record.to_document()


BAD = {
    "unknown_key": lambda d: d | {"bonus": 1},
    "unknown_key_in_a_choice": lambda d: d | {"choices": [d["choices"][0] | {"bonus": 1}]},
    "missing_key": lambda d: {k: v for k, v in d.items() if k != "nonce"},
    "other_schema": lambda d: d | {"schema": "govern-consent/2"},
    "unknown_event": lambda d: d | {"event": "assumed"},
    "uppercase_pid": lambda d: d | {"subject": d["subject"] | {"pid": "P-4k7q2m9x"}},
    "look_alike_pid": lambda d: d | {"subject": d["subject"] | {"pid": "р-4k7q2m9x"}},
    "pid_with_newline": lambda d: d | {"subject": d["subject"] | {"pid": "p-4k7q2m9x\n"}},
    "local_time": lambda d: d | {"event_time": "2026-11-22T10:00:00+01:00"},
    "naive_time": lambda d: d | {"event_time": "2026-11-22T10:00:00"},
    "impossible_time": lambda d: d | {"event_time": "2026-02-30T10:00:00Z"},
    "number_for_time": lambda d: d | {"event_time": 1763805600},
    "short_nonce": lambda d: d | {"nonce": "00"},
    "other_spelling_of_a_year": lambda d: d | {"validity": "P1Y"},
    "no_validity": lambda d: d | {"validity": "P0D"},
    "version_as_text": lambda d: d | {"policy": d["policy"] | {"version": "1"}},
    "version_as_bool": lambda d: d | {"policy": d["policy"] | {"version": True}},
    "long_digest": lambda d: d | {"policy": d["policy"] | {"sha256": "a" * 65}},
    "uppercase_digest": lambda d: d | {"policy": d["policy"] | {"sha256": "A" * 64}},
    "no_choices": lambda d: d | {"choices": []},
    "purpose_twice": lambda d: d | {"choices": [d["choices"][0], d["choices"][0]]},
    "undecided_choice": lambda d: d | {"choices": [{"purpose": "onboarding", "decision": "maybe"}]},
    "given_without_limits": lambda d: d | {"choices": [{"purpose": "onboarding", "decision": "given"}]},
    "refused_with_limits": lambda d: d | {"choices": [d["choices"][0] | {"decision": "refused"}]},
    "refused_under_given": lambda d: d | {"choices": [{"purpose": "onboarding", "decision": "refused"}]},
    "given_under_refused": lambda d: d | {"event": "refused"},
    "given_under_withdrawn": lambda d: d | {"event": "withdrawn"},
    "refused_under_renewed": lambda d: d | {"event": "renewed"},
    "period_backwards": lambda d: d | {"choices": [d["choices"][0] | {"from": "2026-12-01"}]},
    "impossible_day": lambda d: d | {"choices": [d["choices"][0] | {"until": "2026-02-30"}]},
    "week_date": lambda d: d | {"choices": [d["choices"][0] | {"until": "2026-W01-1"}]},
    "source_twice": lambda d: d | {"choices": [d["choices"][0] | {"sources": ["mail.work", "mail.work"]}]},
    "no_way_to_withdraw": lambda d: d | {"withdrawal": []},
    "control_character": lambda d: d | {"withdrawal": ["portal\x1b[2J"]},
    "null_list": lambda d: d | {"withhold": None},
    "text_for_list": lambda d: d | {"withhold": "people_network"},
}  # fmt: skip


@pytest.mark.parametrize("defect", BAD)
def test_a_record_with_a_defect_is_refused(defect: str) -> None:
    with pytest.raises(RecordError):
        parse(canonical.dumps(BAD[defect](document())))


def test_duplicate_keys_are_refused() -> None:
    payload = canonical.dumps(document())
    assert payload.startswith(b'{"actor":')
    with pytest.raises(RecordError, match="canonical"):
        parse(b'{"event":"refused",' + payload[1:])


@pytest.mark.parametrize(
    "rewrite",
    [lambda b: b + b"\n", lambda b: b.replace(b":", b": ", 1), lambda b: b"\xef\xbb\xbf" + b],
)
def test_another_spelling_of_the_same_record_is_refused(rewrite) -> None:
    with pytest.raises(RecordError):
        parse(rewrite(canonical.dumps(document())))


def test_reordered_keys_are_refused() -> None:
    backwards = dict(sorted(document().items(), reverse=True))
    with pytest.raises(RecordError):
        parse(json.dumps(backwards, separators=(",", ":")).encode())


def test_a_float_is_refused_even_when_it_is_whole() -> None:
    version = f'"version":{document()["policy"]["version"]}}}'.encode()
    payload = canonical.dumps(document()).replace(version, version[:-1] + b".0}")
    assert b".0}" in payload
    with pytest.raises(RecordError):
        parse(payload)


def test_a_huge_record_is_refused_before_it_is_read() -> None:
    with pytest.raises(RecordError, match="longer"):
        parse(b"[" * (MAX_PAYLOAD + 1))


@given(st.binary(max_size=200))
def test_bytes_that_are_no_record_raise_one_error(data: bytes) -> None:
    with pytest.raises(RecordError):
        parse(data)


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_changing_any_byte_changes_the_record_or_refuses_it(position: int, byte: int) -> None:
    payload = World().record().to_payload()
    position %= len(payload)
    changed = payload[:position] + bytes([byte]) + payload[position + 1 :]
    if changed == payload:
        return
    try:
        record = parse(changed)
    except RecordError:
        return
    assert record.sha256 != parse(payload).sha256


def test_a_message_does_not_quote_the_record() -> None:
    bad = document() | {"parties": [{"id": "org:a", "role": "controller", "name": "Maren Holt\x00", "contact": "x"}]}
    with pytest.raises(RecordError) as caught:
        parse(canonical.dumps(bad))
    assert "Maren" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_validity_is_counted_in_calendar_months() -> None:
    world = World(now=datetime(2028, 1, 31, 9, 30, tzinfo=UTC))
    assert world.record(validity="P1M").end == datetime(2028, 2, 29, 9, 30, tzinfo=UTC)


def test_arguments_that_make_no_record_are_refused() -> None:
    world = World()
    with pytest.raises(RecordError, match="validity"):
        world.record(validity="a year")
    with pytest.raises(RecordError):
        world.record(material_from=date(2026, 12, 1))
    with pytest.raises(RecordError):
        world.record(pid="Maren Holt")
    with pytest.raises(RecordError):
        world.record(purposes=[])


def test_two_spellings_of_the_validity_make_one_record() -> None:
    world = World()
    same = {"record_id": world.uuid(), "nonce": world.fresh(32)}
    assert world.record(validity="P1Y", **same).sha256 == world.record(validity="P12M", **same).sha256


def test_the_record_names_the_notice_by_digest_and_version() -> None:
    record, shown = World().record(), notice.load()
    assert (record.notice.sha256, record.notice.version, record.notice.lang) == (shown.sha256, shown.version, "en")
    assert shown.version.isdigit()


def test_there_is_no_notice_in_an_unknown_language() -> None:
    for lang in ("xx", "../floor", ""):
        with pytest.raises(RecordError):
            notice.load(lang)


def test_signing_gives_the_body_of_the_event() -> None:
    signed = build.sign(World().record(), key_of(MAREN))
    assert signed.event_type == "consent.given"
    assert set(signed.body) == {"pid", "record_sha256", "envelope"}
    assert canonical.dumps(signed.body["envelope"]) == signed.envelope


def test_the_builder_makes_strict_records() -> None:
    assert isinstance(World().record(), ConsentRecord)
    with pytest.raises(ValueError, match="frozen"):
        World().record().nonce = "x"  # type: ignore[misc]
