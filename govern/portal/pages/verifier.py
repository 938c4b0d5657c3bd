"""The page that checks receipts, to be saved by anybody; better still, they get it from the works council."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.portal.pages.registry import Pages

if TYPE_CHECKING:
    from starlette.responses import Response

    from govern.portal.visit import Visit

PAGES = Pages()


@PAGES.get("/verify-receipt.html")
def verifier(visit: Visit) -> Response:
    """Give the page out as a file: it is kept beside the receipt, and runs without the portal."""
    from consent.verifier import page

    return visit.file(page.page(), page.FILE_NAME, "text/html")
