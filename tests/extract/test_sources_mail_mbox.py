"""Mailboxes of any size and any of the four mbox variants: the same mails, whatever the chunks."""

from __future__ import annotations

import io
import mailbox
import pickle
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from source_world import mail, mbox

from extract.records import Record
from extract.sources import mbox as splitter
from extract.sources.api import Defect
from extract.sources.mail import MailSource

SEPARATOR = b"From maren@works.example Mon Mar  2 10:15:00 2026\n"
TRAP = "I saw:\n\nFrom here it went down.\n\nThen it rose.\n\nFrom nowhere.\n"


def raws(data: bytes, limit: int = splitter.MAIL_LIMIT) -> list[bytes]:
    return [found.raw for found in splitter.stream(io.BytesIO(data), limit)]


def write(variant: str, mails: list[bytes]) -> bytes:
    """Return an mbox as programs of that variant write it."""
    out = []
    for each in mails:
        head, _, body = each.partition(b"\n\n")
        if variant in ("mboxcl", "mboxcl2"):
            if variant == "mboxcl":
                body = body.replace(b"\nFrom ", b"\n>From ")
            head += b"\nContent-Length: %d" % len(body)
        elif variant == "mboxo":
            body = body.replace(b"\nFrom ", b"\n>From ")
        elif variant == "mboxrd":
            lines = [b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in body.split(b"\n")]
            body = b"\n".join(lines)
        out.append(SEPARATOR + head + b"\n\n" + body + b"\n")
    return b"".join(out)


@pytest.mark.parametrize("variant", ["mboxo", "mboxrd", "mboxcl", "mboxcl2"])
def test_each_variant_gives_every_mail_back(tmp_path: Path, variant: str) -> None:
    mails = [mail(TRAP, Message_ID=f"<{i}@works.example>") for i in range(3)]
    path = tmp_path / "inbox.mbox"
    path.write_bytes(write(variant, mails))
    source = MailSource(path)
    records = [source.read(unit) for unit in source.units()]
    assert [r.message_id for r in records if isinstance(r, Record)] == [f"{i}@works.example" for i in range(3)]
    for record in records:
        assert isinstance(record, Record)
        assert "\nFrom here it went down.\n" in record.text


def test_a_counted_mailbox_may_hold_a_mailbox_in_a_mail() -> None:
    inner = mail(mbox(mail(), mail()).decode())
    assert len(raws(write("mboxcl2", [inner, mail()]))) == 2
    # Without the counts, nothing tells the mails inside from the others.
    assert len(raws(write("mboxo", [inner, mail()]).replace(b">From ", b"From "))) == 4


@pytest.mark.parametrize("length", ["0", "3", "999999999", "-1", "1e3", "99999999999999"])
def test_a_count_that_lies_neither_loses_nor_makes_a_mail(length: str) -> None:
    first = mail("One.\n\nTwo.\n", Content_Length=length)
    assert raws(mbox(first, mail())) == [first, mail()]
    # Also behind a first mail whose count is right.
    honest = mail("Right.\n", Content_Length="7")
    assert raws(mbox(honest, first, mail())) == [honest, first, mail()]


@pytest.mark.parametrize("variant", ["mboxo", "mboxrd", "mboxcl", "mboxcl2"])
def test_lines_may_end_as_in_windows_and_the_last_not_at_all(variant: str) -> None:
    mails = [mail("One.\n"), mail("Two.\n")]
    data = write(variant, mails)
    assert len(raws(data.rstrip(b"\n"))) == 2
    if variant in ("mboxo", "mboxrd"):
        found = raws(data.replace(b"\n", b"\r\n"))
        assert found == [m.replace(b"\n", b"\r\n") for m in mails]


def test_prose_that_the_standard_library_takes_for_separators_splits_nothing(tmp_path: Path) -> None:
    prose = mail("Hello,\n\nFrom Monday on we use the mirror.\n\nFrom the minutes:\nDecision: yes\n")
    path = tmp_path / "inbox.mbox"
    path.write_bytes(mbox(prose, mail()))
    assert raws(path.read_bytes()) == [prose, mail()]
    box = mailbox.mbox(path)
    assert len(box) > 2
    box.close()


