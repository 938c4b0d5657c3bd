"""The review at the terminal: each key, the order, undo and back; as a real process on a real terminal, too."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from office import govern
from release_world import QUOTES, World, claim
from review_world import draft_file

from extract.distil.claims import Claim
from extract.skill.review import Decision, Review
from govern.cli import review_dialogue
from govern.cli.review_dialogue import Keyboard, ask, page

CLAIMS = tuple(
    claim(number, text) for number, text in enumerate((*QUOTES, "Never restart the broker while the queue is full."), 1)
)
ACCEPTED, STRUCK = Decision("accepted"), Decision("struck")


def _asked(keys: Iterable[str], review: Review | None = None, claims: tuple[Claim, ...] = CLAIMS) -> tuple[Review, str]:
    """Return the review after the keys, and what was shown; a word longer than a key answers for words."""
    waiting, shown, kept = list(keys), list[str](), list[Review]()

    def next_key(prompt: str) -> str:
        shown.append(prompt)
        return waiting.pop(0) if waiting else "q"

    before = review or Review("x")
    after = ask(claims, before, Keyboard(next_key, next_key), shown.append, kept.append)
    # What is stored is always what was said last.
    assert (kept[-1] if kept else before).to_bytes() == after.to_bytes()
    return after, "\n".join(shown)


def test_one_key_decides_one_claim() -> None:
    review, shown = _asked(["a", "s", "c", "Name the unit.", "A"])
    assert review.decisions == {
        "c001": ACCEPTED, "c002": STRUCK, "c003": Decision("corrected", "Name the unit."), "c004": ACCEPTED,
    }  # fmt: skip
    assert "[4 of 4 open]" in shown
    assert "[0 of 4 open]" in shown
    assert "Every claim is decided" in shown


def test_undo_takes_back_one_word_after_the_other_and_shows_that_claim_again() -> None:
    review, _ = _asked(["a", "s", "u", "u", "s"])
    assert review.decisions == {"c001": STRUCK}
    review, shown = _asked(["u"])
    assert review.decisions == {}
    assert "Nothing to undo" in shown


def test_what_is_left_open_comes_again_at_the_end() -> None:
    review, _ = _asked(["n", "a", "a", "a", "s"])
    assert review.decisions == {"c001": STRUCK, "c002": ACCEPTED, "c003": ACCEPTED, "c004": ACCEPTED}


def test_back_returns_to_a_decided_claim_also_from_the_end() -> None:
    review, shown = _asked(["a", "b", "s"])
    assert review.decisions == {"c001": STRUCK}
    assert "you said: accepted" in shown
    review, _ = _asked([*"aaaa", "b", "s"])
    assert review.decisions["c004"] == STRUCK
    review, _ = _asked(["b", "b", "\x1b[D", "a"])
    assert review.decisions == {"c001": ACCEPTED}


def test_a_kind_is_withheld_by_its_number_and_undone_whole() -> None:
    review, shown = _asked(["a", "w", "4"])
    assert "4  pitfalls" in shown
    assert "You keep pitfalls: c004 withheld." in shown
    assert review.decisions == {"c001": ACCEPTED, "c004": Decision("withheld")}
    assert review.withheld == ("pitfalls",)
    review, _ = _asked(["a", "w", "4", "u"])
    assert (review.decisions, review.withheld) == ({"c001": ACCEPTED}, ())
    review, _ = _asked(["w", "x", "a"])
    assert (review.decisions, review.withheld) == ({"c001": ACCEPTED}, ())


def test_a_correction_without_words_or_with_stray_keys_leaves_the_claim_open() -> None:
    review, shown = _asked(["c", " ", "c", "Ask\x1b[D first."])
    assert review.decisions == {}
    assert "control characters" in shown


def test_a_wrong_key_decides_nothing_and_help_explains() -> None:
    review, shown = _asked(["x", "as", "", "\x1b[A", "h"])
    assert review.decisions == {}
    assert shown.count("No such key here") == 4
    assert "u  undo" in shown


def test_unsure_claims_come_first_and_a_review_goes_on_where_it_stopped() -> None:
    claims = (*CLAIMS[:3], replace(CLAIMS[3], entropy_millibits=2200))
    review, shown = _asked(["s"], claims=claims)
    assert review.decisions == {"c004": STRUCK}
    assert "(unsure)" in shown
    review, _ = _asked(["s"], review, claims)
    assert review.decisions == {"c004": STRUCK, "c001": STRUCK}


def test_a_page_has_the_evidence_beside_the_claim_or_below_it_and_moves_no_cursor() -> None:
    evil = replace(
        CLAIMS[0], evidence=(replace(CLAIMS[0].evidence[0], quote="\x1b[2J\x1b[Hc009 accepted [bold]\u202e"),)
    )
    wide, narrow = page(evil, Review("x"), 140), page(evil, Review("x"), 60)
    for text in (wide, narrow):
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "[bold]" in text
        assert "1 record, 2 threads, 2 days; 2026-01-05 to 2026-02-05" in " ".join(text.split())
        assert "procedure 70 %" in text
    first = wide.splitlines()[1]
    assert first.startswith("c001")
    assert "#0:" in first
    assert narrow.index("to keep") < narrow.index("#0:")


def test_lines_are_read_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    typed = tmp_path / "typed"
    typed.write_text("s\nc\nName the unit.\n", "utf-8")
    with typed.open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        review = ask(CLAIMS, Review("x"), review_dialogue.keyboard(), lambda _: None, lambda _: None)
    assert review.decisions == {"c001": STRUCK, "c002": Decision("corrected", "Name the unit.")}


def test_on_a_terminal_single_keys_decide_and_what_was_said_outlives_an_interrupt(tmp_path: Path) -> None:
    world = World(tmp_path).begin()
    made, path = draft_file(world)
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "govern", "--workspace", world.workspace.root, "skill", "review", path],
        stdin=side, stdout=side, stderr=side, start_new_session=True, cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    os.close(side)
    try:
        for prompt, key in (("3 of 3", "s"), ("2 of 3", "u"), ("3 of 3", "a"), ("2 of 3", "c")):
            _wait(main, prompt)
            _press(main, key)
        _wait(main, "In your words")
        os.write(main, b"Tag, then build.\r")
        _wait(main, "1 of 3")
        # Somebody comes in at another terminal.
        second = govern("skill", "review", path, "--strike", "c001", workspace=world.workspace.root)
        assert (second.code, "another review of this draft is open" in second.err) == (1, True)
        _press(main, "\x03")
        assert process.wait(20) == 130
    finally:
        process.kill()
        process.wait()
        os.close(main)
    stored = Review.from_bytes(world.workspace.review_path(made.extraction_id).read_bytes())
    assert stored.decisions == {"c001": ACCEPTED, "c002": Decision("corrected", "Tag, then build.")}


def _wait(terminal: int, text: str) -> None:
    shown, end = b"", time.monotonic() + 20
    while text.encode() not in shown:
        assert time.monotonic() < end, shown.decode(errors="replace")
        if select.select([terminal], [], [], 0.2)[0]:
            shown += os.read(terminal, 4096)


def _press(terminal: int, key: str) -> None:
    # What is typed before the program listens to single keys is thrown away, as a held key should be.
    end = time.monotonic() + 20
    while termios.tcgetattr(terminal)[3] & termios.ICANON:
        assert time.monotonic() < end
    os.write(terminal, key.encode())
