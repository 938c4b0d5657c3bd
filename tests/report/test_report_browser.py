"""A report in a real browser, as a file: it checks itself, and whatever is changed in its evidence it notices."""

from __future__ import annotations

import base64
import json
import re
import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from report_world import SUBJECT, Opened, World, open_file

SKILL_CHECKS = (
    *("form", "checkpoint", "entries", "statement", "figures", "runs", "keys", "consents"),
    *("bound", "released", "consent", "key"),
)
LOG_CHECKS = ("form", "checkpoint", "entries", "figures", "runs", "keys", "consents", "key")
SIGNATURES = ("checkpoint", "statement", "keys", "consents", "released")


def test_every_check_of_a_skill_holds_once_the_key_is_given(browser: Any, skill_page: Path, log_key: str) -> None:
    opened = open_file(browser, skill_page).wait()
    assert tuple(opened.verdicts) == SKILL_CHECKS
    assert opened.verdicts == {**dict.fromkeys(SKILL_CHECKS, "holds"), "key": "not checked"}
    assert opened.line == "11 hold, 0 failed, 1 not checked."
    assert opened.give_key(log_key).line == "12 hold, 0 failed, 0 not checked."
    proofs = opened.page.query_selector_all("#entries .verdict")
    assert {cell.inner_text() for cell in proofs} == {"in the log"}
    assert opened.said == []
    assert opened.asked == [skill_page.as_uri()]


def test_every_check_of_a_log_holds(browser: Any, log_page: Path, log_key: str) -> None:
    opened = open_file(browser, log_page).wait().give_key(log_key)
    assert opened.verdicts == dict.fromkeys(LOG_CHECKS, "holds")
    assert "consent.withdrawn" in opened.page.inner_text("main")


def test_a_withdrawal_that_is_shown_is_said_beside_the_consent(
    browser: Any, released: World, log_key: str, tmp_path: Path
) -> None:
    world = released.copy(tmp_path / "world")
    world.done("consent", "withdraw", "--subject", SUBJECT, "--now", "2026-03-05")
    file = tmp_path / "report.html"
    world.done("audit", "report", "-o", file, world.skill, "--log-key", log_key, "--now", "2026-03-06")
    opened = open_file(browser, file).wait()
    assert "0 failed" in opened.line
    found = opened.page.inner_text("[data-check=consent] .found")
    assert re.search(
        r"; SINCE THEN: consent\.withdrawn [0-9]+, skill\.revoked [0-9]+, skill\.tombstoned [0-9]+$", found
    )


def test_another_key_than_the_one_at_hand_fails(browser: Any, skill_page: Path, log_key: str) -> None:
    opened = open_file(browser, skill_page).wait().give_key(log_key.replace("+", "+0", 1))
    assert opened.verdicts["key"] == "FAILED"
    assert "Do not rely on this page" in opened.line


def _flip(text: str, at: int) -> str:
    """Return the text with one base64 character changed in its highest bit, so that other bytes come out."""
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
    return text[:at] + alphabet[alphabet.index(text[at]) ^ 32] + text[at + 1 :]


def _first(kind: str) -> Callable[[dict[str, Any]], int]:
    def find(value: dict[str, Any]) -> int:
        events = [json.loads(base64.b64decode(entry["data"])) for entry in value["entries"]]
        return next(i for i, event in enumerate(events) if event["type"] == kind)

    return find


def _rewritten(value: dict[str, Any], kind: str, old: bytes, new: bytes) -> None:
    entry = value["entries"][_first(kind)(value)]
    data = base64.b64decode(entry["data"])
    assert old in data
    entry["data"] = base64.b64encode(data.replace(old, new, 1)).decode()


def _resigned(value: dict[str, Any], name: str, old: bytes, new: bytes) -> None:
    envelope = json.loads(base64.b64decode(value["skill"][name]))
    payload = base64.b64decode(envelope["payload"])
    assert old in payload
    envelope["payload"] = base64.b64encode(payload.replace(old, new, 1)).decode()
    data = json.dumps(envelope, separators=(",", ":"), sort_keys=True).encode()
    value["skill"][name] = base64.b64encode(data).decode()


def _note(value: dict[str, Any], old: str, new: str | Callable[[re.Match[str]], str]) -> None:
    note = base64.b64decode(value["checkpoint"]).decode()
    changed = re.sub(old, new, note, count=1)
    assert changed != note
    value["checkpoint"] = base64.b64encode(changed.encode()).decode()


