"""Who wrote which words: every span covers its place, and other people's words are never the author's."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.records import own_text
from extract.sources import html
from extract.spans import comparable, reclaim, split_chat, split_document, split_mail

ME = "mailto:maren@works.example"
THEIRS = "Please send me the ledger before noon."
MINE = "The ledger is on the share."


def own(text: str) -> str:
    return own_text(text, split_mail(text, ME))


LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "", "> quoted", ">> twice", "On Mon, 2 Mar 2026, Tomas Lind <t@x.example> wrote:", "-- ", "--",
                "____________",
                "-----Original Message-----", "From: a@x.example", "To: b@x.example", "Subject: s", "Date: 2 Mar 2026",
                "diff --git a/x b/x", "@@ -1,2 +1,2 @@", "Best regards,", "| bar", "Traceback (most recent call last):",
                "-----BEGIN PGP SIGNATURE-----", "To unsubscribe from this mailing list", "wrote:", "> wrote:", ">>> x",
            ]
        ),
        st.text(max_size=40).map(lambda s: s.replace("\n", " ")),
    ),
    max_size=25,
)  # fmt: skip


@given(LINES, st.sampled_from([ME, ""]))
def test_spans_cover_any_text_in_order_without_gaps(lines: list[str], author: str) -> None:
    text = "\n".join(lines)
    for spans in (split_mail(text, author), split_chat(text, author), split_document(text, author, 2)):
        assert "".join(text[s.start : s.end] for s in spans) == text
        assert all(s.end > s.start for s in spans)
        assert all(a.kind != b.kind for a, b in pairwise(spans))


@given(LINES)
def test_without_an_author_nothing_is_own(lines: list[str]) -> None:
    assert all(s.kind != "own" for s in split_mail("\n".join(lines), ""))


@given(st.lists(st.text(max_size=60).map(lambda s: s.replace("\n", " ")), max_size=8))
def test_marked_lines_are_never_own_whatever_stands_around_them(lines: list[str]) -> None:
    text = "\n".join(part for line in lines for part in (line, "> " + THEIRS))
    assert THEIRS not in own(text)


@pytest.mark.parametrize(
    "quotation",
    [
        f"On Mon, Mar 2, 2026 at 10:15 AM Tomas Lind <tomas@works.example> wrote:\n> {THEIRS}",
        f"On Mon, Mar 2, 2026 at 10:15 AM Tomas Lind <\ntomas@works.example> wrote:\n\n{THEIRS}",
        f"On Mon, Mar 2, 2026 at 10:15 AM Tomas Lind <tomas@works.example\n> wrote:\n\n{THEIRS}",
        f"Am 02.03.2026 um 10:15 schrieb Tomas Lind:\n{THEIRS}",
        f"Am Mo., 2. März 2026 um 10:15 Uhr schrieb Tomas Lind <\ntomas@works.example>:\n\n{THEIRS}",
        f"Le 2 mars 2026 à 10:15, Tomas Lind <tomas@works.example> a écrit :\n\n{THEIRS}",
        f"El 2 mar 2026, a las 10:15, Tomas Lind <tomas@works.example> escribió:\n\n{THEIRS}",
        f"Op 2 mrt. 2026 om 10:15 heeft Tomas Lind <tomas@works.example> het volgende geschreven:\n\n{THEIRS}",
        f"W dniu 2.03.2026 o 10:15, Tomas Lind pisze:\n> {THEIRS}",
        f"2 марта 2026 г., 10:15 пользователь Tomas Lind <tomas@works.example> написал:\n\n{THEIRS}",
        f"在 2026年3月2日，上午10:15，Tomas Lind <tomas@works.example> 写道：\n\n{THEIRS}",
        f"2026-03-02 10:15 GMT+01:00 Tomas Lind <tomas@works.example>:\n\n{THEIRS}",
        f"---- On Mon, 02 Mar 2026 10:15:00 +0100 Tomas Lind <tomas@works.example> wrote ----\n\n{THEIRS}",
        f"-----Original Message-----\nFrom: Tomas Lind\nSent: Monday\n\n{THEIRS}",
        f"-----Ursprüngliche Nachricht-----\n{THEIRS}",
        f"________________________________\nFrom: Tomas Lind <tomas@works.example>\nSent: Monday, March 2\n"
        f"To: Maren Holt\nSubject: ledger\n\n{THEIRS}",
        f"Von: Tomas Lind\nGesendet: Montag\nAn: Maren Holt\nBetreff: Konto\n\n{THEIRS}",
        f"*From:* Tomas Lind <tomas@works.example>\n*Date:* Monday\n*To:* Maren\n*Subject:* x\n\n{THEIRS}",
        f"Tomas Lind\n03/02/2026 10:15 AM\nTo: Maren Holt/WORKS\ncc:\nSubject: ledger\n\n{THEIRS}",
        f"---------- Forwarded message ---------\nFrom: T <t@works.example>\n\n{THEIRS}",
        f"--------------- Forwarded by Maren Holt/WORKS on 03/02/2026 10:15 AM ---------------\n\n{THEIRS}",
        f"Begin forwarded message:\n\n{THEIRS}",
        f"TL> {THEIRS}",
        f"| one bar\n| {THEIRS}",
        f"＞ {THEIRS}",
        f"--- Comment #4 from Tomas Lind <tomas@works.example> ---\n{THEIRS}",
    ],
)  # fmt: skip
def test_a_quotation_is_not_own_and_the_reply_above_it_is(quotation: str) -> None:
    assert own(f"{MINE}\n\n{quotation}\n") == MINE


def test_replies_between_marked_lines_stay_own() -> None:
    text = f"Tomas Lind wrote:\n> {THEIRS}\n\n{MINE}\n\n> And the index?\n\nRebuilt at night.\n"
    assert own(text) == f"{MINE}\n\nRebuilt at night."


def test_a_word_that_wrapped_out_of_a_quotation_stays_quoted() -> None:
    text = f"> {'x' * 66} which is why we keep the old\nschema.\n\n{MINE}"
    assert own(text) == MINE


def test_a_sentence_that_looks_like_an_attribution_is_own() -> None:
    text = "As Tomas wrote: load it twice.\nFrom Monday on we use the new path: it is faster.\n"
    assert own(text) == text.strip()


@pytest.mark.parametrize(
    "tail",
    [
        "-- \nMaren Holt\nPayments",
        "--\nMaren Holt\n+49 30 1234 5678",
        "Best regards,\nMaren Holt",
        "Mit freundlichen Grüßen\nMaren Holt",
        "Sent from my iPhone",
        "Von meinem iPhone gesendet",
        "_______________________________________________\ndev mailing list\ndev@lists.works.example",
        "This e-mail is confidential and intended only for the recipient. If you received it in error, delete it.",
        "Maren Holt\nPayments Engineer\nTel: +49 30 1234 5678\nmaren@works.example",
    ],
)
def test_signatures_and_footers_are_not_own(tail: str) -> None:
    assert own(f"{MINE}\n\n{tail}\n") == MINE


def test_patches_and_logs_are_not_prose() -> None:
    patch = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-old\n+new\n context"
    log = "\n".join(f"2026-03-02 10:15:0{i} ERROR settlement failed" for i in range(4))
    text = f"{MINE}\n\n{log}\n\nThen I did this.\n\n{patch}\n"
    kinds = [s.kind for s in split_mail(text, ME)]
    assert kinds == ["own", "log", "own", "patch"]


def test_a_mailed_patch_of_somebody_else_is_theirs_and_one_of_mine_is_mine() -> None:
    text = "From: Tomas Lind <tomas@works.example>\n\nLoad the ledger once.\n"
    assert own(text) == ""
    assert own(text.replace("tomas@", "maren@")) == "Load the ledger once."


def test_chat_quotes_to_the_end_after_three_marks() -> None:
    text = f"{MINE}\n>>> {THEIRS}\nand so on"
    assert own_text(text, split_chat(text, ME)) == MINE


def test_a_lazy_continuation_belongs_to_the_block_quotation_of_a_document() -> None:
    text = f"# Title\n\n> {THEIRS}\nand more of it\n\n{MINE}\n"
    assert THEIRS not in own_text(text, split_document(text, ME))
    assert "and more" not in own_text(text, split_document(text, ME))
    assert MINE in own_text(text, split_document(text, ME))


def test_lines_of_the_parent_are_reclaimed_even_without_a_mark() -> None:
    line = "The ledger must balance before the settlement starts."
    text = f"{MINE}\n{line}\n"
    spans = reclaim(text, split_mail(text, ME), frozenset({comparable("> " + line)}), ME)
    assert own_text(text, spans) == MINE


@pytest.mark.parametrize(
    "quoted",
    [
        "<blockquote>{}</blockquote>",
        "<div class='gmail_quote'><div class='gmail_attr'>On Monday T wrote:</div><div>{}</div></div>",
        "<div class='yahoo_quoted'>{}</div>",
        "<div class='moz-cite-prefix'>T wrote:</div><blockquote type=cite>{}</blockquote>",
        "<div id='divRplyFwdMsg'>From: T</div><div>{}</div>",
        "<div id='x_appendonsend'></div><div>{}</div>",
        "<div style='border:none;border-top:solid #E1E1E1 1.0pt'><p>From: T</p></div><p>{}</p>",
        "<div class='OutlookMessageHeader'>From: T</div><p>{}</p>",
        "<blockquote><p>a</p><div><table><tr><td>{}</td></tr></table></div></blockquote>",
    ],
)
def test_quotations_are_cut_on_the_tree(quoted: str) -> None:
    lines = html.to_lines(f"<html><body><p>{MINE}</p>{quoted.format(THEIRS)}</body></html>")
    assert [line for line, kind in lines if kind is None and line] == [MINE]
    assert any(THEIRS in line for line, kind in lines if kind == "quoted")


@pytest.mark.parametrize(
    "hidden",
    [
        "<div style='display: none'>{}</div>", "<span hidden>{}</span>", "<script>{}</script>", "<!-- {} -->",
        "<div style='font-size:0px'>{}</div>", "<style>{}</style>", "<p style='mso-hide:all'>{}</p>",
    ],
)  # fmt: skip
def test_hidden_text_is_dropped(hidden: str) -> None:
    lines = html.to_lines(f"<p>{MINE}</p>{hidden.format(THEIRS)}")
    assert [line for line, _ in lines if line] == [MINE]


def test_html_nested_deeper_than_the_interpreter_recurses_is_read() -> None:
    assert html.to_lines("<div>" * 5000 + "deep" + "</div>" * 5000 + f"<p>{MINE}</p>") is not None


# --- measured on annotated mails, where they are at hand ----------------------------------------------------------

_FOREIGN = {"quotation", "quotation_marker", "inline_headers"}
_OWN = {"paragraph", "section_heading", "salutation", "tabular"}


def _counts(path: Path) -> tuple[float, float]:
    """Return the share of others' lines kept as own, and of own lines lost.

    An attribution or header block that no marked quotation follows starts somebody else's mail: all below is theirs.
    """
    theirs = kept = mine = lost = 0
    for row in map(json.loads, path.read_text("utf-8").rstrip("\n").split("\n")):
        text, zones = row["text"], sorted(row["labels"])
        foreign_from = len(text)
        for i, (start, _, label) in enumerate(zones):
            if label in ("inline_headers", "quotation_marker"):
                below = [z for z in zones[i + 1 :] if z[2] not in (*_FOREIGN - {"quotation"}, "visual_separator")]
                if below and below[0][2] != "quotation":
                    foreign_from = start
                    break
        spans = split_mail(text, ME)
        position = 0
        for line in text.split("\n"):
            at = position + len(line) - len(line.lstrip())
            position += len(line) + 1
            label = next((z for start, end, z in zones if start <= at < end), None)
            if not line.strip() or label is None:
                continue
            is_own = next(s.kind for s in spans if s.start <= at < s.end) == "own"
            if at >= foreign_from or label in _FOREIGN:
                theirs, kept = theirs + 1, kept + is_own
            elif label in _OWN:
                mine, lost = mine + 1, lost + (not is_own)
    return kept / theirs, lost / mine


@pytest.mark.parametrize(("name", "kept", "lost"), [("enron_dev", 0.005, 0.03), ("gmane_dev", 0.015, 0.06)])
def test_annotated_mails_keep_the_measured_figures(shared: Path, name: str, kept: float, lost: float) -> None:
    found_kept, found_lost = _counts(shared / "data" / "mail" / "zones" / f"{name}.jsonl")
    assert found_kept <= kept
    assert found_lost <= lost
