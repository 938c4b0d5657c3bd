"""The pages of the portal, a module for each reader; `ALL` is every page that there is."""

from __future__ import annotations

from govern.portal.pages import consents, entrance, passkeys, verifier
from govern.portal.pages.registry import Page

ALL: tuple[Page, ...] = (*entrance.PAGES, *passkeys.PAGES, *consents.PAGES, *verifier.PAGES)
