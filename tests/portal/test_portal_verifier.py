"""The page that checks receipts: for everybody, signed in or not, as a file."""

from __future__ import annotations

from portal_world import PortalWorld

from consent.verifier import page


def test_anybody_saves_the_page_that_checks_receipts(world: PortalWorld) -> None:
    for browser in (world.stranger(), world.browser()):
        answer = browser.get("/verify-receipt.html")
        assert answer.status == 200
        assert answer.content == page.page()
        assert answer.headers["content-disposition"] == 'attachment; filename="verify-receipt.html"'
