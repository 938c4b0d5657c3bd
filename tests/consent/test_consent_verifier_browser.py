"""The page that checks receipts, in a real browser: it agrees with the library on what holds and what does not."""

from __future__ import annotations

import base64
import json
import re
import string
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import chromium
from consent_world import MAREN, OTTO, PURPOSE, key_of
from office import Office
from passkey import Authenticator
from verifier_world import OTHER, PHONE, VKEY, Checker, Town, b64, open_checker, written
from workplace import SUBJECT, Workplace

from attest import fingerprint, webauthn
from attest.note import NoteSigner, signature_line
from consent import notice, receipt_page
from consent.receipt import check
from consent.record import ConsentRecord
from consent.verifier import page as verifier
from govern.errors import GovernError

LINES = tuple(name for name in verifier.CHECKS if name != "page")
HOLDS, FAILED, OPEN = "holds", "does not hold", "not checked"
UNSIGNED = {name: OPEN if name in ("record", "signer", "signature", "notice") else HOLDS for name in LINES}

Document = dict[str, Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("verifier") / verifier.FILE_NAME
    made.write_bytes(verifier.page())
    return made


@pytest.fixture(scope="module")
def checker(browser: Any, file: Path) -> Checker:
    """A tab that tests share."""
    return open_checker(browser, file)


def of_key_file(record: Callable[[Town], int]) -> Document:
    town = Town()
    town.enrol(OTTO)
    signer = town.enrol()
    index = record(town)
    town.enrol(OTTO, "later")
    return town.document(index, signer)


def of_passkey(phone: Authenticator = PHONE, record: Callable[[Town], ConsentRecord] = Town.record) -> Document:
    town = Town()
    town.enrol(OTTO)
    signer = town.phone(phone)
    index = town.by_passkey(record(town), phone, key_id=phone.passkey.key_id)
    town.enrol(OTTO, "later")
    return town.document(index, signer)


GOOD: dict[str, Callable[[], Document]] = {
    "a yes by key file": lambda: of_key_file(lambda town: town.give(withhold=["people_network"])),
    "a no by key file": lambda: of_key_file(lambda town: town.refuse()),
    "a yes by ES256": of_passkey,
    "a yes by EdDSA": lambda: of_passkey(Authenticator(webauthn.EDDSA)),
    "a yes by RS256": lambda: of_passkey(Authenticator(webauthn.RS256)),
    "a no by passkey": lambda: of_passkey(record=Town.no),
    "with extensions": lambda: of_passkey(PHONE.but(extensions=b"\xa1\x61a\x01")),
}


@pytest.mark.parametrize("kind", GOOD)
def test_a_true_receipt_holds_line_by_line(checker: Checker, kind: str) -> None:
    document = GOOD[kind]()
    made = check(written(document), VKEY)
    assert checker.check(written(document)) == dict.fromkeys(LINES, HOLDS)
    assert checker.line == "Every line holds."
    assert made.record is not None
    assert fingerprint.words(bytes.fromhex(made.record.sha256)) in checker.decided
    for part in (MAREN, f"{PURPOSE} (passing on know-how)", made.signer.key_id if made.signer else "?"):
        assert part in checker.decided
    assert ("you said yes" if "yes" in kind or "ext" in kind else "you said no") in checker.decided


@pytest.mark.parametrize("purposes", [None, (PURPOSE,)])
def test_a_withdrawal_without_a_signature_says_so(checker: Checker, purposes: tuple[str, ...] | None) -> None:
    town = Town()
    town.enrol()
    town.give()
    data = written(town.document(town.withdraw(purposes=purposes), None))
    assert check(data, VKEY).record is None
    assert checker.check(data) == UNSIGNED
    assert checker.found("signature").startswith("Nothing was signed here.")
    assert "you took your yes back" in checker.decided
    assert (PURPOSE if purposes else "all purposes") in checker.decided


def test_a_page_is_read_too_and_its_words_are_not_vouched_for(checker: Checker) -> None:
    data = receipt_page.page(check(written(GOOD["a yes by ES256"]()), VKEY))
    assert checker.check(data, name="receipt.html") == {**dict.fromkeys(LINES, HOLDS), "page": OPEN}
    assert "not checked here" in checker.found("page")
    assert "page" not in checker.check(written(GOOD["a yes by key file"]()))


def test_a_receipt_that_the_command_wrote_holds(checker: Checker, tmp_path: Path) -> None:
    office = Office(Workplace(tmp_path / "place").write(), tmp_path)
    assert [office.init().code, office.enroll().code] == [0, 0]
    refuse = ("consent", "refuse", "--subject", SUBJECT, "--key", office.key, "--policy", "worker_protection")
    assert office.run(*refuse, "--now", "2026-03-01T09:00:00Z").code == 0
    key = Path(office.log_key).read_text("ascii").strip()
    for name, more in (("receipt.json", {}), ("receipt.html", {"page": OPEN})):
        made = office.run("consent", "receipt", "--subject", SUBJECT, "--lang", "de", "-o", tmp_path / name)
        assert made.code == 0, made.err
        data = (tmp_path / name).read_bytes()
        assert checker.check(data, key, name) == dict.fromkeys(LINES, HOLDS) | more
    assert "you said no" in checker.decided


def test_a_checkpoint_that_others_signed_too_holds(checker: Checker) -> None:
    town = Town()
    signer = town.enrol()
    document = town.document(town.give(), signer)
    evidence = town.proof(document["index"], NoteSigner("witness.example", key_of("witness")))
    document |= {"proof": b64(evidence), "checkpoint": b64(evidence.partition(b"\n\n")[2])}
    assert check(written(document), VKEY).index == document["index"]
    assert checker.check(written(document)) == dict.fromkeys(LINES, HOLDS)
    # A line that claims to be the log's, and is not, is not outvoted by one that is.
    name, _, public = VKEY.partition("+")
    line = signature_line(name, bytes.fromhex(public[:8]), bytes(64)).encode()
    document |= {"proof": b64(evidence + line), "checkpoint": b64(evidence.partition(b"\n\n")[2] + line)}
    assert agreed(checker, written(document))["checkpoint"] == FAILED


def test_without_the_key_of_the_log_nothing_is_proven(checker: Checker) -> None:
    found = checker.check(written(GOOD["a yes by ES256"]()), "")
    assert {name for name, verdict in found.items() if verdict == OPEN} == {"checkpoint", "signer"}
    assert checker.found("checkpoint") == "Give the key of the log."
    assert "this is not proven" in checker.decided


def test_without_the_enrolment_the_signature_is_not_checked(checker: Checker) -> None:
    data = written(GOOD["a yes by ES256"]() | {"signer": None})
    assert check(data, VKEY).signer is None
    found = checker.check(data)
    assert {name for name, verdict in found.items() if verdict == OPEN} == {"signer", "signature"}
    assert "this is not proven" in checker.decided


def test_the_key_can_come_as_a_file(checker: Checker) -> None:
    checker.check(written(GOOD["a yes by ES256"]()), "")
    checker.choose("#key-file", "log.vkey", f"{VKEY}\n".encode())
    assert checker.verdicts == dict.fromkeys(LINES, HOLDS)
    checker.page.fill("#key", OTHER.verifier.vkey)
    # Leaving the field is enough.
    checker.wait(lambda: checker.page.focus("#again"))
    assert checker.verdicts["checkpoint"] == FAILED
    checker.page.evaluate("key => { document.getElementById('key').value = key; }", VKEY)
    checker.wait(lambda: checker.page.click("#again"))
    assert checker.verdicts == dict.fromkeys(LINES, HOLDS)


def flip(text: str, at: int) -> str:
    """Return base64 with one character changed in its highest bit."""
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
    return text[:at] + alphabet[alphabet.index(text[at]) ^ 32] + text[at + 1 :]


def flipped(match: re.Match[str]) -> str:
    """Change the second group of what was found, one character of base64."""
    return match[1] + flip(match[2], 0)


def within(part: dict[str, Any], name: str, old: str, new: str | Callable[[re.Match[str]], str]) -> None:
    """Replace in what a base64 text holds."""
    text = base64.b64decode(part[name]).decode()
    assert re.search(old, text, re.MULTILINE)
    part[name] = b64(re.sub(old, new, text, count=1, flags=re.MULTILINE).encode())


def both(document: Document, old: str, new: str | Callable[[re.Match[str]], str]) -> None:
    """Change the checkpoint in the proof and beside it."""
    within(document, "proof", old, new)
    within(document, "checkpoint", old, new)


def another_record(document: Document) -> None:
    """Put another record into entry and copies, as somebody would who cannot sign."""
    entry = json.loads(base64.b64decode(document["entry"]))
    envelope = entry["body"]["envelope"]
    within(envelope, "payload", '"until":"2026-11-22"', '"until":"2026-12-22"')
    document["envelope"] = envelope
    document["record"] = json.loads(base64.b64decode(envelope["payload"]))
    document["entry"] = b64(json.dumps(entry, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode())


def no_signer_of_this_person(document: Document) -> None:
    document["signer"] = of_somebody_else()["signer"]


def of_somebody_else() -> Document:
    town = Town()
    signer = town.phone(Authenticator(seed="theirs"), OTTO)
    return town.document(town.by_passkey(town.record()), signer)


CHANGES: dict[str, tuple[Callable[[Document], Any], str]] = {
    "a byte of the entry": (lambda d: within(d, "entry", '"actor":"system"', '"actor":"systen"'), "entry"),
    "a hash of the proof": (lambda d: within(d, "proof", r"^(\S{20})(\S)(?=\S{23}$)", flipped), "entry"),
    "a hash left out": (lambda d: within(d, "proof", r"^\S{44}\n", ""), "entry"),
    "the index in the proof": (lambda d: within(d, "proof", "^index 2", "index 1"), "entry"),
    "the size in the checkpoint": (lambda d: both(d, "^4$", "5"), "checkpoint"),
    "the origin in the checkpoint": (lambda d: both(d, "^example", "Example"), "checkpoint"),
    "the signature of the checkpoint": (lambda d: both(d, r"(— \S+ \S{20})(.)", flipped), "checkpoint"),
    "the copy of the checkpoint": (lambda d: within(d, "checkpoint", "^4$", "5"), "copies"),
    "the record in entry and copies": (another_record, "entry"),
    "the copy of the record": (lambda d: d["record"]["choices"][0].update(until="2030-01-01"), "copies"),
    "the copy of the envelope": (lambda d: d["envelope"].update(payloadType="x"), "copies"),
    "the digest of the record": (lambda d: d.update(record_sha256="0" * 64), "copies"),
    "no record": (lambda d: d.update(record=None), "copies"),
    "the person": (lambda d: d.update(pid=OTTO), "copies"),
    "the time": (lambda d: d.update(at="2026-11-23T10:00:00Z"), "copies"),
    "the event": (lambda d: d.update(event="consent.refused"), "copies"),
    "the number of the entry": (lambda d: d.update(index=3), "copies"),
    "the key in the receipt": (lambda d: d.update(log_key=OTHER.verifier.vkey), "copies"),
    "the language": (lambda d: d.update(lang="constructor"), "form"),
    "the version": (lambda d: d.update(schema="govern-receipt/2"), "form"),
    "a field more": (lambda d: d.update(more=1), "form"),
    "a field less": (lambda d: d.pop("notice"), "form"),
    "a byte of the notice": (lambda d: d["notice"].update(text=d["notice"]["text"] + " "), "notice"),
    "the digest of the notice": (lambda d: d["notice"].update(sha256="0" * 64), "notice"),
    "the version of the notice": (lambda d: d["notice"].update(version="0"), "notice"),
    "another notice": (lambda d: d.update(notice=notice.load("de").body()), "notice"),
    "no notice": (lambda d: d.update(notice=None), "notice"),
    "a byte of the enrolment": (lambda d: within(d["signer"], "entry", MAREN, OTTO), "signer"),
    "the proof of the enrolment": (
        lambda d: within(d["signer"], "proof", r"^(\S{20})(\S)(?=\S{23}$)", flipped),
        "signer",
    ),
    "the checkpoint of the enrolment": (
        lambda d: within(d["signer"], "proof", r"(— \S+ \S{20})(.)", flipped),
        "signer",
    ),
    "the enrolment of somebody else": (no_signer_of_this_person, "signer"),
}


def agreed(checker: Checker, data: bytes, key: str = VKEY) -> dict[str, str]:
    """Return what the page says of a receipt that the library refuses."""
    with pytest.raises(GovernError):
        check(data, key)
    found = checker.check(data, key)
    assert FAILED in found.values()
    assert "Do not rely on this receipt" in checker.line
    return found


@pytest.mark.parametrize("kind", ["a yes by ES256", "a yes by key file"])
@pytest.mark.parametrize("change", CHANGES)
def test_what_was_changed_fails_its_line_and_the_library_refuses_it(checker: Checker, change: str, kind: str) -> None:
    document = GOOD[kind]()
    make, line = CHANGES[change]
    make(document)
    assert agreed(checker, written(document))[line] == FAILED
    if line not in ("notice",):
        assert "Nothing is shown" in checker.decided
        assert checker.page.query_selector("#decided table") is None


def test_the_key_of_another_log_fails(checker: Checker) -> None:
    data = written(GOOD["a yes by ES256"]())
    assert agreed(checker, data, OTHER.verifier.vkey)["checkpoint"] == FAILED
    for key in ("nonsense", VKEY.replace("+", "+0", 1), VKEY[:-4], f"{VKEY} x"):
        assert agreed(checker, data, key)["checkpoint"] == FAILED


def test_a_file_that_is_none_fails(checker: Checker) -> None:
    data = written(GOOD["a yes by ES256"]())
    twice = data.replace(b'"lang": "en",', b'"lang": "de",\n  "lang": "en",', 1)
    for bad in (b"", b"{", b"null", b"[]", data[:-9], twice, b"<p>no receipt</p>", b"\xff", b"\xef\xbb\xbf" + data):
        assert agreed(checker, bad)["form"] == FAILED


def signed_badly(phone: Authenticator, over: bytes | None = None) -> Document:
    """Return the receipt of a log that took a signature which does not count."""
    town = Town()
    signer = town.phone()
    return town.document(town.by_passkey(town.record(), phone, over), signer)


def signed_by_another_key_file() -> Document:
    town = Town()
    signer = town.enrol()
    index = town.give()
    entry = json.loads(town.entries[index])
    signature = entry["body"]["envelope"]["signatures"][0]
    signature["sig"] = flip(signature["sig"], 9)
    town.entries[index] = json.dumps(entry, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
    return town.document(index, signer)


BAD: dict[str, tuple[Callable[[], Document], str]] = {
    "another record": (lambda: signed_badly(PHONE, b"something else"), "something else than this record"),
    "another page": (lambda: signed_badly(PHONE.but(origin="https://evil.example")), "another page"),
    "another host": (lambda: signed_badly(PHONE.but(rp_id="evil.example")), "another site"),
    "in a frame": (lambda: signed_badly(PHONE.but(says={"crossOrigin": True})), "page of somebody else"),
    "in a page above": (lambda: signed_badly(PHONE.but(says={"topOrigin": "https://x.example"})), "somebody else"),
    "a registration": (lambda: signed_badly(PHONE.but(says={"type": "webauthn.create"})), "else than a signature"),
    "nobody there": (lambda: signed_badly(PHONE.but(flags=webauthn.VERIFIED)), "nobody was there"),
    "an owner not verified": (lambda: signed_badly(PHONE.but(flags=webauthn.PRESENT)), "checking who its owner is"),
    "flags that contradict": (lambda: signed_badly(PHONE.but(flags=0x15)), "does not fit"),
    "another key": (lambda: signed_badly(PHONE.but(other_key=Authenticator(seed="other").key)), "does not fit"),
    "another kind of key": (
        lambda: signed_badly(PHONE.but(other_key=Authenticator(webauthn.EDDSA).key)),
        "does not fit",
    ),
    "a signature by key file": (signed_by_another_key_file, "does not fit"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_the_log_took_and_does_not_count_fails_at_the_signature(checker: Checker, kind: str) -> None:
    make, why = BAD[kind]
    found = agreed(checker, written(make()))
    assert [name for name, verdict in found.items() if verdict == FAILED] == ["signature"]
    assert why in checker.found("signature")


def test_no_byte_of_the_evidence_can_be_changed_unnoticed(checker: Checker) -> None:
    document = GOOD["a yes by ES256"]()
    for name, part in (
        ("entry", document),
        ("proof", document),
        ("checkpoint", document),
        ("entry", document["signer"]),
    ):
        text = part[name]
        for at in range(3, len(text) - 4, len(text) // 12):
            part[name] = flip(text, at)
            agreed(checker, written(document))
        part[name] = text


NO_WEBCRYPTO = "Object.defineProperty(Crypto.prototype, 'subtle', {value: undefined});"
NO_ED25519 = """
const own = SubtleCrypto.prototype.importKey;
SubtleCrypto.prototype.importKey = function (format, data, algorithm, ...rest) {
  if (algorithm.name === "Ed25519") return Promise.reject(new DOMException("no", "NotSupportedError"));
  return own.call(this, format, data, algorithm, ...rest);
};
"""


def test_without_ed25519_what_needs_it_is_not_checked(browser: Any, file: Path) -> None:
    checker = open_checker(browser, file, before=NO_ED25519)
    found = checker.check(written(GOOD["a yes by ES256"]()))
    assert {name for name, verdict in found.items() if verdict == OPEN} == {"checkpoint", "signer"}
    assert "Ed25519" in checker.found("checkpoint")
    found = checker.check(written(GOOD["a yes by EdDSA"]()))
    assert {name for name, verdict in found.items() if verdict == OPEN} == {"checkpoint", "signer", "signature"}
    assert FAILED not in found.values()


@pytest.mark.parametrize("always", ["true", "false"])
@pytest.mark.parametrize("kind", ["a yes by ES256", "a yes by EdDSA", "a yes by RS256", "a yes by key file"])
def test_a_browser_that_judges_every_signature_alike_is_not_believed(
    browser: Any, file: Path, kind: str, always: str
) -> None:
    before = f"SubtleCrypto.prototype.verify = () => Promise.resolve({always});"
    checker = open_checker(browser, file, before=before)
    found = checker.check(written(GOOD[kind]()))
    assert {name for name, verdict in found.items() if verdict == OPEN} == {"checkpoint", "signer", "signature"}
    assert "not proven" in checker.decided
    checker.page.context.close()


def test_without_webcrypto_nothing_holds_but_the_form(browser: Any, file: Path) -> None:
    checker = open_checker(browser, file, before=NO_WEBCRYPTO)
    found = checker.check(written(GOOD["a yes by ES256"]()))
    assert HOLDS not in {found[name] for name in ("checkpoint", "entry", "signer", "signature", "notice")}
    assert "Every line holds" not in checker.line


def test_nothing_is_fetched_or_said_and_a_changed_script_does_not_run(browser: Any, file: Path, tmp_path: Path) -> None:
    checker = open_checker(browser, file)
    checker.check(written(GOOD["a yes by ES256"]()))
    assert checker.asked == [file.as_uri()]
    assert checker.said == []
    changed = tmp_path / "changed.html"
    changed.write_bytes(file.read_bytes().replace(b'"failed", texts.sum_failed', b'"holds", texts.sum_holds', 1))
    assert changed.read_bytes() != file.read_bytes()
    bad = open_checker(browser, changed)
    assert bad.page.get_attribute("#verdict", "data-run") is None
    assert any("Content Security Policy" in said for said in bad.said)


@pytest.mark.parametrize(
    ("lang", "word"), [("en-GB", "holds"), ("de-AT", "stimmt"), ("zh-CN", "成立"), ("fr", "holds")]
)
def test_it_speaks_the_language_of_the_browser_and_any_other_at_a_click(
    browser: Any, file: Path, lang: str, word: str
) -> None:
    checker = open_checker(browser, file, lang=lang)
    found = checker.check(written(GOOD["a yes by ES256"]()))
    assert set(found.values()) == {word}
    said = verifier.texts()
    for code, own in said.items():
        checker.page.click(f"[data-lang={code}]")
        assert checker.page.get_attribute("html", "lang") == code
        assert checker.page.inner_text("h1") == own["title"] == checker.page.title()
        assert set(checker.verdicts.values()) == {own["holds"]}
        assert own["limit_free"] in checker.page.inner_text("main")
        pressed = checker.page.query_selector_all("[aria-pressed=true]")
        assert [one.get_attribute("data-lang") for one in pressed] == [code]


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [320, 1100])
@pytest.mark.parametrize("kind", ["empty", "good", "bad"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    browser: Any, file: Path, kind: str, width: int, dark: bool
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    checker = open_checker(browser, file, width=width, dark=dark)
    if kind != "empty":
        checker.check(written(GOOD["a yes by ES256"]()), VKEY if kind == "good" else OTHER.verifier.vkey)
    for lang in verifier.texts():
        checker.page.click(f"[data-lang={lang}]")
        found = Axe().run(checker.page).response["violations"]
        assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []
        assert checker.page.evaluate("document.documentElement.scrollWidth") == width
    targets = checker.page.query_selector_all("button, input, summary")
    assert all(one.bounding_box()["height"] >= 44 for one in targets)
    checker.page.context.close()
