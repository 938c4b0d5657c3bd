"""The receipt: complete, for people and for programs, in their language, and never one that proves nothing."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import secrets
from html.parser import HTMLParser

import pytest
from consent_world import MAREN, PURPOSE, World, agreed, key_of
from hypothesis import given, settings
from hypothesis import strategies as st

from attest import canonical
from attest.checkpoint import Checkpoint
from attest.errors import SignatureError
from attest.merkle import Tree, leaf_hash
from attest.note import NoteSigner, sign
from attest.proof import TlogProof
from consent import build, notice, receipt_page, receipt_words
from consent.errors import RecordError
from consent.notice import Notice
from consent.receipt import Receipt, check, receipt
from consent.record import parse
from govern.errors import GovernError, VerificationError

SIGNER = NoteSigner("example.org/govern/1", key_of("log"))
VKEY = SIGNER.verifier.vkey


def proof_of(world: World, index: int, signer: NoteSigner = SIGNER) -> bytes:
    tree = Tree([leaf_hash(entry) for entry in world.entries])
    note = sign(Checkpoint("example.org/govern/1", tree.size, tree.root()).text(), [signer])
    return TlogProof(index, tuple(tree.inclusion_proof(index)), note).to_bytes()


def given_out(
    world: World, index: int, signer: NoteSigner = SIGNER, key: int | None = None, lang: str | None = None
) -> Receipt:
    by = (world.entries[key], proof_of(world, key)) if key is not None else None
    return receipt(world.entries[index], proof_of(world, index, signer), VKEY, signer=by, lang=lang)


def test_a_receipt_says_what_was_agreed_in_words() -> None:
    text = given_out(agreed(withhold=["people_network"], refused=["onboarding"]), 1).text
    for part in ("you said yes", "entry 1 of the log", "Yes to", PURPOSE, "No to", "onboarding", "mail.work",
                 "2026-01-01 to 2026-11-22", "people_network", "2027-11-22", "without your key",
                 notice.load().text.splitlines()[2], "example.org/govern/1"):  # fmt: skip
        assert part in text


def test_a_receipt_holds_everything_that_the_proof_needs() -> None:
    world = agreed()
    document = json.loads(json.dumps(given_out(world, 1).document))
    assert base64.b64decode(document["entry"]) == world.entries[1]
    assert document["record_sha256"] == canonical.loads(world.entries[1])["body"]["record_sha256"]
    assert document["notice"]["sha256"] == document["record"]["notice"]["sha256"]
    assert b"".join(given_out(world, 1).checkpoint.split(b"\n")[:1]) == b"example.org/govern/1"
    assert check(given_out(world, 1).to_bytes(), VKEY).document == document


def decisions() -> dict[str, tuple[World, int]]:
    """Return a world and the entry of one decision of each kind."""
    refused, renewed, withdrawn, objected, deferred, asked = (agreed() for _ in range(6))
    fresh = World()
    fresh.enrol()
    renewed.pass_time(days=1)
    return {
        "consent.refused": (fresh, fresh.refuse()),
        "consent.renewed": (renewed, renewed.renew()),
        "consent.withdrawn": (withdrawn, withdrawn.withdraw()),
        "consent.objected": (objected, objected.say("objected")),
        "consent.deferred": (deferred, deferred.say("deferred", purposes=("onboarding",))),
        "consent.requested": (asked, asked.say("requested", purposes=("onboarding",))),
        "consent.given": (refused, 1),
    }


@pytest.mark.parametrize("lang", ["en", "de", "zh"])
@pytest.mark.parametrize("kind", sorted(decisions()))
def test_every_decision_has_a_receipt_in_every_language_that_can_be_checked(kind: str, lang: str) -> None:
    world, index = decisions()[kind]
    made = given_out(world, index, lang=lang)
    assert receipt_words.WORDS[lang][kind] in made.text
    assert check(made.to_bytes(), VKEY) == made
    assert check(receipt_page.page(made), VKEY) == made


def test_the_languages_have_the_same_words() -> None:
    assert len({frozenset(words) for words in receipt_words.WORDS.values()}) == 1
    assert set(receipt_words.WORDS) == set(notice.languages())


def test_a_withdrawal_of_everything_needs_no_record() -> None:
    world = agreed()
    index = world.withdraw()
    found = given_out(world, index)
    assert "you took your yes back" in found.text
    assert "all purposes" in found.text
    assert found.document["record"] is None
    assert world.ledger().latest(MAREN) == index


def test_the_latest_entry_is_that_of_the_person() -> None:
    world = World()
    world.enrol()
    assert world.ledger().latest(MAREN) is None
    assert world.give() == world.ledger().latest(MAREN)
    world.withdraw("p-7h3d9w2c")
    assert world.ledger().latest(MAREN) == 1


def test_the_key_that_signed_is_proved_too() -> None:
    world = agreed()
    made = given_out(world, 1, key=0)
    assert made.signer is not None
    assert made.signer.key_id == canonical.loads(world.entries[0])["body"]["key_id"]
    assert made.signer.key_id in made.text
    assert check(receipt_page.page(made), VKEY) == made


def test_a_key_of_somebody_else_proves_nothing() -> None:
    world = agreed()
    world.enrol("p-7h3d9w2c")
    with pytest.raises(VerificationError):
        given_out(world, 1, key=2)
    with pytest.raises(VerificationError):
        given_out(world, 1, key=1)


def test_a_signature_of_another_key_of_the_person_is_found() -> None:
    world, other = agreed(), World()
    other.enrol(key="another")
    world.entries.append(other.entries[0])
    with pytest.raises(SignatureError):
        given_out(world, 1, key=2)


def test_an_entry_about_something_else_has_no_receipt() -> None:
    with pytest.raises(RecordError):
        given_out(agreed(), 0)


def test_a_receipt_that_proves_nothing_is_not_given_out() -> None:
    world = agreed()
    with pytest.raises(VerificationError):
        given_out(world, 1, NoteSigner("example.org/govern/1", key_of(secrets.token_hex(4))))
    wrong = proof_of(world, 0).replace(b"\nindex 0\n", b"\nindex 1\n")
    with pytest.raises(VerificationError):
        receipt(world.entries[1], wrong, VKEY)


def test_a_receipt_of_another_log_is_refused() -> None:
    other = NoteSigner("example.org/govern/2", key_of("other")).verifier.vkey
    with pytest.raises(VerificationError):
        check(given_out(agreed(), 1).to_bytes(), other)


CHANGES = {
    "the event": ("event", "consent.refused"),
    "the time": ("at", "2020-01-01T00:00:00Z"),
    "the person": ("pid", "p-7h3d9w2c"),
    "the place": ("index", 7),
    "the record": ("record", None),
    "the digest": ("record_sha256", "0" * 64),
    "the key": ("log_key", "somebody else's"),
    "the checkpoint": ("checkpoint", "AAAA"),
    "the language": ("lang", "xx"),
    "the notice": ("notice", None),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_receipt_that_says_something_else_than_its_entry_is_refused(what: str) -> None:
    document = given_out(agreed(), 1).document
    name, value = CHANGES[what]
    assert document[name] != value
    with pytest.raises(VerificationError):
        check(json.dumps({**document, name: value}).encode(), VKEY)


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[1]", b"\xff", b"<html></html>", b'{"schema": 1, "schema": 1}', b"[" * 100_000, b" " * 2_000_000],
)
def test_a_file_that_is_no_receipt_is_refused(data: bytes) -> None:
    with pytest.raises(RecordError):
        check(data, VKEY)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_byte_of_a_page_can_be_changed(data: st.DataObject) -> None:
    page = receipt_page.page(given_out(agreed(), 1))
    place = data.draw(st.integers(0, len(page) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != page[place]))
    with pytest.raises(GovernError):
        check(page[:place] + bytes([byte]) + page[place + 1 :], VKEY)


class Reader(HTMLParser):
    """Collects what a browser would load, run or show."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [name for name, _ in attrs if name in ("src", "href", "srcset", "action") or name[:2] == "on"]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.mark.parametrize("lang", ["en", "de", "zh"])
