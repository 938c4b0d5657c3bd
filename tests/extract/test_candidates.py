"""Who may be one person: what is proposed, what never is, and how often that is right."""

from __future__ import annotations

import hashlib
import json
import lzma
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.candidates import EVIDENCE, Candidate, Side, fold, propose, sides
from extract.drafting import asserted_groups
from extract.errors import PeopleFileError
from extract.identity import parse
from extract.peopleedit import add
from extract.personkeys import mail_key, name_key

NOBODY = parse(b"version: 1\npeople: []\n")
PEOPLE = """\
# kept by hand
version: 1
organisation: {name: Works, mail_domains: [works.example]}   # the firm
people:
  # payments
  - pid: p-4k7q2m9x      # since 2019
    names: [Maren Holt, "Holt, Maren"]
    emails: [maren.holt@works.example]
    absences: [{from: 2026-07-01, to: 2026-07-14}]

  - pid: p-8z2w3n5c
    emails:
      - tomas@works.example   # the only one
"""


def stranger(address: str, *names: str) -> Side:
    key = mail_key(address) or address
    return Side("", (key,), names, (key,))


def codes(left: Side, right: Side) -> tuple[str, ...]:
    found = propose([left, right])
    return found[0].evidence if found else ()


@pytest.mark.parametrize(
    ("left", "right", "evidence"),
    [
        (("a1@one.example", "Maren Holt"), ("b2@two.example", "HOLT, Maren"), "same_name"),
        (("a1@one.example", "Maren Åse Hölt"), ("b2@two.example", "maren holt (external)"), "same_name"),
        (("a1@one.example", "Jürgen Groß"), ("b2@two.example", "Jurgen Gross"), "same_name"),
        (("maren+git@one.example",), ("maren@one.example",), "same_address"),
        (("m.holt@gmail.com",), ("mholt@googlemail.com",), "same_address"),
        (("name:maren_at_one.example",), ("maren@one.example",), "same_address"),
        (("a1@one.example", "Maren Holt"), ("mholt@two.example",), "name_in_address"),
        (("a1@one.example", "Maren Holt"), ("holt.maren7@two.example",), "name_in_address"),
        (("a1@one.example", "Maren Holt"), ("77+mholt@users.noreply.host.example",), "name_in_address"),
        (("maren77@one.example", "Maren Holt"), ("maren77@two.example",), "same_local_part"),
        (("a1@one.example", "Maren Holt"), ("commit@mholt.example",), "domain"),
        (("a1@one.example", "Maren Holt"), ("maren@two.example",), "given_name"),
        (("a1@one.example", "Maren Holt"), ("mh@two.example",), "initials"),
    ],
)
def test_a_clue_makes_a_candidate(left: tuple[str, ...], right: tuple[str, ...], evidence: str) -> None:
    assert evidence in codes(stranger(*left), stranger(*right))
    assert codes(stranger(*left), stranger(*right)) == codes(stranger(*right), stranger(*left))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (("maren@one.example", "Maren Holt"), ("maren@two.example", "Maren Lind")),
        (("a1@one.example", "Maren Holt"), ("b2@two.example", "Tomas Lind")),
        (("a1@one.example", "Maren"), ("b2@two.example", "Holt")),
        (("m@one.example",), ("m@two.example",)),
    ],
)
def test_two_full_names_or_too_little_make_none(left: tuple[str, ...], right: tuple[str, ...]) -> None:
    assert propose([stranger(*left), stranger(*right)]) == []


def test_a_clue_that_everybody_shares_says_nothing() -> None:
    crowd = [stranger(f"x{i}y@one.example", f"Maren {'abcdefghijklmnop'[i] * 4}") for i in range(16)]
    assert propose([*crowd, stranger("maren@two.example")]) == []
    assert len(propose([*crowd[:3], stranger("maren@two.example")])) == 3


def test_addresses_of_roles_lists_and_bots_are_on_no_side() -> None:
    keys = [mail_key(a) for a in ("info@one.example", "dev@lists.one.example", "ci-bot@one.example", "x@localhost")]
    assert sides([[k] for k in keys], {k: ["Maren Holt"] for k in keys}, NOBODY) == []


def test_two_people_of_the_file_are_never_proposed_and_a_wrong_group_is_left_out() -> None:
    people = parse(PEOPLE.replace("emails:\n", "names: [Maren Holt]\n    emails:\n").encode())
    among = sides([["mailto:maren.holt@works.example", "mailto:tomas@works.example", "mailto:x@y.example"]], {}, people)
    assert [s.pid for s in among] == ["p-4k7q2m9x", "p-8z2w3n5c"]
    assert propose(among) == []


