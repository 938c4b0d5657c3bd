"""A report about consents by passkey: the page checks them as it checks those by key file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from passkey import Authenticator
from report_world import Opened, open_file

from attest import evidence, proof, webauthn
from attest.merkle import Tree, leaf_hash
from govern.report import choosing
from govern.report.evidence import Evidence, Shown
from govern.report.page import Report, page

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "consent"))

from verifier_world import PHONE, SIGNER, VKEY, Town

ALGORITHMS = {"ES256": webauthn.ES256, "EdDSA": webauthn.EDDSA, "RS256": webauthn.RS256}


def report(town: Town) -> bytes:
    """The report about a log, by the choice of entries that is made of any log."""
    size = len(town.entries)
    tree = Tree([leaf_hash(entry) for entry in town.entries])
    choice = choosing.choose(enumerate(town.entries), size)
    shown = tuple(Shown(i, town.entries[i], tuple(tree.inclusion_proof(i))) for i in choice.indexes)
    head = evidence.head(proof.parse(town.proof(0)).checkpoint, SIGNER.verifier)
    return page(Report(Evidence(VKEY, head, shown), town.now, choice=choice))


def opened(browser: Any, file: Path, phone: Authenticator, enrolled: Authenticator | None = None) -> Opened:
    town = Town()
    town.phone(enrolled or phone)
    town.by_passkey(town.record(), phone, key_id=(enrolled or phone).passkey.key_id)
    file.write_bytes(report(town))
    return open_file(browser, file).wait()


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_a_consent_by_passkey_holds(browser: Any, tmp_path: Path, alg: str) -> None:
    shown = opened(browser, tmp_path / "report.html", Authenticator(ALGORITHMS[alg])).give_key(VKEY)
    assert {name: shown.verdicts[name] for name in ("keys", "consents")} == {"keys": "holds", "consents": "holds"}
    assert " 0 failed, 1 not checked." in shown.line  # no run is shown
    assert shown.page.inner_text("[data-check=consents] .found") == "1 of 1"


@pytest.mark.parametrize(
    "phone",
    [
        PHONE.but(origin="https://evil.example"),
        PHONE.but(flags=webauthn.PRESENT),
        PHONE.but(other_key=Authenticator(seed="other").key),
    ],
    ids=["another page", "an owner not verified", "another key"],
)
def test_a_consent_that_does_not_count_fails(browser: Any, tmp_path: Path, phone: Authenticator) -> None:
    shown = opened(browser, tmp_path / "report.html", phone, PHONE)
    assert {name: shown.verdicts[name] for name in ("keys", "consents")} == {"keys": "holds", "consents": "FAILED"}


def test_a_passkey_that_did_not_sign_its_enrolment_fails(browser: Any, tmp_path: Path) -> None:
    town = Town()
    town.phone()
    entry = json.loads(town.entries[0])
    own = entry["body"]["envelope"]["signatures"][0]
    own["webauthn"]["authenticatorData"] = (
        PHONE.but(flags=0).sign(b"").to_signature("")["webauthn"]["authenticatorData"]
    )
    town.entries[0] = json.dumps(entry, separators=(",", ":"), sort_keys=True).encode()
    town.by_passkey(town.record())
    file = tmp_path / "report.html"
    file.write_bytes(report(town))
    shown = open_file(browser, file).wait()
    assert shown.verdicts["keys"] == "FAILED"
    assert shown.verdicts["consents"] == "FAILED"
