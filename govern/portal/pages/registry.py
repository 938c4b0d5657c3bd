"""How a page is declared: its path, its method, the roles that may see it, and the function that answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.responses import Response

    from govern.portal.visit import Visit

Answer = Callable[["Visit"], "Response"]


@dataclass(frozen=True, slots=True)
class Page:
    """A page.

    Attributes:
        method: GET or POST.
        path: `/me/receipts/{index}`.
        roles: Who may see it; empty for everybody.
        answer: What answers.
        is_read: Whether to see it is logged as `access.read`: every page on which an officer sees people's data.
        max_body: Longest form, bytes.
        is_upload: Whether the form carries a file.
    """

    method: str
    path: str
    roles: frozenset[str]
    answer: Answer
    is_read: bool = False
    max_body: int = 65_536
    is_upload: bool = False


class Pages(list[Page]):
    """The pages of one reader, in the order of their declaration."""

    def get(self, path: str, *roles: str, is_read: bool = False) -> Callable[[Answer], Answer]:
        """Declare a page that only shows."""
        return self._declare("GET", path, roles, is_read, 0)

    def post(
        self, path: str, *roles: str, max_body: int = 65_536, is_upload: bool = False
    ) -> Callable[[Answer], Answer]:
        """Declare what a form is sent to. Its token is checked before the function is called."""
        return self._declare("POST", path, roles, False, max_body, is_upload)

    def _declare(
        self,
        method: str,
        path: str,
        roles: tuple[str, ...],
        is_read: bool,
        max_body: int,
        is_upload: bool = False,
    ) -> Callable[[Answer], Answer]:
        def declare(answer: Answer) -> Answer:
            self.append(Page(method, path, frozenset(roles), answer, is_read, max_body, is_upload))
            return answer

        return declare