def test_what_a_source_asserts_of_a_person_of_the_file_is_a_candidate_too() -> None:
    known, new = "mailto:maren.holt@works.example", "mailto:zz@laptop.example"
    among = sides([[known, new]], {}, parse(PEOPLE.encode()))
    (found,) = propose(among)
    assert found == Candidate(among[0], among[0], ("asserted",))
    assert found.left.new == (new,)


def test_a_name_of_the_file_beside_a_strange_address_is_a_candidate_by_name_only() -> None:
    group = ["name:maren holt", "mailto:zz@laptop.example"]
    (found,) = propose(sides([group], {}, parse(PEOPLE.encode())))
    assert (found.left.pid, found.right.pid) == ("p-4k7q2m9x", "")
    assert found.evidence[0] == "same_name"
    assert sides([["name:maren holt"]], {}, parse(PEOPLE.encode()))[2:] == []


def test_candidates_join_two_sides_and_never_a_chain() -> None:
    one = stranger("a1@one.example", "Maren Holt")
    two, three = stranger("mholt@two.example"), stranger("mholt@three.example", "Max Holt")
    found = propose([one, two, three])
    assert {(c.left, c.right) for c in found} >= {(two, three)} | {(one, two)}
    assert all(len(c.left.keys) == len(c.right.keys) == 1 for c in found)


@given(st.lists(st.tuples(st.emails(), st.lists(st.text(max_size=30), max_size=2)), max_size=8))
def test_any_names_and_addresses_give_the_same_candidates_in_any_order(given_: list[tuple[str, list[str]]]) -> None:
    among = sorted({mail_key(a): stranger(a, *n) for a, n in given_ if mail_key(a)}.values())
    found = propose(among)
    assert {frozenset((c.left, c.right)) for c in propose(among[::-1])} == {frozenset((c.left, c.right)) for c in found}
    assert all(set(c.evidence) <= set(EVIDENCE) and c.evidence for c in found)


def test_folding_takes_marks_off_letters() -> None:
    assert fold("Gökhan ŞENGÜN Łukasz Ærø") == "gokhan sengun lukasz aero"


def test_adding_keeps_every_comment_and_every_other_line() -> None:
    out = add(PEOPLE.encode(), "p-8z2w3n5c", ["mailto:t@home.example", "irc:tomas", "slack:U024BE7LH"]).decode()
    lines = set(out.splitlines())
    assert set(PEOPLE.splitlines()) <= lines
    assert lines - set(PEOPLE.splitlines()) == {
        "      - t@home.example", '    accounts: ["irc:tomas"]', '    slack: ["U024BE7LH"]'
    }  # fmt: skip
    people = parse(out.encode())
    assert people.resolve("irc:tomas") == people.resolve("slack:U024BE7LH") == "p-8z2w3n5c"
    assert add(out.encode(), "p-8z2w3n5c", ["irc:tomas"]).decode() == out


def test_somebody_new_is_put_at_the_end() -> None:
    for text in (PEOPLE, "version: 1\npeople: []\n", "version: 1\npeople:\n- pid: p-4k7q2m9x\n  role: x\n"):
        out = add(text.encode(), "p-aaaabbbb", ["mailto:new@one.example"], ["Ada Berg: #1"])
        person = parse(out).people[-1]
        assert (person.pid, person.names, person.emails) == ("p-aaaabbbb", ("Ada Berg: #1",), ("new@one.example",))
        assert out.decode().startswith(text.removesuffix(" []\n").rstrip("\n"))


@pytest.mark.parametrize(
    "text",
    [
        PEOPLE.replace("\n", "\r\n"),
        "---\n" + PEOPLE,
        PEOPLE.rstrip("\n"),
        PEOPLE.replace("emails:\n      - tomas@works.example   # the only one", "emails:"),
    ],
    ids=["crlf", "document start", "no last line feed", "empty list"],
)
def test_a_file_of_another_hand_keeps_its_form(text: str) -> None:
    out = add(text.encode(), "p-8z2w3n5c", ["mailto:t@home.example"]).decode()
    changed = [line for line in text.splitlines(keepends=True) if line not in out.splitlines(keepends=True)]
    assert len(changed) <= 1
    assert parse(out.encode()).resolve("mailto:t@home.example") == "p-8z2w3n5c"