def _other_letter(found: re.Match[str]) -> str:
    return found[1] + ("/" if found[2] == "+" else "+")


def _swap(value: dict[str, Any]) -> None:
    value["entries"][0], value["entries"][1] = value["entries"][1], value["entries"][0]


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "a count in the seal": (lambda v: _rewritten(v, "extraction.sealed", b'"left_out":1', b'"left_out":0'), "entries"),
    "the time of a consent": (lambda v: _rewritten(v, "consent.given", b"2026-03-01", b"2026-03-02"), "entries"),
    "an entry's place": (lambda v: v["entries"][-1].update(index=v["entries"][-1]["index"] + 1), "entries"),
    "a hash of a proof": (
        lambda v: v["entries"][2]["path"].__setitem__(0, _flip(v["entries"][2]["path"][0], 7)),
        "entries",
    ),
    "a hash left out": (lambda v: v["entries"][2]["path"].pop(), "entries"),
    "a hash too many": (lambda v: v["entries"][2]["path"].append(v["entries"][2]["path"][0]), "entries"),
    "an entry left out": (lambda v: v["entries"].pop(_first("skill.reviewed")(v)), "figures"),
    "an entry twice": (lambda v: v["entries"].insert(0, v["entries"][0]), "form"),
    "entries in another order": (_swap, "form"),
    "no entries": (lambda v: v["entries"].clear(), "figures"),
    "a field more": (lambda v: v.update(more=1), "form"),
    "a field more in an entry": (lambda v: v["entries"][0].update(more=1), "form"),
    "another version": (lambda v: v.update(schema="govern-audit-report/2"), "form"),
    "the size in the checkpoint": (lambda v: _note(v, r"\n[0-9]+\n", "\n9\n"), "checkpoint"),
    "the origin in the checkpoint": (lambda v: _note(v, "^h", "H"), "checkpoint"),
    "the checkpoint's signature": (lambda v: _note(v, r"(— \S+ \S{20})(.)", _other_letter), "checkpoint"),
    "the log's key": (lambda v: v.update(log_key=_flip(v["log_key"], 60)), "checkpoint"),
    "the expiry in the statement": (
        lambda v: _resigned(v, "statement", b'"expires":"2027', b'"expires":"2037'),
        "statement",
    ),
    "the review in the release": (lambda v: _resigned(v, "release", b'"struck":0', b'"struck":9'), "figures"),
    "a digest in the release": (lambda v: _resigned(v, "release", b'"sha256":"', b'"sha256":"f'), "released"),
    "the skill's name": (lambda v: v["skill"].update(name="others"), "released"),
    "no skill": (lambda v: v.update(skill=None), "form"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_part_of_the_evidence_fails(opened: Opened, change: str) -> None:
    make, check = CHANGES[change]
    opened.with_evidence(make)
    assert opened.verdicts[check] == "FAILED"
    assert "Do not rely on this page" in opened.line


def test_what_rests_on_a_failed_check_is_not_asked(opened: Opened) -> None:
    opened.with_evidence(lambda v: _note(v, r"\n[0-9]+\n", "\n9\n"))
    assert [name for name, verdict in opened.verdicts.items() if verdict == "holds"] == ["form"]
    assert {cell.inner_text() for cell in opened.page.query_selector_all("#entries .verdict")} == {"not checked"}


def test_no_byte_of_the_evidence_can_be_changed_unnoticed(opened: Opened) -> None:
    island = opened.island()
    for at in range(0, len(island), len(island) // 70):
        now = island[at]
        other = _flip(island, at)[at] if now.isalnum() or now in "+/" else " "
        line = opened.with_island(island[:at] + other + island[at + 1 :]).line
        assert "Do not rely on this page" in line, (at, now, other)
    for text in (
        "",
        "{",
        "null",
        "[]",
        island + " ",
        " " + island,
        island[:-1],
        island.replace('"index":', '"index": ', 1),
    ):
        assert "Do not rely on this page" in opened.with_island(text).line, text[:20]


SHOWN = {
    "a number in the flow": ('data-figure="left out">1<', 'data-figure="left out">0<'),
    "a reason": ('data-figure="reason record.third_party">1<', 'data-figure="reason record.third_party">2<'),
    "a reason's name": ('data-figure="reason record.third_party"', 'data-figure="reason record.label"'),
    "a reason taken out": (' data-figure="reason record.third_party"', ""),
    "the log's root": ('data-figure="root">', 'data-figure="root">0'),
    "the expiry": ('data-figure="expires">2027', 'data-figure="expires">2037'),
    "the type of an entry": ('data-field="type">consent.given', 'data-field="type">consent.renewed'),
    "the time of an entry": ('data-field="at">2026', 'data-field="at">2025'),
    "the number of an entry": ('data-field="index">', 'data-field="index">1'),
    "a listed entry that is nowhere": ('<tr data-entry="', '<tr data-entry="9'),
}


@pytest.mark.parametrize("change", SHOWN)
def test_what_the_page_shows_otherwise_than_its_entries_fails(
    tab: Opened, skill_page: Path, tmp_path: Path, change: str
) -> None:
    old, new = SHOWN[change]
    text = skill_page.read_text("utf-8")
    assert old in text
    file = tmp_path / "changed.html"
    file.write_text(text.replace(old, new, 1), "utf-8")
    assert tab.show(file).verdicts["figures"] == "FAILED"


def test_a_changed_script_does_not_run(browser: Any, skill_page: Path, tmp_path: Path) -> None:
    file = tmp_path / "changed.html"
    file.write_text(skill_page.read_text("utf-8").replace('"failed": "FAILED"', '"failed": "holds"', 1), "utf-8")
    opened = open_file(browser, file)
    opened.page.wait_for_load_state("load")
    assert set(opened.verdicts.values()) == {"not checked"}
    assert opened.line.startswith("Nothing is checked")
    assert any("Content Security Policy" in said for said in opened.said)


NO_ED25519 = """
const own = SubtleCrypto.prototype.importKey;
SubtleCrypto.prototype.importKey = function (format, data, algorithm, ...rest) {
  if (algorithm.name === "Ed25519") return Promise.reject(new DOMException("no", "NotSupportedError"));
  return own.call(this, format, data, algorithm, ...rest);
};
"""


def test_without_ed25519_signatures_are_not_checked_and_never_good(
    browser: Any, skill_page: Path, log_key: str
) -> None:
    opened = open_file(browser, skill_page, before=NO_ED25519).wait().give_key(log_key)
    assert {opened.verdicts[name] for name in SIGNATURES} == {"not checked"}
    assert opened.verdicts["entries"] == "holds"
    assert opened.line == "7 hold, 0 failed, 5 not checked."
    # What needs no signature is noticed all the same.
    assert opened.with_evidence(CHANGES["a count in the seal"][0]).verdicts["entries"] == "FAILED"


@pytest.mark.parametrize("always", ["true", "false"])
def test_a_browser_that_judges_every_signature_alike_is_not_believed(
    browser: Any, skill_page: Path, always: str
) -> None:
    before = f"SubtleCrypto.prototype.verify = () => Promise.resolve({always});"
    opened = open_file(browser, skill_page, before=before).wait()
    assert {opened.verdicts[name] for name in SIGNATURES} == {"not checked"}


def test_without_webcrypto_nothing_is_good_but_the_form(browser: Any, skill_page: Path) -> None:
    opened = open_file(
        browser, skill_page, before="Object.defineProperty(Crypto.prototype, 'subtle', {value: undefined});"
    ).wait()
    good = {name for name, verdict in opened.verdicts.items() if verdict == "holds"}
    assert good <= {"form", "figures", "runs", "consent"}
    assert "failed" in opened.line
    assert " 0 failed" in opened.line


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [320, 1100])
@pytest.mark.parametrize("which", ["skill_page", "log_page"])
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    browser: Any, request: pytest.FixtureRequest, which: str, width: int, dark: bool
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    opened = open_file(browser, request.getfixturevalue(which), width=width, dark=dark).wait()
    found = Axe().run(opened.page).response["violations"]
    assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []
    assert opened.page.evaluate("document.documentElement.scrollWidth") == width
    assert opened.page.get_attribute("html", "lang") == "en"
    # Targets of at least 44 px.
    assert all(e.bounding_box()["height"] >= 44 for e in opened.page.query_selector_all("button, input"))
    opened.page.context.close()


def test_it_prints_every_entry(browser: Any, skill_page: Path, released: World) -> None:
    opened = open_file(browser, skill_page).wait()
    opened.page.emulate_media(media="print")
    assert opened.page.query_selector(".asked").bounding_box() is None
    height = "getComputedStyle(document.querySelector('.entries')).maxHeight"
    assert opened.page.evaluate(height) == "none"
    assert opened.page.pdf()[:5] == b"%PDF-"
