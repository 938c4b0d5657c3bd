"""One HTML page as evidence: nothing runs in it, nothing is loaded by it, and it opens years later."""

from __future__ import annotations

import html
from collections.abc import Iterable

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = """\
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8884; }
"""


def page(title: str, lang: str, style: str, body: Iterable[str]) -> bytes:
    """Return a whole page with its title as the first heading; the same arguments always make the same bytes.

    Args:
        title: Plain text.
        lang: Language tag.
        style: CSS rules beside those that all pages share.
        body: Lines of HTML inside `main`; whoever makes them escapes what they quote.
    """
    shown = html.escape(title)
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="{html.escape(lang)}">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{shown}</title>",
            f"<style>\n{_STYLE}{style}</style>",
            "</head>",
            "<body>",
            "<main>",
            f"<h1>{shown}</h1>",
            *body,
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    ).encode()
