from __future__ import annotations

from redact.directory import Person
from redact.engine import Redactor
from redact.rescan import rescan

PEOPLE = (Person("p-1", ("Maren Holt",), ("maren.holt@example.com",), ("mholt",)),)


def redactor() -> Redactor:
    return Redactor(PEOPLE, (), ["example.com"], bytes(32))


def test_pseudonyms_and_placeholders_are_no_hits() -> None:
    text = "PERSON_001 asked PERSON_X0A1B2C3D_EMAIL and ORG_0A1B2C3D at [PHONE], [LOCATION]; key [SECRET]."
    assert rescan({"SKILL.md": text}, redactor()) == []


def test_a_known_name_is_found_with_its_file_and_place() -> None:
    (hit,) = rescan({"b.md": "fine", "a.md": "ask Maren first"}, redactor())
    assert (hit.file, hit.entity, hit.start, hit.end, hit.source, hit.certain) == (
        "a.md",
        "PERSON",
        4,
        9,
        "directory",
        True,
    )


def test_a_value_removed_in_the_run_is_found_where_no_detector_would_see_it() -> None:
    r = redactor()
    r.redact(["password=correct-horse-99 and Tamara Utsch wrote this"])
    hits = rescan({"a": "the words correct-horse-99 alone", "b": "so said TAMARA\nUTSCH yesterday"}, r)
    assert {h.file for h in hits} == {"a", "b"}
    assert "run" in {h.source for h in hits}


def test_nothing_is_reported_of_another_run() -> None:
    assert rescan({"a": "the words correct-horse-99 alone"}, redactor()) == []


def test_a_zero_width_space_does_not_hide_a_name() -> None:
    assert rescan({"a": "ask Ma\u200bren"}, redactor())


def test_a_trusted_line_silences_opinions_but_not_certain_findings() -> None:
    r = redactor()
    line = "Ask Priya Raghunathan in Lisbon"
    assert any(h.source == "ner" for h in rescan({"a": "we met in Lisbon"}, r))
    assert rescan({"a": "we met in Lisbon"}, r, trusted=["we met in Lisbon"]) == []
    assert rescan({"a": "ask Maren Holt"}, r, trusted=["ask Maren Holt"])
    assert rescan({"a": line}, r, trusted=["another line"])
