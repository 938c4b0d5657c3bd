"""The pages of the portal, a module for each reader; `ALL` is every page that there is."""

from __future__ import annotations

from govern.portal.pages import (
    auditor,
    bystander,
    consents,
    entrance,
    hr,
    office,
    officers,
    own,
    passkeys,
    review,
    rules,
    verifier,
)
from govern.portal.pages.registry import Page

ALL: tuple[Page, ...] = (
    *entrance.PAGES,
    *verifier.PAGES,
    *passkeys.PAGES,
    *consents.PAGES,
    *review.PAGES,
    *own.PAGES,
    *hr.PAGES,
    *officers.PAGES,
    *office.PAGES,
    *rules.PAGES,
    *bystander.PAGES,
    *auditor.PAGES,
)
