"""The page as bytes: texts in every language, the script that checks, and the policy that lets nothing else run."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from attest import browser
from consent import notice, receipt_words

FILE_NAME = "verify-receipt.html"
#: What is checked, in the order of the script; `page` is said only of receipts that are pages.
CHECKS = ("form", "checkpoint", "entry", "copies", "record", "signer", "signature", "notice", "page")
LIMITS = ("free", "after", "only", "true", "key", "enrolled", "device")

_HERE = Path(__file__).parent
_NAMES = {"en": "English", "de": "Deutsch", "zh": "中文"}


@cache
def texts() -> Mapping[str, Mapping[str, Any]]:
    """Return the page's own texts, by language."""
    return {lang: json.loads((_HERE / f"{lang}.json").read_text("utf-8")) for lang in _NAMES}


@cache
def page() -> bytes:
    """Return the page; the same version of the package always makes the same bytes."""
    style = (_HERE / "style.css").read_text("utf-8")
    script = browser.source() + (_HERE / "verify.js").read_text("utf-8")
    known = {
        "texts": {lang: {"said": receipt_words.words(lang), "page": own} for lang, own in texts().items()},
        # A receipt without the text of one of these was cut: whoever made it had the text.
        "notices": sorted(text.sha256 for text in notice.shipped()),
    }
    known_json = json.dumps(known, ensure_ascii=False, default=dict).replace("<", "\\u003c")
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{browser.policy(script, style)}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{html.escape(texts()['en']['title'])}</title>",
            f"<style>{style}</style>",
            "</head>",
            "<body>",
            "<main>",
            *_body(),
            "</main>",
            f'<script type="application/json" id="known">{known_json}</script>',
            f"<script>{script}</script>",
            "</body>",
            "</html>",
            "",
        ]
    ).encode()


def _body() -> Iterator[str]:
    yield '<div class="languages" role="group" aria-label="Language · Sprache · 语言">'
    for lang, name in _NAMES.items():
        pressed = str(lang == "en").lower()
        yield f'<button type="button" lang="{lang}" data-lang="{lang}" aria-pressed="{pressed}">{name}</button>'
    yield "</div>"
    yield _said("h1", "title")
    yield _said("p", "lead")
    yield _said("p", "keep")
    yield "<noscript>" + "".join(
        f'<p lang="{lang}">{html.escape(own["no_script"])}</p>' for lang, own in texts().items()
    )
    yield "</noscript>"
    yield '<div class="asked">'
    yield _said("h2", "step_receipt")
    yield _said("label", "receipt_label", ' for="receipt"')
    yield '<input id="receipt" type="file" accept=".json,.html,.htm">'
    yield _said("h2", "step_key")
    yield _said("label", "key_label", ' for="key"')
    yield '<input id="key" autocomplete="off" spellcheck="false" aria-describedby="key-why">'
    yield _said("p", "key_why", ' id="key-why" class="note"')
    yield _said("label", "key_file_label", ' for="key-file"')
    yield '<input id="key-file" type="file">'
    yield _said("button", "again", ' id="again" type="button"')
    yield "</div>"
    yield _said("h2", "results")
    yield _said("p", "sum_none", ' id="verdict" role="status"').replace(' data-t="sum_none"', "")
    yield '<ul class="checks">'
    for name in CHECKS:
        verdict = f'<span class="verdict">{html.escape(texts()["en"]["unchecked"])}</span>'
        hidden = " hidden" if name == "page" else ""
        yield f'<li data-check="{name}"{hidden}>{verdict}<div>{_said("strong", f"q_{name}")}'
        yield '<p class="note found"></p></div></li>'
    yield "</ul>"
    yield _said("h2", "decided")
    yield '<div id="decided"></div>'
    yield _said("h2", "limits")
    yield "<ul>" + "".join(_said("li", f"limit_{name}") for name in LIMITS) + "</ul>"


def _said(tag: str, key: str, more: str = "") -> str:
    """Return an element with a text that the script says in another language."""
    return f'<{tag}{more} data-t="{key}">{html.escape(texts()["en"][key])}</{tag}>'