def test_a_mail_that_is_too_large_is_a_defect_and_the_next_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(splitter.stream, "__defaults__", (5000,))
    large = mail("word " * 2_000_000 + "\n")
    path = tmp_path / "inbox.mbox"
    for content in (mbox(mail(), large, mail()), write("mboxcl", [mail(), large, mail()])):
        path.write_bytes(content)
        source = MailSource(path)
        units = list(source.units())
        found = [source.read(unit) for unit in units]
        assert [type(each) for each in found] == [Record, Defect, Record]
        assert isinstance(found[1], Defect)
        assert (found[1].code, found[1].unreadable, len(found[1].raw_digest)) == ("mail.too_large", True, 64)
        assert [unit.locator for unit in units] == ["inbox.mbox#1", "inbox.mbox#2", "inbox.mbox#3"]
        assert units[1].size < 1000


def test_a_single_mail_that_is_too_large_is_a_defect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitter, "MAIL_LIMIT", 100)
    (tmp_path / "a.eml").write_bytes(mail())
    source = MailSource(tmp_path)
    (found,) = [source.read(unit) for unit in source.units()]
    assert isinstance(found, Defect)
    assert found.code == "mail.too_large"


def test_a_file_that_is_no_mail_may_have_any_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitter, "MAIL_LIMIT", 100)
    (tmp_path / "film.bin").write_bytes(b"\x00" * 100_000)
    source = MailSource(tmp_path)
    (found,) = [source.read(unit) for unit in source.units()]
    assert isinstance(found, Defect)
    assert (found.code, found.unreadable) == ("file.not_mail", False)


PIECES = (
    b"\n", b"\r\n", b"text\n", SEPARATOR, b"From x 2026\n", b"Subject: a\n", b"Content-Length: 7\n", b"\n\n",
    b">From me\n", b"From: a@works.example\n", b"x" * 700, b"From ",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=40), st.sampled_from([1, 7, 64, 1000]))
def test_the_size_of_the_chunks_changes_nothing(pieces: list[bytes], chunk: int) -> None:
    data = SEPARATOR + b"".join(pieces)
    with pytest.MonkeyPatch.context() as patch:
        whole = [found.sha256 for found in splitter.stream(io.BytesIO(data), len(data))]
        patch.setattr(splitter, "_CHUNK", chunk)
        assert [found.sha256 for found in splitter.stream(io.BytesIO(data), len(data))] == whole
        # What is passed over has the digest of what would have been taken.
        assert [found.sha256 for found in splitter.stream(io.BytesIO(data), 20)] == whole


def test_a_large_mailbox_is_split_at_the_same_places_as_a_small_one() -> None:
    chance = random.Random(5)
    mails = [mail("word " * chance.randrange(2000) + f"\n\nFrom here, {i}.\n") for i in range(900)]
    data = mbox(*mails)
    assert len(data) > 3 * 1024 * 1024
    assert raws(data) == mails


def test_units_are_given_while_the_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "inbox.mbox"
    path.write_bytes(mbox(*[mail("word " * 1000 + "\n")] * 2000))
    units = MailSource(path).units()
    first = next(units)
    # The rest of the file goes: what was not read yet is not there any more.
    path.write_bytes(path.read_bytes()[: 3 * 1024 * 1024])
    assert first.locator == "inbox.mbox#1"
    assert 300 < len(list(units)) < 1000


PICKLE = """
import hashlib, pickle, sys
from pathlib import Path
from extract.sources.mail import MailSource
source = MailSource(Path(sys.argv[1]))
before = pickle.dumps(source)
units = list(source.units())
assert pickle.dumps(source) == before
print(hashlib.sha256(before + pickle.dumps(units)).hexdigest())
"""


def test_an_opened_mailbox_and_its_units_are_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    path = tmp_path / "inbox.mbox"
    path.write_bytes(mbox(mail(), mail(X_Gmail_Labels="Inbox,Work")))
    seen = {
        subprocess.run(
            [sys.executable, "-c", PICKLE, str(path)],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(splitter.__file__).parents[2])},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1
    source = MailSource(path)
    copy = pickle.loads(pickle.dumps(source))
    assert [copy.read(unit) for unit in source.units()] == [source.read(unit) for unit in source.units()]


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("inbox.mbox", b"", True),
        ("inbox", SEPARATOR + mail(), True),
        ("letter", mail(), True),
        ("letter.eml", b"nothing", True),
        ("notes.txt", b"no header here", False),
        ("picture.png", b"\x89PNG", False),
        ("outlook.pst", b"!BDN\0\0\0\0", False),
    ],
)
def test_mail_is_detected_by_name_or_first_bytes(tmp_path: Path, name: str, content: bytes, found: bool) -> None:
    (tmp_path / name).write_bytes(content)
    assert MailSource.detect(tmp_path / name) is found
    assert MailSource.detect(tmp_path) is True
    assert MailSource.detect(tmp_path / "missing") is False
