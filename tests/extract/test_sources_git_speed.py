"""The quick ways of the repository reader say the same as the slow ones, and units travel to other processes."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from source_world import git, repository

from extract import markers
from extract.sources import trailers
from extract.sources.git import GitSource
from extract.sources.prose import is_plain
from extract.spans import split_chat

ME = "mailto:maren@works.example"
LINES = [
    "Load the ledger once",
    "docs: say why",
    "Oops. This reverts commit 0123456789012345678901234567890123456789.",
    "This reverts commit 0123456789012345678901234567890123456789.",
    "Reported-by: Tomas Lind <tomas@works.example>",
    "Fixed by Tomas",
    "co-authored-by: Ida Moss <ida@works.example>",
    "Signed-off-by: Maren Holt <maren@works.example>",
    "Change-Id: 7",
    "Merge branch 'x'",
    "Conflicts:",
    "#\tboth modified",
    "ask tomas@works.example",
    "",
    "  indented",
    "- a bullet",
    "* another: with a colon",
    "Changes:",
    "Closes #7",
    "> quoted",
    "At 10:15 Tomas wrote:",
    "On Mon, 2 Mar 2026 Tomas <tomas@works.example> wrote:",
    "Tomas wrote",
    "| one | two |",
    ": a bar",
    ": another",
    "-----Original Message-----",
    "Original Message",
    "original message:",
    "Begin forwarded message:",
    "From: Tomas Lind",
    "To: Maren",
    "Subject: Ledger",
    "Sent: Monday",
    "Cc: Ida",
    "Re: ledger",
    "diff --git a/x b/x",
    "--- a/x",
    "+++ b/x",
    "@@ -1 +1 @@",
    "Index: x",
    " x | 3 ++-",
    " 1 file changed, 2 insertions(+)",
    " create mode 100644 x",
    "```",
    "10:15:00 loaded",
    "2026-03-02 10:15:00 loaded",
    "Traceback (most recent call last)",
    "make: *** [all] Error 1",
    "x.c:7: error: no",
    "x.c:7:2: warning: no",
    "$ ls",
    "0x00007fff 00000001 00000002",
    "deadbeef 00000001 00000002",
    "A" * 60,
    "https://works.example/" + "a" * 60,
    "Quoting Tomas:",
    "According to Tomas:",
    "_____",
    "=====",
    "Tomas updated the ticket:",
    "--- Comment #4 from Tomas ---",
    "Von: Tomas",
    "Betreff: Ledger",
    "\x0b> odd",
    "\x1c| odd",
    "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001",
    "X-Mailer: y",
    "Message-ID: z",
    "In [1]: x",
    "Message from Tomas",
    "Gr\u00fc\u00dfe",
    "mailto:tomas",
    "02/17/2000 10:43 AM",
    "Please respond to Tomas",
    "\uff1e quoted",
]
MESSAGES = st.lists(st.sampled_from(LINES) | st.text("ab:>|<@-*# \t\x0b", max_size=12), max_size=8).map("\n".join)


@given(MESSAGES)
@example("Load once\n\n- first\n- second\n\nThat is all.")
def test_what_is_called_plain_is_all_the_authors(text: str) -> None:
    if is_plain(text):
        assert {span.kind for span in split_chat(text, ME)} <= {"own"}


@pytest.mark.parametrize(
    "line", ["Load the ledger once", "docs: say why", "- a bullet", "Closes #7", "It was <= 3 -> 4."]
)
def test_usual_messages_are_plain(line: str) -> None:
    assert is_plain(f"Load once\n\n{line}")


@given(MESSAGES, st.booleans(), st.sampled_from([ME, ""]))
def test_the_quick_way_through_a_message_says_what_the_long_one_says(text: str, merge: bool, author: str) -> None:
    quick = trailers.split(text, author, merge=merge)
    title = trailers._MACHINE_LINE.match(text) is not None or text.startswith(('Revert "', 'Reapply "'))
    assert quick == trailers._split(text, author, merge=merge, machine_title=title)


def test_a_source_and_its_units_travel_and_read_the_same(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", "first", "fixup! first")
    git(repo, "commit", "-q", "--allow-empty", "-m", "second", GIT_AUTHOR_EMAIL="maren@laptop.local")
    (repo / ".mailmap").write_text("Maren Holt <maren@works.example> <maren@laptop.local>\n")
    git(repo, "add", ".mailmap")
    git(repo, "commit", "-q", "-m", "Add the mailmap")
    source = GitSource(repo)
    copy = pickle.loads(pickle.dumps(source))
    units = list(source.units())
    assert [source.read(u) for u in units] == [copy.read(pickle.loads(pickle.dumps(u))) for u in reversed(units)][::-1]
    # Links are complete when the units are, before any of them is read.
    assert len(source.links) == 1
    assert all(u.size == len(u.payload) for u in units)


def test_a_pickled_source_is_the_same_in_every_process(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", "first")
    code = (
        "import sys, pickle; from pathlib import Path; from extract.sources.git import GitSource;"
        "s = GitSource(Path(sys.argv[1])); a = pickle.dumps(s); u = list(s.units());"
        "print(a.hex(), pickle.dumps(u).hex())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code, str(repo)],
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_detecting_looks_and_never_raises(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", "first")
    git(repo, "bundle", "create", "-q", str(tmp_path / "b.bundle"), "--all")
    git(repo, "clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    (tmp_path / "letter").write_text("Dear all\n")
    (tmp_path / "folder").mkdir()
    names = ("r", "b.bundle", "bare.git", "letter", "folder", "nothing", "letter/inside")
    assert [GitSource.detect(tmp_path / name) for name in names] == [True, True, True, False, False, False, False]


def test_a_line_end_of_another_system_is_one(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", "Load once\r\n\r\nTwice doubles the totals.")
    source = GitSource(repo)
    (record,) = [source.read(u) for u in source.units()]
    assert getattr(record, "text", "") == "Load once\n\nTwice doubles the totals."


def test_every_announcement_of_a_message_holds_a_word_that_is_looked_for() -> None:
    for phrase in (*markers._ORIGINAL, *markers._FORWARDED):
        line = f"----- {phrase} -----"
        if markers.ORIGINAL.match(line) or markers.FORWARDED.match(line):
            assert not is_plain(f"Load once\n\n{phrase}\n\nThe ledger")