def test_a_page_runs_nothing_and_loads_nothing_and_is_in_the_persons_language(lang: str) -> None:
    reader = Reader()
    page = receipt_page.page(given_out(agreed(), 1, lang=lang)).decode()
    reader.feed(page)
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(reader.tags)
    assert reader.links == []
    assert f'<html lang="{lang}">' in page
    assert "default-src 'none'" in page
    assert receipt_words.WORDS[lang]["back"] in "".join(reader.texts)
    assert "**" not in re.sub(r"<pre.*?</pre>", "", page, flags=re.DOTALL)


def test_a_page_shows_a_name_as_text_whatever_is_in_it() -> None:
    world = agreed()
    body = {"pid": MAREN, "purposes": ["<script>alert(1)</script>"], "channel": "paper"}
    page = receipt_page.page(given_out(world, world.log("consent.withdrawn", body))).decode()
    assert "<script" not in page
    assert html.escape("<script>alert(1)</script>") in page


def test_a_notice_that_does_not_ship_is_taken_from_the_log() -> None:
    text = "Version: 9\n\n# Another notice\n"
    other = Notice("de", "9", text, hashlib.sha256(text.encode()).hexdigest())
    world = World()
    world.enrol()
    record = world.record()
    document = {**record.to_document(), "notice": {**record.to_document()["notice"], "sha256": other.sha256}}
    signed = build.sign(parse(canonical.dumps(document)), key_of(MAREN))
    index = world.log(signed.event_type, signed.body)
    assert given_out(world, index).notice is None
    made = receipt(world.entries[index], proof_of(world, index), VKEY, notices=[other])
    assert made.notice == other
    assert check(made.to_bytes(), VKEY) == made
