"""`govern identities`: candidates are shown and never merged; a confirmation goes into the people file, whole."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from office import Result, govern
from source_world import git, repository

from extract.identity import load

PEOPLE = """\
# kept by hand
version: 1
organisation: {name: Works, mail_domains: [works.example]}
people:
  - pid: p-4k7q2m9x      # since 2019
    names: [Maren Holt]
    emails: [maren.holt@works.example]
"""
AUTHORS = (
    ("Maren Holt", "maren@laptop.example"),
    ("Tomas Lind", "tlind@one.example"),
    ("T. Lind", "tomas.lind@two.example"),
    ("Maren Vik", "maren@vik.example"),
    ("Release Team", "release@lists.works.example"),
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "people.yaml").write_text(PEOPLE)
    assert govern("init", tmp_path / "ws", "--people", tmp_path / "people.yaml").code == 0
    repository(tmp_path / "repo")
    for number, (name, address) in enumerate(AUTHORS):
        git(
            tmp_path / "repo", "commit", "-q", "--allow-empty", "-m", f"Change {number}",
            GIT_AUTHOR_NAME=name, GIT_AUTHOR_EMAIL=address,
        )  # fmt: skip
    return tmp_path


def run(place: Path, *words: object) -> Result:
    return govern("identities", *words, workspace=place / "ws")


def shown(place: Path, *more: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = run(place, "candidates", "--repo", place / "repo", "--json", *more).json[
        "candidates"
    ]
    return found


def test_candidates_have_evidence_and_stable_ids_and_merge_nothing(place: Path) -> None:
    before = (place / "ws/identities.yaml").read_bytes()
    result = run(place, "candidates", "--repo", place / "repo")
    assert result.code == 0
    assert "2 candidates; nothing was merged" in result.out
    assert "p-4k7q2m9x: Maren Holt" in result.out
    assert "maren@laptop.example" in result.out
    assert "lists.works" not in result.out
    first, second = shown(place), shown(place)
    assert first == second
    assert [c["evidence"][0] for c in first] == ["same_name", "name_in_address"]  # type: ignore[index]
    assert (place / "ws/identities.yaml").read_bytes() == before
    assert stat.S_IMODE((place / "ws/candidates.json").stat().st_mode) == 0o600


def test_confirming_writes_into_the_entry_and_keeps_the_comments(place: Path) -> None:
    people = place / "ws/identities.yaml"
    before = people.read_text()
    one = str(shown(place)[0]["id"])
    assert run(place, "confirm", one, "--dry-run").code == 0
    assert people.read_text() == before
    done = run(place, "confirm", one, "--json")
    assert done.json == {"dry_run": False, "rejected": [], "confirmed": {one: "p-4k7q2m9x"}}
    assert "laptop" not in done.out + done.err
    assert people.read_text() == before.replace(
        "[maren.holt@works.example]", "[maren.holt@works.example, maren@laptop.example]"
    )
    assert load(people).resolve("mailto:maren@laptop.example") == "p-4k7q2m9x"
    assert [c["id"] for c in shown(place)] != [one]


def test_two_strangers_become_one_new_person(place: Path) -> None:
    two = str(shown(place)[1]["id"])
    (pid,) = run(place, "confirm", two, "--json").json["confirmed"].values()
    person = load(place / "ws/identities.yaml").person(pid)
    assert set(person.emails) == {"tlind@one.example", "tomas.lind@two.example"}
    assert pid != "p-4k7q2m9x"


def test_a_rejection_is_remembered(place: Path) -> None:
    one = str(shown(place)[0]["id"])
    before = (place / "ws/identities.yaml").read_bytes()
    assert run(place, "confirm", one, "--reject", "--dry-run").code == 0
    assert one in {c["id"] for c in shown(place)}
    assert "1 rejected" in run(place, "confirm", one, "--reject").out
    assert one not in {c["id"] for c in shown(place, "--all")}
    assert (place / "ws/identities.yaml").read_bytes() == before
    kept = json.loads((place / "ws/candidates.json").read_text())
    assert kept["rejected"] == [one]


def test_an_id_that_is_not_known_is_refused(place: Path) -> None:
    result = run(place, "confirm", "c-000000000000")
    assert result.code == 2
    assert "govern identities candidates" in result.err


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("people:\n", "people:\n  - {pid: p-zzzzzzzz, emails: [maren@laptop.example]}\n", "for two persons"),
        ("p-4k7q2m9x", "p-yyyyyyyy", "is gone"),
    ],
    ids=["claimed meanwhile", "gone meanwhile"],
)
def test_a_candidate_that_the_file_has_outgrown_is_refused_and_nothing_is_written(
    place: Path, old: str, new: str, says: str
) -> None:
    ids = [str(c["id"]) for c in shown(place)]
    people = place / "ws/identities.yaml"
    people.write_text(PEOPLE.replace(old, new))
    result = run(place, "confirm", *reversed(ids))
    assert result.code == 3
    assert says in result.err
    assert "maren" not in result.err.lower()
    assert people.read_text() == PEOPLE.replace(old, new)


def test_an_address_of_a_role_is_refused_even_if_the_kept_file_names_it(place: Path) -> None:
    one = str(shown(place)[0]["id"])
    kept = place / "ws/candidates.json"
    kept.write_text(kept.read_text().replace("maren@laptop.example", "info@laptop.example"))
    assert run(place, "confirm", one).code == 3


def test_a_damaged_list_of_candidates_is_refused_with_a_way_out(place: Path) -> None:
    one = str(shown(place)[0]["id"])
    for text in ("{", "[]", '{"version": 2}', '{"version":1,"rejected":[],"candidates":{"c-1":{}}}'):
        (place / "ws/candidates.json").write_text(text)
        result = run(place, "confirm", one)
        assert result.code == 6
        assert "remove it" in result.err


def test_what_a_mailmap_asserts_of_a_person_of_the_file_is_offered(place: Path) -> None:
    (place / "repo/.mailmap").write_text("Maren Holt <maren.holt@works.example> <maren@laptop.example>\n")
    git(place / "repo", "add", ".mailmap")
    git(place / "repo", "commit", "-q", "-m", "Who is who", GIT_AUTHOR_EMAIL="maren@laptop.example")
    found = shown(place)[0]
    assert found["evidence"] == ["asserted"]
    run(place, "confirm", found["id"])
    assert load(place / "ws/identities.yaml").resolve("mailto:maren@laptop.example") == "p-4k7q2m9x"


def test_without_a_source_or_a_workspace_it_says_so(place: Path) -> None:
    assert run(place, "candidates").code == 2
    assert govern("identities", "candidates", "--repo", place / "repo", workspace=place / "none").code == 2


@pytest.mark.parametrize("damaged", [False, True])
def test_an_erasure_forgets_who_was_shown_and_not_what_was_rejected(place: Path, damaged: bool) -> None:
    kept = place / "ws/candidates.json"
    rejected = str(shown(place)[0]["id"])
    assert run(place, "confirm", rejected, "--reject").code == 0
    assert "two.example" in kept.read_text()
    if damaged:
        kept.write_text("two.example {")
    erased = govern("subject", "erase", "--subject", "p-4k7q2m9x", workspace=place / "ws")
    assert erased.code == 0, erased.err
    assert "example" not in kept.read_text()
    assert (rejected in kept.read_text()) != damaged
