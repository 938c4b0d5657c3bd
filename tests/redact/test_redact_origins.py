"""The measuring stick of names by origin measures nothing but origin."""

from __future__ import annotations

import runpy
from collections import Counter, defaultdict
from pathlib import Path

from redact.measuring.gold import Gold, read_gold

HERE = Path(__file__).parents[1] / "gold"
MADE = runpy.run_path(str(HERE / "make_origins.py"))


def by_origin() -> dict[str, list[Gold]]:
    out = defaultdict(list)
    for gold in read_gold(HERE / "origins.jsonl"):
        out[gold.origin].append(gold)
    return out


def frame(gold: Gold) -> str:
    """Return a text without its names."""
    text = gold.text
    for m in sorted(gold.marks, reverse=True):
        text = text[: m.start] + f"<{m.entity}>" + text[m.end :]
    return text


def test_the_file_is_what_the_script_makes() -> None:
    assert (HERE / "origins.jsonl").read_text(encoding="utf-8") == MADE["lines"]()


def test_every_mention_is_a_name_of_its_origin() -> None:
    for origin, texts in by_origin().items():
        names = {n for full, given in MADE["people"](origin) for n in (full, given, full.lower())}
        assert {g.text[m.start : m.end] for g in texts for m in g.marks} <= names


def test_origin_is_all_that_varies() -> None:
    frames = {origin: Counter(map(frame, texts)) for origin, texts in by_origin().items()}
    assert len(frames) >= 14
    assert len({tuple(sorted(f.items())) for f in frames.values()}) == 1
    assert len({sum(len(g.marks) for g in texts) for texts in by_origin().values()}) == 1


def test_no_origin_says_a_person_twice() -> None:
    for origin in MADE["ORIGINS"]:
        assert len(set(MADE["people"](origin))) == MADE["PEOPLE"]


def test_both_halves_hold_every_origin() -> None:
    for origin, texts in by_origin().items():
        assert 4 <= sum(g.held_out for g in texts) <= len(texts) - 4, origin
