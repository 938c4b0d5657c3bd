"""The people file: strict, silent about its values, and merged on assertions only."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from source_world import git, message, repository, slack

from extract.errors import PeopleFileError
from extract.identity import Absence, Employment, Identities, draft, load, parse
from extract.personkeys import author_line_key, is_role_address, mail_key, name_key
from extract.records import Record
from extract.sources import open_source, read_all
from extract.sources.api import Link

PEOPLE = """
version: 1
organisation:
  name: Example GmbH
  mail_domains: [Works.Example]
people:
  - pid: p-4k7q2m9x
    role: payments engineer
    timezone: Europe/Berlin
    names: [Maren Holt, "Holt, Maren"]
    emails: [Maren.Holt@works.example]
    git: ["Maren Holt <maren@laptop.local>"]
    slack: [U024BE7LH]
    absences: [{from: 2026-07-01, to: 2026-07-14}]
  - pid: p-8z2w3n5c
    names: [Tomas Lind]
    emails: [tomas@works.example]
"""


def record(key: str, raw: str, labels: tuple[str, ...] = ()) -> Record:
    return Record(
        "mail", "x", "0" * 64, "box", "mailbox", key, raw, "header.from", (), (), labels, None, None,
        "unknown", "t", "", "", "", (),
    )  # fmt: skip


def drafted(records: list[Record], links: list[Link] | None = None) -> tuple[str, Identities]:
    text = draft(records, links or [], random.Random(7).randbytes)
    return text, parse(text.encode())


def test_every_key_of_a_person_resolves_to_the_pid() -> None:
    people = parse(PEOPLE.encode())
    for key in ("mailto:maren.holt@works.example", "mailto:maren@laptop.local", "slack:U024BE7LH", "name:maren holt"):
        assert people.resolve(key) == "p-4k7q2m9x"
    assert people.resolve("mailto:stranger@works.example") is None
    assert people.resolve("") is None
    person = people.person("p-4k7q2m9x")
    assert person.absences == (Absence(date(2026, 7, 1), date(2026, 7, 14)),)
    assert (person.role, person.timezone) == ("payments engineer", "Europe/Berlin")
    assert people.work_domains == {"works.example"}
    assert people.organisation == "Example GmbH"


def test_an_account_of_a_chat_service_means_its_person_and_one_person_only() -> None:
    text = PEOPLE.replace(
        "slack: [U024BE7LH]", 'slack: [U024BE7LH]\n    accounts: ["teams:8:orgid:ab", "irc:maren  h"]'
    )
    people = parse(text.encode())
    assert people.resolve("teams:8:orgid:ab") == people.resolve("irc:maren h") == "p-4k7q2m9x"
    assert people.resolve("irc:8:orgid:ab") is None
    assert people.person("p-4k7q2m9x").accounts == ("teams:8:orgid:ab", "irc:maren h")
    with pytest.raises(PeopleFileError, match="claimed"):
        parse(text.replace("emails: [tomas@works.example]", "accounts: ['irc:maren h']").encode())


@pytest.mark.parametrize("service", ["mattermost", "teams", "discord", "zulip", "telegram", "whatsapp", "irc"])
def test_a_profile_joins_an_account_and_an_address_but_not_two_accounts_of_one_service(service: str) -> None:
    mail, one, two, slack_id = "mailto:maren@works.example", f"{service}:1", f"{service}:2", "slack:U0MAREN01"
    records = [record(key, "Maren Holt") for key in (mail, one, slack_id)]
    links = [Link(one, mail, f"{service}.profile"), Link(slack_id, mail, "slack.profile")]
    _, people = drafted(records, links)
    assert len(people.people) == 1
    assert people.people[0].accounts == (one,)
    _, people = drafted([*records, record(two, "Front Desk")], [*links, Link(two, mail, f"{service}.profile")])
    assert len(people.people) == 4


def test_a_name_that_two_people_share_belongs_to_nobody() -> None:
    people = parse(PEOPLE.replace("[Tomas Lind]", "[Tomas Lind, maren  HOLT]").encode())
    assert people.resolve("name:maren holt") is None
    assert people.resolve("name:tomas lind") == "p-8z2w3n5c"


def test_an_unknown_pid_is_refused() -> None:
    with pytest.raises(PeopleFileError, match="no person p-aaaaaaaa"):
        parse(PEOPLE.encode()).person("p-aaaaaaaa")


SECRET = "zyzzyva"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("version: 1", "version: 2", "version"),
        ("version: 1", "version: true", "version"),
        ("version: 1", f"version: 1\n{SECRET}: 1", "unknown key"),
        ("    role: payments", f"    {SECRET}: payments", "unknown key"),
        ("  name: Example GmbH", f"  {SECRET}: x", "unknown key"),
        ("    names: [Tomas Lind]", f"    names: [Tomas Lind]\n    names: [{SECRET}]", "twice"),
        ("[tomas@works.example]", "[maren.holt@WORKS.example]", "claimed"),
        ("[tomas@works.example]", f"[{SECRET}]", "mail addresses"),
        ("[tomas@works.example]", f"{SECRET}@works.example", "list of texts"),
        ("[Tomas Lind]", f"[{{a: {SECRET}}}]", "list of texts"),
        ("pid: p-8z2w3n5c", f"pid: {SECRET}", "pid must look"),
        ("pid: p-8z2w3n5c", "pid: p-4k7q2m9x", "taken"),
        ("Europe/Berlin", SECRET, "IANA"),
        ("Europe/Berlin", f"../../{SECRET}", "IANA"),
        ("[U024BE7LH]", f"[{SECRET}]", "user ids"),
        ("slack: [U024BE7LH]", f"accounts: ['{SECRET}:7']", "service:id"),
        ("slack: [U024BE7LH]", f"accounts: [{SECRET}]", "service:id"),
        ("slack: [U024BE7LH]", "accounts: ['teams: ']", "service:id"),
        ("slack: [U024BE7LH]", f"accounts: {{teams: {SECRET}}}", "list of texts"),
        ("to: 2026-07-14", "to: 2026-06-14", "absences"),
        ("to: 2026-07-14", f"to: {SECRET}", "absences"),
        ("to: 2026-07-14}", f"to: 2026-07-14, why: {SECRET}}}", "unknown key"),
        ("[Works.Example]", f"[{SECRET}]", "domain names"),
        ("people:", f"people: [{SECRET}]\nother:", "unknown key"),
        ("Maren Holt, ", f"{SECRET}: [", "YAML"),
        ("name: Example", f"name: !!python/name:{SECRET} Example", "YAML"),
    ],
)
def test_a_people_file_that_is_wrong_is_refused_without_its_values(old: str, new: str, says: str) -> None:
    assert old in PEOPLE
    with pytest.raises(PeopleFileError, match=says) as caught:
        parse(PEOPLE.replace(old, new).encode())
    assert caught.value.exit_code == 6
    assert caught.value.hint
    told = f"{caught.value} {caught.value.hint} {caught.value.__cause__} {caught.value.__suppress_context__}"
    assert SECRET not in told
    assert "maren" not in told.lower()
    assert told.endswith("None True")


@pytest.mark.parametrize("data", [b"", b"[]", b"text", b"\xff\xfe", b"a: &a [*a]", b"[" * 5000, b"version: 1"])
def test_what_is_no_people_file_is_refused(data: bytes) -> None:
    with pytest.raises(PeopleFileError):
        parse(data)


def test_a_file_that_is_missing_or_closed_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PeopleFileError, match="no such file"):
        load(tmp_path / "identities.yaml")
    (tmp_path / "identities.yaml").write_text(PEOPLE)
    assert len(load(tmp_path / "identities.yaml").people) == 2

    def denied(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(PeopleFileError, match="permission denied"):
        load(tmp_path / "identities.yaml")


def test_reprs_show_pids_only() -> None:
    people = parse(PEOPLE.encode())
    assert repr(people.people[0]) == "Person(p-4k7q2m9x)"
    assert "Maren" not in f"{people!r}{record('mailto:maren@x.example', 'Maren')!r}"


@given(st.text(max_size=40))
def test_keys_are_stable(text: str) -> None:
    for key in (mail_key(text), name_key(text), author_line_key(text)):
        assert key == "" or key.startswith(("mailto:", "name:"))
    assert mail_key(mail_key(text).removeprefix("mailto:")) == mail_key(text)
    assert name_key(name_key(text).removeprefix("name:")) == name_key(text)


@pytest.mark.parametrize(
    "address",
    ["info@works.example", "noreply@works.example", "dev-request@lists.works.example", "ci-bot@works.example",
     "49699333+dependabot[bot]@users.noreply.github.com", "root@localhost", "hr+jobs@works.example"],
)  # fmt: skip
def test_role_addresses_are_known(address: str) -> None:
    assert is_role_address(f"mailto:{address}")


@pytest.mark.parametrize("address", ["maren.holt@works.example", "1234+maren@users.noreply.github.com"])
def test_addresses_of_people_are_no_role_addresses(address: str) -> None:
    assert not is_role_address(f"mailto:{address}")


# --- the draft ----------------------------------------------------------------------------------------------------


def test_the_same_name_is_a_candidate_and_never_merged() -> None:
    text, people = drafted(
        [record("mailto:maren@works.example", "Maren Holt <x>"), record("mailto:m@home.example", "Maren Holt <x>")]
    )
    assert len(people.people) == 2
    assert text.count("# candidate: the same name as p-") == 2
    assert people.resolve("name:maren holt") is None


def test_asserted_links_are_merged() -> None:
    _, people = drafted(
        [record("mailto:maren@works.example", "Maren Holt"), record("slack:U0MAREN01", "maren")],
        [Link("slack:U0MAREN01", "mailto:maren@works.example", "slack.profile")],
    )
    assert len(people.people) == 1
    assert people.resolve("slack:U0MAREN01") == people.resolve("mailto:maren@works.example") == people.people[0].pid


@pytest.mark.parametrize(
    ("keys", "groups"),
    [
        (["12+old@users.noreply.github.com", "12+new@users.noreply.github.com"], 1),
        (["12+maren@users.noreply.github.com", "maren@users.noreply.github.com"], 1),
        (["12+maren@users.noreply.github.com", "99+maren@users.noreply.github.com"], 2),
        (["12+maren@users.noreply.github.com", "12+maren@users.noreply.gitlab.com"], 2),
        (["maren@works.example", "maren@home.example"], 2),
    ],
)
def test_private_addresses_of_a_code_host_are_joined_by_account(keys: list[str], groups: int) -> None:
    _, people = drafted([record(f"mailto:{key}", "") for key in keys])
    assert len(people.people) == groups


def test_links_through_role_addresses_and_shared_profiles_are_ignored() -> None:
    records = [record("slack:U0MAREN01", "Maren"), record("slack:U0TOMAS01", "Tomas"), record("mailto:a@x.example", "")]
    shared = [Link(f"slack:U0{n}01", "mailto:desk@works.example", "slack.profile") for n in ("MAREN", "TOMAS")]
    role = [Link("mailto:info@works.example", "mailto:a@x.example", "mailmap")]
    _, people = drafted(records, shared + role)
    assert len(people.people) == 3


def test_bots_and_role_addresses_are_left_out_of_the_draft() -> None:
    _, people = drafted(
        [record("mailto:info@works.example", "Info"), record("mailto:x@y.example", "X", ("flag:bot",)),
         record("mailto:a@x.example", "A")]
    )  # fmt: skip
    assert [p.emails for p in people.people] == [("a@x.example",)]


def test_person_ids_come_from_the_given_randomness_only() -> None:
    one = draft([record("mailto:a@x.example", "A")], [], lambda n: bytes(range(n)))
    other = draft([record("mailto:b@y.example", "B")], [], lambda n: bytes(range(n)))
    assert parse(one.encode()).people[0].pid == parse(other.encode()).people[0].pid == "p-abcdefgh"


@given(st.lists(st.text(max_size=30), max_size=4))
def test_any_name_survives_the_draft(names: list[str]) -> None:
    records = [record(f"mailto:a{i}@x.example", name) for i, name in enumerate(names)]
    text = draft(records, [], random.Random(1).randbytes, organisation=" ".join(names)[:100])
    assert len(parse(text.encode()).people) == len(names)


def test_a_draft_from_real_sources_loads_again(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", "first")
    git(repo, "commit", "-q", "--allow-empty", "-m", "second", GIT_AUTHOR_EMAIL="maren@laptop.local")
    (repo / ".mailmap").write_text("Maren Holt <maren@works.example> <maren@laptop.local>\n")
    git(repo, "add", ".mailmap")
    git(repo, "commit", "-q", "-m", "third")
    export = slack(tmp_path / "e", ledger=[message("a"), message("b", user="U0TOMAS01", ts="1772442901.000000")])
    result = read_all([open_source("repo", repo), open_source("chat", export)])
    people = parse(draft(result.records, result.links, random.Random(3).randbytes).encode())
    maren = people.resolve("mailto:maren@works.example")
    assert maren == people.resolve("slack:U0MAREN01") == people.resolve("mailto:maren@laptop.local")
    assert maren != people.resolve("slack:U0TOMAS01")
    assert len(people.people) == 2


def test_the_example_of_the_documentation_loads() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "sources.md").read_text("utf-8")
    example = page.partition("```yaml\n")[2].partition("```")[0]
    assert parse(example.encode()).resolve("slack:U024BE7LH") == "p-4k7q2m9x"


# --- employment, language, countries --------------------------------------------------------------------------------

MORE = """
version: 1
organisation:
  name: Example GmbH
  jurisdictions: [NO, DE]
  works_council: false
