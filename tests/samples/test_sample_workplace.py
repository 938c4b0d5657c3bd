"""The sample workplace is what its texts give, and has what its README says."""

from __future__ import annotations

import csv
import json
import mailbox
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections import Counter, defaultdict
from email.header import decode_header, make_header
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples"
PLACE = SAMPLES / "workplace"
REASONS = {
    "record.source",
    "record.private_conversation",
    "record.working_time",
    "record.lookback",
    "record.third_party",
    "record.special_category",
    "record.emotion",
    "record.external_party",
    "record.label",
    "record.participant_veto",
    "duplicate",
    "missing_fact.*",
}


def _table(name: str) -> list[dict[str, str]]:
    with (PLACE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _key(source: str) -> list[dict[str, str]]:
    return [row for row in _table("key.csv") if row["source"] == source]


@cache
def _mails() -> tuple[mailbox.mboxMessage, ...]:
    box = mailbox.mbox(PLACE / "mail/archive.mbox", create=False)
    mails = tuple(box)
    box.close()
    return mails


@cache
def _chat() -> dict[str, list[dict[str, object]]]:
    with zipfile.ZipFile(PLACE / "chat/export.zip") as archive:
        return {name: json.loads(archive.read(name)) for name in archive.namelist()}


@cache
def _everything() -> str:
    """All that a reader could get to see, decoded."""
    parts = [(PLACE / "repo.bundle").read_bytes().decode("utf-8", "replace")]
    parts += [path.read_text(encoding="utf-8") for path in (PLACE / "docs").iterdir()]
    parts.append(json.dumps(_chat(), ensure_ascii=False))
    for mail in _mails():
        parts += [str(make_header(decode_header(str(value)))) for value in mail.values()]
        for part in mail.walk():
            if not part.is_multipart():
                parts.append(part.get_payload(decode=True).decode(part.get_content_charset() or "utf-8"))
    return " ".join(" ".join(parts).split())


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_files_are_what_the_texts_give(seed: str) -> None:
    done = subprocess.run(
        [sys.executable, SAMPLES / "build.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo"},
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    copy = tmp_path / "workplace"
    shutil.copytree(PLACE, copy)
    with (copy / "mail/archive.mbox").open("ab") as file:
        file.write(b"\n")
    done = subprocess.run(
        [sys.executable, SAMPLES / "build.py", "--check", "--out", copy], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "differs: mail/archive.mbox\n")


def test_the_key_has_a_row_for_every_mail() -> None:
    locators = [row["locator"] for row in _key("mail/archive.mbox")]
    assert locators == [f"archive.mbox#{i}" for i, _ in enumerate(_mails(), 1)]


def test_the_key_has_a_row_for_every_message() -> None:
    there = [f"{name}#{i}" for name, items in _chat().items() if "/" in name for i, _ in enumerate(items, 1)]
    assert sorted(there) == sorted(row["locator"] for row in _key("chat/export.zip"))


def test_the_key_has_a_row_for_every_document() -> None:
    assert {path.name for path in (PLACE / "docs").iterdir()} == {row["locator"] for row in _key("docs")}


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_the_key_has_a_row_for_every_commit(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}

    def git(*words: str | Path) -> str:
        return subprocess.run(
            ["git", *words], capture_output=True, text=True, check=True, env=environment, encoding="utf-8"
        ).stdout

    git("clone", "--quiet", PLACE / "repo.bundle", clone)
    git("-C", clone, "fsck", "--strict")
    assert sorted(git("-C", clone, "log", "--format=%H").split()) == sorted(r["locator"] for r in _key("repo.bundle"))
    authors = Counter(git("-C", clone, "log", "--format=%ae").split())
    assert min(authors["maren.holt@nordlauf.example.com"], authors["maren@mh-laptop.local"]) >= 5
    assert set(git("-C", clone, "log", "--author=Maren Holt", "--format=%aE").split()) == {
        "maren.holt@nordlauf.example.com"
    }
    log = git("-C", clone, "log", "--format=%B")
    assert all(word in log for word in ("Reviewed-by:", "Co-authored-by:", "This reverts commit"))
    assert git("-C", clone, "rev-list", "--merges", "--count", "HEAD").strip() == "1"


def test_no_record_stands_in_the_key_twice() -> None:
    rows = _table("key.csv")
    assert len({(row["source"], row["locator"]) for row in rows}) == len(rows)


def test_every_judgement_has_known_reasons_and_a_sentence() -> None:
    for row in _table("key.csv"):
        reasons = row["reasons"].split()
        assert set(reasons) <= REASONS, row
        assert reasons == sorted(set(reasons)), row
        assert row["outcome"] == ("left_out" if reasons else "taken"), row
        assert row["by"] == "subject" or row["outcome"] == "left_out", row
        assert row["why"].endswith("."), row
    seen = {reason for row in _table("key.csv") for reason in row["reasons"].split()}
    assert seen == REASONS


def test_there_is_enough_of_everything() -> None:
    rows = _table("key.csv")
    by_source = Counter(row["source"] for row in rows)
    assert by_source["mail/archive.mbox"] >= 130
    assert by_source["chat/export.zip"] >= 140
    assert by_source["repo.bundle"] >= 60
    assert sum(row["by"] == "subject" for row in rows) >= 170
    assert sum(row["outcome"] == "taken" for row in rows) >= 110


def test_the_readme_counts_what_there_is() -> None:
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    rows = _table("key.csv")
    names = {"`mail/archive.mbox`": "mail/archive.mbox", "`chat/export.zip`": "chat/export.zip"}
    names |= {"`repo.bundle`": "repo.bundle", "`docs/`": "docs", "together": ""}
    for label, source in names.items():
        some = [row for row in rows if row["source"] == source or not source]
        mine = sum(row["by"] == "subject" for row in some)
        taken = sum(row["outcome"] == "taken" for row in some)
        assert re.search(rf"^\| {re.escape(label)} \|.*\| {len(some)} \| {mine} \| {taken} \|$", readme, re.M), (
            label,
            len(some),
            mine,
            taken,
        )


def test_every_habit_comes_back_on_several_days() -> None:
    taken = {(row["source"], row["locator"]) for row in _table("key.csv") if row["outcome"] == "taken"}
    places: dict[str, set[tuple[str, str]]] = defaultdict(set)
    days: dict[str, set[str]] = defaultdict(set)
    for row in _table("habits.csv"):
        places[row["habit"]].add((row["source"], row["locator"]))
        days[row["habit"]].add(row["day"])
    assert len(places) >= 30
    assert all(3 <= len(found) <= 9 for found in places.values())
    assert all(len(found) >= 3 for found in days.values())
    assert set.union(*places.values()) <= taken


def test_a_fifth_of_what_is_taken_is_no_habit() -> None:
    habits = {(row["source"], row["locator"]) for row in _table("habits.csv")}
    taken = {(row["source"], row["locator"]) for row in _table("key.csv") if row["outcome"] == "taken"}
    assert len(taken - habits) * 5 >= len(taken)


@pytest.mark.parametrize(
    "sign",
    [
        "-----Original Message-----",
        "-----Ursprüngliche Nachricht-----",
        "---------- Forwarded message ---------",
        "wrote: > ",
        "schrieb Jürgen Petersen",
        "> >",
        '<blockquote class="gmail_quote">',
        '<blockquote type="cite">',
        'id="divRplyFwdMsg"',
        "ignore all previous instructions",
        "Works Council",
        "<payments-team.nordlauf.example.com>",
        "31 Sep 2026",
    ],
)
def test_the_mailbox_shows(sign: str) -> None:
    assert sign in _everything().replace(">>", "> >")


def test_mails_use_several_encodings() -> None:
    parts = [part for mail in _mails() for part in mail.walk() if not part.is_multipart()]
    encodings = {str(part["Content-Transfer-Encoding"]) for part in parts}
    assert encodings == {"7bit", "8bit", "quoted-printable", "base64"}
    assert {part.get_content_charset() for part in parts} == {"us-ascii", "utf-8", "iso-8859-1"}


def test_two_mails_are_the_same() -> None:
    copies = Counter(mail["Message-ID"] for mail in _mails())
    assert sorted(copies.values())[-2:] == [1, 2]


def test_the_chat_has_threads_bots_edits_and_tokens() -> None:
    messages = [item for name, items in _chat().items() if "/" in name for item in items]
    subtypes = {item.get("subtype") for item in messages}
    assert subtypes == {None, "bot_message", "thread_broadcast", "channel_join", "tombstone"}
    assert sum("parent_user_id" in item for item in messages) >= 60
    assert any("edited" in item for item in messages)
    assert all("?t=xoxe-" in item["files"][0]["url_private"] for item in messages if "files" in item)
    known = {user["id"] for user in _chat()["users.json"]}
    assert any(item.get("user", "") not in {*known, ""} for item in messages)
    assert {"channels.json", "groups.json", "dms.json", "users.json"} <= _chat().keys()


def test_what_must_not_surface_is_there_to_surface() -> None:
    lines = (PLACE / "must_not_surface.txt").read_text(encoding="utf-8").splitlines()
    strings = [line for line in lines if line and not line.startswith("#")]
    assert len(strings) == len(set(strings)) >= 60
    assert [string for string in strings if string not in _everything()] == []


def test_addresses_are_in_reserved_domains() -> None:
    domains = set(re.findall(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)", _everything()))
    assert len(domains) >= 6
    assert [d for d in domains if not re.search(r"(?:^|\.)example\.(?:com|org|net)$|\.local$", d)] == []


def test_no_text_file_carries_a_whole_credential() -> None:
    looks_live = re.compile(r"xox[a-z]-\w{6}|sk_live_|AKIA[0-9A-Z]{16}|whsec_|eyJ[\w-]+\.eyJ")
    paths = [p for p in SAMPLES.rglob("*") if p.suffix in {".txt", ".py", ".yaml", ".md", ".csv"}]
    assert len(paths) > 15
    assert [p.name for p in paths if looks_live.search(p.read_text(encoding="utf-8"))] == []


def test_the_people_file_names_everybody_once() -> None:
    from ruamel.yaml import YAML

    people = YAML(typ="safe").load((PLACE / "identities.yaml").read_text(encoding="utf-8"))["people"]
    assert len(people) >= 9
    for field in ("names", "emails", "slack"):
        values = [value for person in people for value in person[field]]
        assert len(values) == len(set(values))
    assert all(re.fullmatch(r"p-[a-z2-9]{8}", person["pid"]) for person in people)
