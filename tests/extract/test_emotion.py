"""Sentences about feelings: found by word and frame in three languages, cut whole, and ordinary work left alone."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract import emotion
from extract.records import TextSpan


@pytest.mark.parametrize(
    "text",
    [
        "I'm so frustrated with the new process.",
        "I\u2019m really\nstressed out these days",
        "We are all exhausted after the close.",
        "You make me mad.",
        "That hurt me, to be honest.",
        "Are you upset?",
        "She looked close to tears.",
        "I hate them.",
        "losing sleep over the migration",
        "My nerves!",
        "Ich bin total gestresst",
        "Das frustriert mich sehr.",
        "Heute fühle ich mich überfordert.",
        "Wir haben Angst.",
        "Mich macht das wütend? Nein, es macht mich traurig.",
        "könnte heulen",
        "我最近压力很大。",
        "他很生气",
        "我快崩溃了",
        "rollback again 😭",
    ],
)
def test_a_sentence_about_feelings_is_found(text: str) -> None:
    assert emotion.about_feelings(text)
    assert emotion.measure(text) > 0


@pytest.mark.parametrize(
    "text",
    [
        "Happy to help, sorry for the delay.",
        "I'm afraid we can't ship on Friday.",
        "I hope this works; I'm glad you asked.",
        "The pool is exhausted and the server was overwhelmed.",
        "kernel panic, not syncing",
        "I think the service gets overwhelmed when the queue is full.",
        "I don't like this API.",
        "I would love to see a test.",
        "Never merge on a Friday afternoon.",
        "My stress test passed.",
        "Der Server ist überlastet, die Datei ist fertig.",
        "Leider geht das nicht, tut mir leid.",
        "Ich freue mich auf die Antwort.",
        "我们的服务崩溃了，请回滚。",
        "请先运行测试，谢谢。",
    ],
)
def test_ordinary_work_is_left_alone(text: str) -> None:
    assert not emotion.about_feelings(text)
    assert emotion.cut(text) == (text, 0)
    assert emotion.measure(text) == 0


@pytest.mark.parametrize(
    ("text", "left", "count"),
    [
        ("Always tag first. I'm so angry! Then upload.", "Always tag first. Then upload.", 1),
        ("I'm angry, e.g. about the tags. Tag first.", "Tag first.", 1),
        ("boss changed the plan\ni am so fed up\ndeploy at five", "boss changed the plan\ndeploy at five", 1),
        ("Bitte erst testen. Ich bin genervt. Dann mergen.", "Bitte erst testen. Dann mergen.", 1),
        ("请先运行测试。我很难过。再合并。", "请先运行测试。再合并。", 1),
        ("I'm sad.\n\nI'm angry.", "", 2),
        (
            "This sentence is wrapped by a mail program because it is long, and I am\nfurious about it. Tag the build.",
            "Tag the build.",
            1,
        ),
    ],
)
def test_only_the_sentence_is_cut(text: str, left: str, count: int) -> None:
    assert emotion.cut(text) == (left, count)


@given(st.text(alphabet="ab I'm sad.\n!?。我很难过e.g, ", max_size=200))
def test_sentences_are_the_text_and_cutting_is_counted(text: str) -> None:
    assert "".join(emotion.sentences(text)) == text
    left, count = emotion.cut(text)
    assert (count > 0) == (emotion.measure(text) > 0)
    assert len(left) <= len(text) - emotion.measure(text)
    if not count:
        assert left == text


@given(st.lists(st.sampled_from(["I'm sad. ", "Tag it first. ", "ok\n", "Ich bin wütend.\n\n"]), max_size=8))
def test_nothing_about_feelings_is_left_after_cutting(parts: list[str]) -> None:
    left, _ = emotion.cut("".join(parts))
    assert not emotion.about_feelings(left)


def test_own_words_only_are_cut_and_counted() -> None:
    text = "I am sad. Tag it.\n> I am angry.\nI am furious."
    spans = (TextSpan(0, 18, "own", "a"), TextSpan(18, 32, "quoted", ""), TextSpan(32, len(text), "own", "a"))
    record: Any = SimpleNamespace(text=text, spans=spans)
    assert emotion.own_words(record) == ("Tag it.", 2)


def test_the_words_seldom_fire_on_ordinary_work(shared: Path) -> None:
    """Commits, issues and mails that were not looked at while the lists were made are in the figures of the docs."""
    issues = (shared / "data" / "pii" / "github_issues_dev.jsonl").read_text("utf-8").strip().split("\n")
    texts = [json.loads(line)["text"] for line in issues]
    with lzma.open(shared / "data" / "commits" / "datasette.jsonl.xz", "rt", encoding="utf-8") as file:
        texts += [str(json.loads(line).get("message") or "") for line in file]
    texts = [text for text in texts if text]
    assert len(texts) > 400
    fired = sum(emotion.measure(text) > 0 for text in texts)
    assert fired <= len(texts) / 500