def test_a_comment_that_would_be_lost_stops_the_change() -> None:
    text = PEOPLE.replace("[maren.holt@works.example]", "[\n      maren.holt@works.example,   # work\n    ]")
    with pytest.raises(PeopleFileError, match="comment would be lost") as caught:
        add(text.encode(), "p-8z2w3n5c", ["mailto:t@home.example"])
    assert caught.value.hint == "write the address in by hand"


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(["p-4k7q2m9x", "p-8z2w3n5c", "p-zzzzzzzz"]), st.emails()), max_size=6))
def test_additions_touch_nobody_else(additions: list[tuple[str, str]]) -> None:
    data, owner = PEOPLE.encode(), {"mailto:maren.holt@works.example": "p-4k7q2m9x"}
    for pid, address in additions:
        key = mail_key(address)
        if not key or owner.setdefault(key, pid) != pid:
            continue
        data = add(data, pid, [key])
    people = parse(data)
    assert all(people.resolve(key) == pid for key, pid in owner.items())
    assert {k for p in people.people for k in p.keys if k.startswith("mailto:")} == {
        *owner,
        "mailto:tomas@works.example",
    }
    assert people.person("p-4k7q2m9x").absences == parse(PEOPLE.encode()).person("p-4k7q2m9x").absences


def test_an_address_of_somebody_else_is_refused_without_saying_which() -> None:
    with pytest.raises(PeopleFileError, match="claimed") as caught:
        add(PEOPLE.encode(), "p-8z2w3n5c", ["mailto:maren.holt@works.example"])
    assert "maren" not in f"{caught.value}{caught.value.hint}"


# Measured on what is not ours: the .mailmap of a large project, and its last commits.


def _world(shared: Path, half: int | None) -> tuple[list[Side], set[frozenset[str]], set[frozenset[str]]]:
    """Return sides, true pairs, and those of them that role, list and machine addresses rule out."""
    names: dict[str, list[str]] = {}
    with lzma.open(shared / "data/commits/curl_last6000.jsonl.xz", "rt", encoding="utf-8") as file:
        for commit in map(json.loads, file):
            for who in ("author", "committer"):
                known = names.setdefault(mail_key(commit[f"{who}_email"]) or name_key(commit[who]), [])
                if commit[who] not in known:
                    known.append(commit[who])
    true: set[frozenset[str]] = set()
    for line in (shared / "data/commits/curl.mailmap").read_text("utf-8").splitlines():
        addresses = re.findall(r"<([^>]*)>", line)
        if line.startswith("#") or not addresses:
            continue
        if half is not None and hashlib.sha256(line.encode()).digest()[0] % 2 != half:
            continue
        # The address that a line replaces has no name there: the list alone must do.
        keys = [mail_key(a) or name_key(a) for a in addresses]
        for key in keys:
            names.setdefault(key, [])
        if line.partition("<")[0].strip() not in names[keys[0]]:
            names[keys[0]].append(line.partition("<")[0].strip())
        true |= {frozenset(keys)} if len({*keys}) == 2 else set()
    groups = asserted_groups(Counter(dict.fromkeys(names, 1)), [])
    among = sides(groups, names, NOBODY)
    shown = {key for side in among for key in side.keys}
    automatic = {frozenset((a, b)) for g in groups for a in g for b in g if a != b}
    assert automatic <= true, "merged without being asked, and wrong"
    return among, true, {pair for pair in true if not pair <= shown}


@pytest.mark.parametrize(
    ("half", "most", "pairs", "found"),
    [(0, 40, 14, 12), (1, 55, 24, 23), (None, 85, 38, 35)],
    ids=["first half", "second half", "whole"],
)
def test_an_oracle_that_confirms_finds_nine_of_ten_pairs(
    shared: Path, half: int | None, most: int, pairs: int, found: int
) -> None:
    among, true, ruled_out = _world(shared, half)
    shown = propose(among)
    right = {frozenset((*c.left.keys, *c.right.keys)) for c in shown} & true
    assert len(shown) <= most
    assert len(true - ruled_out) == pairs
    assert len(right) >= found
    assert not right & ruled_out
    if half is None:
        assert len(right) >= 0.9 * pairs


def test_nothing_is_merged_without_an_assertion(shared: Path) -> None:
    among, _, _ = _world(shared, None)
    assert all(len(side.keys) == 1 for side in among)
