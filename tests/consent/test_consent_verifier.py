"""The page that checks receipts, as a file: one script, nothing fetched, and every text in every language."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib import resources

import pytest

from attest import browser
from consent import notice
from consent.verifier.page import CHECKS, page, texts

SCRIPTS = browser.source() + resources.files("consent.verifier").joinpath("verify.js").read_text("utf-8")


def test_every_language_of_the_notice_has_every_text() -> None:
    said = texts()
    assert set(said) == set(notice.languages())
    for own in said.values():
        assert set(own) == set(said["en"])
        assert set(own["reasons"]) == set(said["en"]["reasons"])
        assert all(own.values())
        assert all(own["reasons"].values())
        for key, text in own.items():
            if isinstance(text, str):
                assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", said["en"][key])), key


def test_no_text_is_for_nothing_and_none_is_missing() -> None:
    own = texts()["en"]
    text = page().decode().partition('<script type="application/json"')[0]
    used = set(re.findall(r'data-t="(\w+)"', text)) | set(re.findall(r"(?:texts|page)\.(\w+)", SCRIPTS))
    used |= {f"{verdict}_{name}" for verdict in ("holds", "failed") for name in CHECKS if name != "page"}
    used |= {"holds", "failed", "unchecked", "no_script"}
    assert set(own) - used == set()
    reasons = set(own["reasons"])
    assert {reason for reason in reasons if f'"{reason}"' not in SCRIPTS} == set()
    # Why a line was not checked is always said.
    assert set(re.findall(r'new Unchecked\("([^"]+)"\)', SCRIPTS)) <= reasons
    assert set(re.findall(r'must\(.*, "(the passkey signed [^"]+)"\)', SCRIPTS)) <= reasons


def test_nothing_but_its_own_script_and_style_runs_and_nothing_is_fetched() -> None:
    text = page().decode()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None
    rules = dict(rule.split(" ", 1) for rule in policy[1].split("; "))
    digests = {
        kind: f"'sha256-{base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()}'"
        for kind, body in re.findall(r"<(script|style)>(.*?)</\1>", text, re.DOTALL)
    }
    assert rules == {
        "default-src": "'none'",
        "script-src": digests["script"],
        "style-src": digests["style"],
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert not re.search(r"https?:|\bsrc=|\bhref=|\burl\(|fetch\(|XMLHttpRequest|import\(|innerHTML", text)


@pytest.mark.parametrize("part", ["attest/browser.js", "consent/verifier/verify.js"])
def test_it_is_the_script_that_others_use(part: str) -> None:
    package, _, name = part.rpartition("/")
    assert resources.files(package.replace("/", ".")).joinpath(name).read_text("utf-8") in page().decode()
