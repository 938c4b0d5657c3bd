"""The report in every language: the same checks, the same script, and nothing that is said in one language only."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter
from typing import Any, get_args

import pytest
from report_world import NOW, Opened, World, open_file

import govern.report
from bench.report import filled
from extract.distil.claims import KINDS, Mode
from extract.evaluate import told
from govern.report import making, texts
from govern.report.page import Report, page

AT = datetime(2026, 3, 4, tzinfo=UTC)
OTHERS = tuple(lang for lang in texts.LANGUAGES if lang != "en")
HERE = Path(govern.report.__file__).parent
SOURCES = "\n".join(
    (HERE / name).read_text("utf-8") for name in ("page.py", "charts.py", "check.js", "texts/__init__.py")
)


def flat(lang: str) -> dict[str, str]:
    """Every sentence by its key, those of the script by theirs."""
    own = dict(texts.load(lang))
    script = dict(own.pop("script"))
    reasons = script.pop("reasons")
    found = {**own, **{f"script.{k}": v for k, v in script.items()}, **{f"reason.{k}": v for k, v in reasons.items()}}
    return {key: str(value) for key, value in found.items()}


def values(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


@pytest.mark.parametrize("lang", OTHERS)
def test_every_language_says_everything_with_the_same_values(lang: str) -> None:
    english, spoken = flat("en"), flat(lang)
    assert list(spoken) == list(english)
    for key, sentence in spoken.items():
        assert values(sentence) == values(english[key]), key
        assert sentence, key
        assert "<" not in sentence, key
        assert sentence.count("`") == english[key].count("`"), key
    assert [key for key, said in spoken.items() if said == english[key] and len(said) > 12] == []


def test_every_text_is_used_and_every_code_has_a_word() -> None:
    begun = set(re.findall(r"""f["']([a-z]+_)\{|["'`]?\{name\}(_[a-z]+)""", SOURCES))
    starts, ends = {a for a, _ in begun if a}, {b for _, b in begun if b}
    unused = [
        key
        for key in (k.partition(".")[2] if "." in k else k for k in flat("en") if not k.startswith("reason."))
        if not re.search(rf"""["'.]{key}\b""", SOURCES)
        and not any(key.startswith(start) for start in starts)
        and not any(key.endswith(end) for end in ends)
    ]
    assert unused == []
    known = flat("en")
    words = [f"kind_{kind}" for kind in KINDS] + [f"mode_{mode}" for mode in get_args(Mode)]
    assert [word for word in words if word not in known] == []


def test_the_english_of_an_evaluation_is_that_of_the_terminal() -> None:
    said = texts.Said("en")
    assert said("evaluation_text") == told.LIMITS
    for name, words in told._CONTEXTS.items():
        assert said(f"context_{name}") == words


@pytest.fixture(scope="module")
def spoken(released: World, log_key: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The report about the skill, by language."""
    folder = tmp_path_factory.mktemp("spoken")
    for lang in texts.LANGUAGES:
        released.done(
            *("audit", "report", "-o", folder / f"{lang}.html", released.skill, "--log-key", log_key),
            *("--lang", lang, *NOW),
        )
    return {lang: folder / f"{lang}.html" for lang in texts.LANGUAGES}


def test_every_language_has_the_same_script_and_the_same_evidence(spoken: dict[str, Path]) -> None:
    parts = {
        lang: re.findall(r"<script[^>]*>(.*?)</script>", file.read_text("utf-8"), re.DOTALL)
        for lang, file in spoken.items()
    }
    assert len(parts["en"]) == 2
    assert parts["de"] == parts["en"] == parts["zh"]


@pytest.mark.parametrize("lang", OTHERS)
def test_no_english_sentence_is_left_outside_what_is_marked_as_english(spoken: dict[str, Path], lang: str) -> None:
    main = spoken[lang].read_text("utf-8").partition("<main>")[2].partition("</main>")[0]
    own = re.sub(r'<ul class="checks" lang="en">.*?</ul>', "", main, flags=re.DOTALL)
    assert own != main
    english = [said for said in flat("en").values() if len(said) > 25 and "{" not in said and "`" not in said]
    assert len(english) > 50
    assert [said for said in english if said in own] == []


@pytest.mark.parametrize("lang", OTHERS)
def test_every_check_holds_and_a_changed_page_fails_in_every_language(
    browser: Any, spoken: dict[str, Path], log_key: str, tmp_path: Path, lang: str
) -> None:
    said = texts.script()[lang]
    opened = open_file(browser, spoken[lang]).wait().give_key(log_key)
    assert set(opened.verdicts.values()) == {said["holds"]}
    assert opened.line == said["sum"].format(holds=12, failed=0, unchecked=0)
    assert {cell.inner_text() for cell in opened.page.query_selector_all("#entries .verdict")} == {said["logged"]}
    assert {row.get_attribute("lang") for row in opened.page.query_selector_all("[data-check] .found")} == {lang}
    assert opened.said == []

    file = tmp_path / "changed.html"
    text = spoken[lang].read_text("utf-8")
    assert 'data-figure="left out">1<' in text
    file.write_text(text.replace('data-figure="left out">1<', 'data-figure="left out">0<', 1), "utf-8")
    changed = opened.show(file)
    assert changed.verdicts["figures"] == said["failed"]
    assert changed.line.endswith(said["warning"])
    assert changed.page.get_attribute("[data-check=figures] .found", "lang") == "en"
    assert changed.page.get_attribute("[data-check=key] .found", "lang") == lang


def test_a_language_that_is_not_known_to_the_script_checks_nothing(
    browser: Any, spoken: dict[str, Path], tmp_path: Path
) -> None:
    file = tmp_path / "changed.html"
    file.write_text(spoken["de"].read_text("utf-8").replace('<html lang="de">', '<html lang="xx">', 1), "utf-8")
    opened = open_file(browser, file)
    opened.page.wait_for_load_state("load")
    assert set(opened.verdicts.values()) == {texts.script()["de"]["unchecked"]}


@pytest.mark.parametrize("lang", OTHERS)
def test_large_numbers_are_written_as_in_that_language_and_compared_so(browser: Any, tmp_path: Path, lang: str) -> None:
    made = making.of_workspace(filled(tmp_path / ".govern", 400), AT)
    assert made.figures.flow["seen"] > 10_000
    file = tmp_path / "report.html"
    file.write_bytes(page(made, lang))
    wanted = f"{made.figures.flow['seen']:,}".replace(",", {"de": "\u202f", "zh": ","}[lang])
    opened = open_file(browser, file).wait()
    assert opened.page.inner_text("[data-figure=seen] >> nth=0") == wanted
    assert opened.verdicts["figures"] == texts.script()[lang]["holds"]


def test_decimals_are_written_as_in_german(released: World, log_key: str) -> None:
    made = making.of_skill(released.skill.read_bytes(), log_key, AT)
    gains = {"own_over_placebo": [90_000, 40_000, 150_000]}
    text = page(Report(made.evidence, AT, evaluation={"gain": {"gains": gains}}), "de").decode()
    assert '<td class="n">+0,090</td><td class="n">+0,040 bis +0,150</td>' in text
    assert "dieser Skill, gegen Rat, der zu jeder Arbeit passt" in text


@pytest.mark.parametrize("width", [320, 1100])
@pytest.mark.parametrize("lang", OTHERS)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    browser: Any, spoken: dict[str, Path], lang: str, width: int
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    opened: Opened = open_file(browser, spoken[lang], width=width).wait()
    found = Axe().run(opened.page).response["violations"]
    assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []
    assert opened.page.evaluate("document.documentElement.scrollWidth") == width
    assert opened.page.get_attribute("html", "lang") == lang
    opened.page.context.close()
