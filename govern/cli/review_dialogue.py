"""The review at the terminal: one claim at a time with its evidence beside it, one key for each word."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from extract.distil.claims import Claim
    from extract.skill.review import Review

_KEYS = "(a)ccept (s)trike (c)orrect (w)ithhold (u)ndo (n)ext (b)ack (h)elp (q)uit"
_KEYS_AT_END = "(b)ack (u)ndo (h)elp (q)uit"
_HELP = """\
  a  accept: the claim stays as it is
  s  strike: it goes, and its quotes with it; nobody sees it again
  c  correct: your own words take its place, the quotes stay as its evidence
  w  withhold: you keep a kind of knowledge, and every claim that belongs to it goes
  u  undo the last word of this session, as often as you like
  n  next: leave this one open and see it again later; also space or the arrow to the right
  b  back: the claim before this one, decided or not; also the arrow to the left
  h  this help
  q  quit: what you said is kept, go on another day

Each word is kept as soon as you say it. Nothing is released by this: that takes your signature."""
_ALSO = {" ": "n", "\x1b[C": "n", "\x1bOC": "n", "\x1b[D": "b", "\x1bOD": "b", "?": "h", "\x04": "q"}
_BESIDE = 100


@dataclass(frozen=True, slots=True)
class Keyboard:
    """Where the person's words come from.

    Attributes:
        key: Shows a prompt and returns what was pressed; "q" at the end of the input.
        line: Shows a prompt and returns what was typed; "" at the end of the input.
    """

    key: Callable[[str], str]
    line: Callable[[str], str]


def keyboard() -> Keyboard:
    """Return the terminal key by key, or lines where the input is none."""
    return Keyboard(_pressed, _typed) if sys.stdin.isatty() else Keyboard(lambda text: _read(text, "q"), _read)


def ask(
    claims: Sequence[Claim], review: Review, keys: Keyboard, say: Callable[[str], None], keep: Callable[[Review], None]
) -> Review:
    """Return the review after the person went through the claims, those whose kind is least clear first.

    Args:
        claims: The claims of the draft.
        review: What was decided so far.
        keys: Where the words come from.
        say: Shows text.
        keep: Stores a review; called after each change, so that a closed terminal loses nothing.
    """
    from extract.skill.review import unsure_first

    order = unsure_first(claims)
    place = _open_after(order, review, -1)
    history: list[tuple[int | None, Review]] = []
    shown = False
    while True:
        claim = None if place is None else order[place]
        if not shown:
            say(page(claim, review, width()) if claim else "\nEvery claim is decided: q ends, b and u go back.")
        waiting = len(review.open_claims(order))
        key = keys.key(f"[{waiting} of {len(order)} open] {_KEYS if claim else _KEYS_AT_END}: ")
        key = _ALSO.get(key, key.casefold())
        shown = False
        if key == "q":
            return review
        if key == "b" and order:
            place = max((len(order) if place is None else place) - 1, 0)
        elif key == "u" and history:
            place, review = history.pop()
            keep(review)
        elif key == "n" and place is not None:
            place = _open_after(order, review, place)
        elif claim and key in ("a", "s", "c", "w"):
            changed = _changed(key, claim, order, review, keys, say)
            if changed is not review:
                history.append((place, review))
                review = changed
                keep(review)
                place = _open_after(order, review, order.index(claim))
        else:
            say(_HELP if key == "h" else "Nothing to undo." if key == "u" else "No such key here; h explains them.")
            shown = True


def page(claim: Claim, review: Review, columns: int) -> str:
    """Return a claim with all that speaks for it, the evidence beside it where there is room."""
    from extract.distil import keeps
    from extract.skill.review import legible, made_by
    from extract.skill.reviewfile import confidence

    kinds, found = confidence(claim)
    kept = keeps.kept_kinds(claim)
    decision = review.decisions.get(claim.id)
    about = [
        f"{claim.id}  {legible(claim.statement)}",
        f"  made by: {made_by(claim)}",
        f"  kind: {kinds}",
        f"  found in: {found}",
        f"  to keep: {'any' if kept is None else ', '.join(kept) or 'none'}",
    ]
    if decision:
        about.append(f"  you said: {decision.verdict}" + (f": {decision.statement}" if decision.statement else ""))
    evidence = [f"#{s.record}: {legible(s.quote)}" for s in claim.evidence]
    return "\n" + _columns("\n".join(about), "\n".join(evidence), columns)


def width() -> int:
    """Return how many columns a page has."""
    return min(max(shutil.get_terminal_size().columns, 40), 160)


def _columns(left: str, right: str, columns: int) -> str:
    import io

    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    # Into a string, because rich would colour by the process's own terminal; it knows how wide each character is.
    console = Console(file=io.StringIO(), width=columns, color_system=None, legacy_windows=False)
    with console.capture() as captured:
        if columns >= _BESIDE:
            table = Table.grid(padding=(0, 3), expand=True)
            table.add_column(ratio=1)
            table.add_column(ratio=1)
            table.add_row(Text(left), Text(right))
            console.print(table)
        else:
            console.print(Text(left))
            console.print(Padding(Text(right), (0, 0, 0, 6)))
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def _open_after(order: Sequence[Claim], review: Review, place: int) -> int | None:
    """Return the next place of a claim that nothing was said of, from the start again behind the end."""
    places = (*range(place + 1, len(order)), *range(place + 1))
    return next((i for i in places if order[i].id not in review.decisions), None)


def _changed(
    key: str, claim: Claim, claims: Sequence[Claim], review: Review, keys: Keyboard, say: Callable[[str], None]
) -> Review:
    from extract.distil.keeps import KEPT_KINDS
    from extract.skill.review import Decision
    from govern.errors import UsageError

    if key == "a":
        return review.decide(claim, Decision("accepted"))
    if key == "s":
        return review.decide(claim, Decision("struck"))
    if key == "c":
        words = keys.line("In your words (nothing: leave it): ")
        try:
            return review.decide(claim, Decision("corrected", words)) if words.strip() else review
        except UsageError as error:
            say(f"{error.message}; {error.hint}")
            return review
    say("\n".join(f"  {number}  {kind}" for number, kind in enumerate(KEPT_KINDS, 1)))
    number = keys.key("Which kind do you keep? Any other key: none. ")
    if number not in {str(n) for n in range(1, len(KEPT_KINDS) + 1)}:
        return review
    kept = review.withhold([KEPT_KINDS[int(number) - 1]], claims)
    gone = [claim_id for claim_id, _, _ in kept.changed(review, claims)]
    say(f"You keep {KEPT_KINDS[int(number) - 1]}: {', '.join(gone) or 'no claim'} withheld.")
    return kept


def _pressed(prompt: str) -> str:
    click.echo(prompt, nl=False, err=True)
    try:
        key = click.getchar()
    except EOFError:
        key = "q"
    click.echo(key if key.isprintable() else "", err=True)
    return key


def _typed(prompt: str) -> str:
    try:
        return str(click.prompt(prompt, default="", show_default=False, prompt_suffix="", err=True))
    except click.Abort:
        # Ctrl-C while writing takes the writing back, not the whole session.
        click.echo(err=True)
        return ""


def _read(prompt: str, at_end: str = "") -> str:
    click.echo(prompt, nl=False, err=True)
    line = sys.stdin.readline()
    click.echo(err=True)
    return line.strip() if line else at_end
