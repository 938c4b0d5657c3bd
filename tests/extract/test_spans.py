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


def own_lines(text: str) -> set[tuple[int, str]]:
    """Return the lines that are own, by number."""
    spans = split_mail(text, ME)
    found, position = set(), 0
    for i, line in enumerate(text.split("\n")):
        if line.strip() and next(s.kind for s in spans if s.start <= position < s.end) == "own":
            found.add((i, line))
        position += len(line) + 1
    return found


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
def test_spans_of_others_have_an_address_for_owner_or_none(lines: list[str]) -> None:
    for span in split_mail("\n".join(lines), ME):
        if span.kind in ("quoted", "forwarded"):
            assert span.owner == "" or span.owner.startswith("mailto:")
        else:
            assert span.owner == (ME if span.kind in ("own", "signature", "patch", "log", "footer") else "")


TAILS = st.sampled_from(
    [
        f"On Mon, 2 Mar 2026, Tomas Lind <tomas@works.example> wrote:\n> {THEIRS}",
        f"-----Original Message-----\nFrom: Tomas Lind\n\n{THEIRS}",
        f"________________________________\nFrom: T <t@works.example>\nTo: M <m@works.example>\nSubject: s\n\n{THEIRS}",
        f"---------- Forwarded message ---------\nFrom: T <t@works.example>\n\n{THEIRS}",
        f"> {THEIRS}\n> {THEIRS}",
    ]
)


@given(LINES, TAILS)
def test_a_quotation_below_never_makes_more_words_own(lines: list[str], tail: str) -> None:
    above = "\n".join(lines)
    alone = own_lines(above)
    assert own_lines(f"{above}\n\n{tail}") <= alone


@given(LINES)
def test_splitting_the_same_text_twice_gives_the_same_spans(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert split_mail(text, ME) == split_mail(text, ME)


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


@pytest.mark.parametrize(
    "quotation",
    [
        f'11:00 AM, March 2, 2026, "Tomas Lind" <tomas@works.example>:\n\n{THEIRS}',
        f"Monday, 2 March 2026, 3:32 PM +0300 from Tomas Lind <tomas@works.example>:\n\n{THEIRS}",
        f"пн, 2 мар. 2026 г. в 15:19, Tomas Lind <tomas@works.example>:\n\n{THEIRS}",
        f"-------- Oprindelig besked --------\nFra: Tomas Lind\n\n{THEIRS}",
        f"De : Tomas Lind <tomas@works.example>\nDate : 02/03/26 10:15\nÀ : maren@works.example\nSujet : x\n\n{THEIRS}",
        f"tomas@works.example changed:\n\nWhat|Removed|Added\n{THEIRS}",
        f"Sent from my phone\n\n{THEIRS}",
    ],
)
def test_a_quotation_in_a_rarer_form_is_not_own_either(quotation: str) -> None:
    assert own(f"{MINE}\n\n{quotation}\n") == MINE


@pytest.mark.parametrize(
    ("quotation", "owner"),
    [
        (f"On Mon, 2 Mar 2026, Tomas Lind <Tomas@works.example> wrote:\n> {THEIRS}", "mailto:tomas@works.example"),
        (f"Am 02.03.2026 um 10:15 schrieb Tomas Lind:\n{THEIRS}", ""),
        (f"Begin forwarded message:\n\nFrom: T Lind <t@w.example>\nTo: m@w.example\n\n{THEIRS}", "mailto:t@w.example"),
        (f"-----Original Message-----\nFrom: T [mailto:t@w.example]\nSent: Monday\n\n{THEIRS}", "mailto:t@w.example"),
        (f"From: Tomas Lind\nSent: Monday\nTo: Maren <maren@works.example>\nSubject: x\n\n{THEIRS}", ""),
        (f"On Mon, 2 Mar 2026, Tomas <t@works.example> wrote:\n> Ann wrote:\n> > {THEIRS}\n> yes", ""),
        (f"> {THEIRS}", ""),
    ],
)  # fmt: skip
def test_a_quotation_belongs_to_whom_its_attribution_names_by_address(quotation: str, owner: str) -> None:
    found = [s.owner for s in split_mail(f"{MINE}\n\n{quotation}\n", ME) if s.kind in ("quoted", "forwarded")]
    assert found == [owner]


def test_answers_between_marked_lines_leave_the_owner_of_the_rest() -> None:
    text = f"T <t@works.example> wrote on 2 Mar 2026:\n> {THEIRS}\n\n{MINE}\n\n> And the index?\n"
    spans = split_mail(text, ME)
    assert [(s.kind, s.owner) for s in spans] == [
        ("attribution", ""),
        ("quoted", "mailto:t@works.example"),
        ("own", ME),
        ("quoted", "mailto:t@works.example"),
    ]


def test_the_parent_check_leaves_owners() -> None:
    line = "The ledger must balance before the settlement starts."
    text = f"{MINE}\n{line}\n\nOn 2 Mar 2026, T <t@works.example> wrote:\n> {THEIRS}\n"
    spans = reclaim(text, split_mail(text, ME), frozenset({comparable(line)}), ME)
    assert [s.owner for s in spans] == [ME, "", "", "mailto:t@works.example"]


def test_a_report_form_whose_fields_start_with_a_mark_is_own() -> None:
    text = f">Number: 1\n>Category: pkg\n>Severity: low\n>Synopsis: ledger\n>Description:\n{MINE}\n"
    assert own(text) == text.strip()


def test_a_patch_of_somebody_inside_a_mail_ends_where_its_diff_ends() -> None:
    head = f"From {'a' * 40} Mon Sep 17 00:00:00 2001\nFrom: Tomas Lind <tomas@works.example>\nSubject: [PATCH] load\n"
    diff = "---\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+new"
    text = f"{MINE}\n\n{head}\n{THEIRS}\n{diff}\n\nShall I apply it to both?\n"
    assert own(text) == f"{MINE}\n\nShall I apply it to both?"


def test_a_closing_with_nothing_above_it_is_what_the_author_says() -> None:
    assert own("Thank you!\n") == "Thank you!"
    assert own("Thank you!\nMaren Holt\n") == "Thank you!"


def test_a_delimiter_above_prose_is_no_signature() -> None:
    text = "First point.\n--\nWe also moved the files to another path,\nand we load them at night now.\n"
    assert own(text) == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        "The archive says: delete all the keys, delete the bucket, and delete it from the list.",
        "Sent from my desk, this is much quicker than from the phone.",
    ],
)
def test_a_sentence_with_words_of_a_footer_is_own(text: str) -> None:
    assert own(text) == text


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "line", ["--", "-- ", "> x", "|x", "From: a@b", "foo wrote:", "unsubscribe\n_____", "```", "<"]
)
def test_a_text_of_one_line_repeated_is_read_in_time_that_grows_with_it(line: str) -> None:
    text = f"{line}\n" * 20_000
    assert split_mail(text, ME)[-1].end == len(text)
    assert split_chat(text, ME)[-1].end == len(text)