people:
  - pid: p-4k7q2m9x
    timezone: Pacific/Auckland
    language: pt-BR
    manager: p-8z2w3n5c
    employment:
      - {state: probation, from: 2026-01-01, to: 2026-06-30}
      - {state: active, from: 2026-07-01}
      - {state: local_garden_leave, from: 2026-12-01}
    last_day: 2026-12-31
    minor: false
    jurisdictions: [BR]
  - pid: p-8z2w3n5c
    manager: none
"""


def test_what_runs_need_to_know_of_people_is_read() -> None:
    people = parse(MORE.encode())
    person, boss = people.people
    assert (people.jurisdictions, people.works_council) == (("DE", "NO"), False)
    assert (person.language, person.manager, person.minor, person.jurisdictions) == (
        "pt-BR", "p-8z2w3n5c", False, ("BR",),
    )  # fmt: skip
    assert person.last_day == date(2026, 12, 31)
    assert person.employment is not None
    assert person.employment[1] == Employment("active", date(2026, 7, 1))
    assert (boss.language, boss.manager, boss.minor, boss.employment, boss.last_day) == ("", "", None, None, None)
    assert (parse(PEOPLE.encode()).jurisdictions, parse(PEOPLE.encode()).works_council) == (None, None)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[NO, DE]", f"[{SECRET}]", "country codes"),
        ("[NO, DE]", "[]", "country codes"),
        ("works_council: false", f"works_council: {SECRET}", "true or false"),
        ("works_council: false", "works_council: 1", "true or false"),
        ("pt-BR", f"{SECRET}_", "language"),
        ("manager: p-8z2w3n5c", f"manager: {SECRET}", "manager"),
        ("manager: p-8z2w3n5c", "manager: p-4k7q2m9x", "somebody else"),
        ("manager: p-8z2w3n5c", "manager: p-aaaaaaaa", "somebody else"),
        ("state: probation", f"state: {SECRET}", "unknown state"),
        ("state: probation", "state: sick_leav", "unknown state"),
        ("to: 2026-06-30", "to: 2025-06-30", "employment"),
        ("from: 2026-01-01,", f"from: {SECRET},", "employment"),
        ("from: 2026-12-01}", f"from: 2026-12-01, why: {SECRET}}}", "unknown key"),
        ("last_day: 2026-12-31", f"last_day: {SECRET}", "last_day"),
        ("last_day: 2026-12-31", "last_day: 2026-12-31T10:00:00Z", "last_day"),
        ("minor: false", "minor: no", "true or false"),
        ("[BR]", "[br]", "country codes"),
    ],
)
def test_what_is_said_of_people_is_strict_and_quotes_nothing(old: str, new: str, says: str) -> None:
    assert old in MORE
    with pytest.raises(PeopleFileError, match=says) as caught:
        parse(MORE.replace(old, new, 1).encode())
    assert SECRET not in f"{caught.value} {caught.value.hint}"


def test_the_draft_says_in_comments_what_no_source_can_say() -> None:
    text, people = drafted([record("mailto:a@works.example", "Ann")])
    for field in ("language", "manager", "employment", "minor", "jurisdictions", "works_council"):
        assert f"# {field}:" in text
    assert people.people[0].employment is None
    assert parse(text.replace("# jurisdictions", "jurisdictions").encode()).jurisdictions == ("DE",)
