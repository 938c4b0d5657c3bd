"""Markings: labels, folders, brackets and lines of their own count; a word in passing does not."""

from __future__ import annotations

import json
import lzma
from email.message import EmailMessage
from pathlib import Path

import pytest

from extract import markings
from extract.sources import headers


@pytest.mark.parametrize(
    ("title", "kinds"),
    [
        ("[Privileged] the Kestrel dispute", ("privileged",)),
        ("RE: AW: Privileged & Confidential - dispute", ("privileged",)),
        ("Attorney-Client: draft", ("privileged",)),
        ("Anwaltsgeheimnis / Entwurf", ("privileged",)),
        ("回复：【律师-客户】合同", ("privileged",)),
        ("AW: Betriebsgeheimnis Kunde X", ("customer_secret",)),
        ("[NDA] price list", ("customer_secret",)),
        ("商业秘密：报价", ("customer_secret",)),
        ("Abmahnung", ("hr_case",)),
        ("FW: HR case 17", ("hr_case",)),
        ("人事机密", ("hr_case",)),
        ("Whistleblower report", ("whistleblowing",)),
        ("Hinweisgeberschutz, vertraulich", ("whistleblowing",)),
        ("[privileged] whistleblowing", ("privileged", "whistleblowing")),
        ("privileged containers in production", ()),
        ("Hinweis: camt update", ()),
        ("Personal access tokens", ()),
        ("Kündigung des Vertrags mit dem Hoster", ()),
        ("appraisal of the new bank API", ()),
        ("", ()),
    ],
)
def test_a_subject_line_is_marked_where_nothing_else_is_meant(title: str, kinds: tuple[str, ...]) -> None:
    assert markings.found((), title, "") == kinds


@pytest.mark.parametrize(
    ("place", "kinds"),
    [
        ("Legal/Privileged", ("privileged",)),
        ("hr-cases", ("hr_case",)),
        ("Betriebsgeheimnisse", ("customer_secret",)),
        ("customer_secret", ("customer_secret",)),
        ("whistleblowing", ("whistleblowing",)),
        ("privileged ports and firewalls", ()),
        ("Inbox", ()),
    ],
)
def test_labels_folders_and_channels_count(place: str, kinds: tuple[str, ...]) -> None:
    assert markings.found((place,), "", "") == kinds


def test_a_line_of_its_own_counts_and_a_sentence_does_not() -> None:
    assert markings.found((), "", "Hi,\n*** ATTORNEY-CLIENT COMMUNICATION ***\nsee below") == ("privileged",)
    assert markings.found((), "", "> STRICTLY PRIVILEGED\n> no") == ("privileged",)
    assert markings.found((), "", "Only a privileged user may do this. The NDA is signed.") == ()
    footer = "This e-mail may contain privileged information and trade secrets; if you got it by mistake, delete it."
    assert markings.found((), "", footer) == ()


def test_classifying_headers_are_labels() -> None:
    message = EmailMessage()
    message["Sensitivity"] = "Company-Confidential"
    message["X-Classification"] = "Customer Secret"
    message["MSIP_Labels"] = "MSIP_Label_ab12_Enabled=True; MSIP_Label_ab12_Name=HR case; MSIP_Label_ab12_SiteId=x;"
    found = headers.labels(message)
    assert found == ["Company-Confidential", "Customer Secret", "HR case"]
    assert markings.found(found, "", "") == ("customer_secret", "hr_case")


def test_the_words_do_not_fire_on_ordinary_work(shared: Path) -> None:
    issues = (shared / "data" / "pii" / "github_issues_dev.jsonl").read_text("utf-8").strip().split("\n")
    texts = [json.loads(line)["text"] for line in issues]
    with lzma.open(shared / "data" / "commits" / "datasette.jsonl.xz", "rt", encoding="utf-8") as file:
        texts += [str(json.loads(line).get("message") or "") for line in file]
    assert sum(bool(markings.found((), text.partition("\n")[0], text)) for text in texts) <= len(texts) / 1000