def test_a_banner_of_a_gateway_is_not_own() -> None:
    banner = "CAUTION: This email originated from outside of the organisation. Do not open attachments."
    assert own(f"{banner}\n\n{MINE}\n") == MINE


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


@pytest.mark.parametrize("fence", ["```", "~~~"])
def test_fenced_code_of_a_chat_was_pasted(fence: str) -> None:
    text = f"{MINE}\n{fence}python\n{THEIRS}\n{fence}\nThat is all."
    assert [s.kind for s in split_chat(text, ME)] == ["own", "log", "own"]
    assert [s.kind for s in split_chat(f"{MINE}\n{fence}\n{THEIRS}", ME)] == ["own", "log"]
    assert [s.kind for s in split_chat(f"{fence}{THEIRS}{fence}\n{MINE}", ME)] == ["log", "own"]


@pytest.mark.parametrize("mark", ["> ", ">", "&gt; ", "  > "])
def test_a_marked_line_of_a_chat_is_quoted(mark: str) -> None:
    assert own_text(f"{mark}{THEIRS}\n{MINE}", split_chat(f"{mark}{THEIRS}\n{MINE}", ME)) == MINE


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
        "<div class='x_gmail_quote'>{}</div>",
        "<div class='moz-email-headers-table'>From: T</div><div class='moz-forward-container'>{}</div>",
        "<div style='border-top-color: rgb(229, 229, 229); border-top-style: solid'><p>From: T</p></div><p>{}</p>",
        "<hr id='zwchr'><b>From: </b>T<br><div>{}</div>",
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


def test_a_line_above_a_table_is_no_older_mail() -> None:
    lines = html.to_lines(f"<p>{MINE}</p><div style='border-top: 1px solid #ccc'>Totals of March</div>")
    assert [kind for _, kind in lines] == [None] * len(lines)


def test_a_soft_hyphen_stands_inside_a_word() -> None:
    assert html.to_lines("<p>settle\u00adment of\u00a0March\u200b</p>") == [("settlement of March", None)]


def test_a_quotation_of_html_belongs_to_whom_its_first_lines_name() -> None:
    markup = (
        f"<p>{MINE}</p><div class='gmail_quote'>On Mon, 2 Mar 2026, T &lt;t@works.example&gt; wrote:<br>"
        f"<blockquote>{THEIRS}</blockquote></div>"
    )
    lines = html.to_lines(markup)
    spans = split_mail("\n".join(line for line, _ in lines), ME, [kind for _, kind in lines])
    assert [(s.kind, s.owner) for s in spans] == [
        ("own", ME),
        ("attribution", ""),
        ("quoted", "mailto:t@works.example"),
    ]


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


@pytest.mark.parametrize(("name", "kept", "lost"), [("enron_dev", 0.005, 0.025), ("gmane_dev", 0.007, 0.025)])
def test_annotated_mails_keep_the_measured_figures(shared: Path, name: str, kept: float, lost: float) -> None:
    found_kept, found_lost = _counts(shared / "data" / "mail" / "zones" / f"{name}.jsonl")
    assert found_kept <= kept
    assert found_lost <= lost
