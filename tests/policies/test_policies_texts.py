"""The sentences of every gate in every language, and the manual that is made of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies import manual
from policies.catalogue import GATES
from policies.sentences import LANGUAGES, labels, sentences

ROOT = Path(__file__).resolve().parents[2]
END = {"en": ".", "de": ".", "zh": "。"}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_gate_has_its_sentences_in_the_order_of_the_gates(lang: str) -> None:
    assert list(sentences(lang)) == list(GATES)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("gate", GATES)
def test_worker_and_hr_get_one_sentence_each(gate: str, lang: str) -> None:
    said = sentences(lang)[gate]
    assert said.worker != said.hr
    for sentence in (said.worker, said.hr):
        assert sentence.endswith(END[lang])
        assert ". " not in sentence
        assert sentence.count("。") == (lang == "zh")
        assert sentence == sentence.strip()


@pytest.mark.parametrize("reader", ["worker", "hr"])
def test_no_sentence_stands_under_two_gates(reader: str) -> None:
    for lang in LANGUAGES:
        found = [getattr(said, reader) for said in sentences(lang).values()]
        assert len(set(found)) == len(found)


@pytest.mark.parametrize("gate", GATES)
def test_a_translation_is_one(gate: str) -> None:
    said = {lang: sentences(lang)[gate] for lang in LANGUAGES}
    assert len({s.worker for s in said.values()}) == len({s.hr for s in said.values()}) == 3
    for sentence in (said["zh"].worker, said["zh"].hr):
        han = sum("\u4e00" <= c <= "\u9fff" for c in sentence)
        assert han > len(sentence) / 2
    for lang in ("en", "de"):
        assert not any("\u4e00" <= c <= "\u9fff" for c in said[lang].worker + said[lang].hr)


@pytest.mark.parametrize(
    "word", ["compliant", "compliance", "lawful", "guarantee", "konform", "rechtmäßig", "合规", "合法"]
)
def test_no_sentence_promises_what_only_counsel_can_say(word: str) -> None:
    for lang in LANGUAGES:
        for said in sentences(lang).values():
            assert word not in (said.worker + said.hr).lower()


def test_the_labels_differ_by_language() -> None:
    assert len({labels(lang).floor for lang in LANGUAGES}) == 3


def test_there_is_no_fourth_language() -> None:
    with pytest.raises(KeyError):
        sentences("fr")


def test_the_manual_in_the_docs_is_what_the_code_says() -> None:
    # After a change of gates, texts or policies: python -m policies.manual
    assert (ROOT / "docs" / "gates.md").read_text("utf-8") == manual.manual()


def test_checking_the_manual_tells_a_file_that_is_not_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "gates.md"
    assert manual.main(["--check", str(path)]) == 1
    assert manual.main([str(path)]) == 0
    assert manual.main(["--check", str(path)]) == 0
    path.write_text(path.read_text("utf-8").replace("P14D", "P13D", 1), "utf-8")
    assert manual.main(["--check", str(path)]) == 1
    assert "python -m policies.manual" in capsys.readouterr().err


def test_the_manual_names_every_gate_parameter_and_source() -> None:
    text = manual.manual()
    for gate, spec in GATES.items():
        part = text[text.index(f"### {gate}\n") :].partition("\n### ")[0]
        assert spec.source in part
        for name in spec.params.orders():
            assert f"| `{name}` |" in part
        for lang in LANGUAGES:
            assert sentences(lang)[gate].worker in part
            assert sentences(lang)[gate].hr in part
