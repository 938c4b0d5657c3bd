"""`govern redact`: personal data and secrets out of one text, and why each stretch went."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from govern.cli.context import GlobalOptions, governed
from govern.cli.redact_measure import measure
from govern.cli.redact_options import PROFILES, Known, known_options, made
from govern.errors import UsageError

if TYPE_CHECKING:
    from redact.engine import Redacted, Redactor

NOTICE = "Detection is not guaranteed: read the result before you pass it on."

#: What each detector goes by, for people. Behind it stands the rule's name.
_WHY: Mapping[str, str] = {
    "directory": "a list, or another place in the text, names this person",
    "structure": "it stands where names stand",
    "secrets": "it has the form of a secret",
    "network": "it has the form of an address or account",
    "numbers": "it has the form of a number or address of a person",
    "pattern": "one of Presidio's recognisers knows the form",
    "ner": "a language model takes it for that",
    "run": "the run knows these words",
}
_BLOCK = 1 << 20


@click.command(
    epilog="Example:  govern redact mail.txt --explain > clean.txt\n\n"
    "`govern redact measure` says how much leaks on annotated texts. A file of that name is ./measure."
)
@click.argument("file", metavar="FILE|-")
@click.option(
    "--profile",
    type=click.Choice(PROFILES),
    default="strict",
    show_default=True,
    help="fast: the model reads lines with an unexplained capitalised word. strict: every line. max: by two models.",
)
@click.option("--explain", is_flag=True, help="Say on stderr why each stretch went, by place; never what stood there.")
@known_options
@click.option(
    "--key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="32 random bytes: the same key gives the same tokens. Without it each call draws its own, and tokens of two "
    "calls cannot be compared.",
)
@click.option("--again", is_flag=True, help="The text was redacted before: what looks like a token is one, and stays.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where to write the text; the file is whole or not there.",
)
@click.option("--force", is_flag=True, help="Let --output replace a file, the input too.")
@governed
def text(
    options: GlobalOptions,
    file: str,
    profile: str,
    explain: bool,
    known: Known,
    key_file: Path | None,
    again: bool,
    output: Path | None,
    force: bool,
) -> None:
    """Print a text without personal data and secrets; consistent pseudonyms stand in their place.

    FILE is UTF-8 text, - is standard input. Long texts are redacted in pieces of a million characters, cut at empty
    lines: a person named in full in one piece may be missed by first name alone in another. Line ends become line
    feeds, invisible characters go. What nothing lists, no form gives away and no model knows stays in.
    """
    from redact.positions import Positions

    out = options.output()
    if output is not None and not force and (output.exists() or output.is_symlink()):
        raise UsageError(f"{output} exists", "name another file, or replace it with --force")
    with _opened(file) as (stream, size):
        blocks = _decoded(stream, file)
        redactor: Redactor | None = None
        results: list[Redacted] = []
        spans: list[dict[str, Any]] = []
        texts: list[str] = []
        done = written = 0
        line, column = 1, 1
        with _target(output, force, texts if options.json else None) as write, out.progress("redacting") as progress:
            from redact.pieces import pieces

            for piece in pieces(blocks):
                redactor = redactor or made(profile, known, _key(key_file))
                (result,) = redactor.redact([piece], again=again)
                write(result.text)
                where = Positions(piece, line, column)
                for told in _spans(result, where, written):
                    if options.json:
                        spans.append(told)
                    elif explain:
                        click.echo(_line(told), err=True)
                line, column = where.end
                written += len(result.text)
                done += len(piece)
                progress("redacting", done, max(size, done))
                results.append(_without_text(result))
        receipt = _receipt(redactor or made(profile, known, _key(key_file)), results)
    if not options.json and not options.quiet:
        click.echo(_short(receipt), err=True)
    out.result(
        {
            **({"text": "".join(texts)} if output is None else {"output": str(output)}),
            "counts": receipt["by_entity"],
            "spans": spans,
            "receipt": receipt,
            "notice": NOTICE,
        }
    )


class _Redact(click.Group):
    """`govern redact FILE`, with `measure` as the one word that is a command and no file."""

    default = text

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Return the context of the command that the first word asks for."""
        if args[:1] and args[0] in self.commands:
            return super().make_context(info_name, args, parent, **extra)
        return self.default.make_context(info_name, args, parent, **extra)


redact = _Redact("redact", help=text.help, short_help="Take personal data and secrets out of a text.")
redact.add_command(measure)


def _key(path: Path | None) -> bytes:
    import secrets

    return path.read_bytes() if path else secrets.token_bytes(32)


@contextmanager
def _opened(file: str) -> Iterator[tuple[IO[bytes], int]]:
    """Yield the input and its size in bytes, 0 where that is not known."""
    if file == "-":
        yield sys.stdin.buffer, 0
        return
    path = Path(file)
    try:
        stream = path.open("rb")
    except IsADirectoryError:
        raise UsageError(f"{file} is a folder", "redact one file at a time; `govern extract` reads folders") from None
    except FileNotFoundError:
        raise UsageError(f"{file}: no such file", "give the path of a text, or - for standard input") from None
    except OSError:
        raise UsageError(f"{file} cannot be opened", "let this account read it") from None
    with stream:
        yield stream, path.stat().st_size


def _decoded(stream: IO[bytes], file: str) -> Iterator[str]:
    """Yield the text block by block.

    Raises:
        TextError: It is not UTF-8, or no text.
    """
    from redact.errors import TextError

    name = "standard input" if file == "-" else file
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    read = 0
    while True:
        block = stream.read(_BLOCK)
        if not read and block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise TextError(f"{name} is UTF-16", "convert it: iconv -f UTF-16 -t UTF-8")
        if b"\0" in block:
            raise TextError(
                f"{name} is binary, no text", "give text; `govern extract` reads mailboxes, documents and exports"
            )
        waiting = len(decoder.getstate()[0])  # the beginning of a character, from the block before
        try:
            decoded = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            raise TextError(
                f"{name} is not UTF-8, near byte {read - waiting + error.start:,}",
                "convert it, for instance from Latin-1: iconv -f ISO-8859-1 -t UTF-8",
            ) from None
        read += len(block)
        if decoded:
            yield decoded
        if not block:
            return


@contextmanager
def _target(output: Path | None, force: bool, texts: list[str] | None) -> Iterator[Callable[[str], object]]:
    """Yield what takes the redacted pieces."""
    if output is not None:
        from attest.files import whole_file

        try:
            with whole_file(output, replace=force) as file:
                yield lambda piece: file.write(piece.encode())
        except FileExistsError:
            raise UsageError(f"{output} exists", "name another file, or replace it with --force") from None
    elif texts is not None:
        yield texts.append
    else:
        yield lambda piece: click.echo(piece, nl=False)


def _spans(result: Redacted, where: Any, before: int) -> Iterator[dict[str, Any]]:
    """Yield for each replacement where, what and why; `start` and `end` count in the whole redacted text."""
    from redact.finding import CERTAIN

    for span in result.spans:
        yield {
            "start": before + span.start,
            "end": before + span.end,
            **where.stretch(span.first, span.last)._asdict(),
            "entity": span.entity,
            "token": result.text[span.start : span.end],
            "source": span.source,
            "rule": span.rule,
            "score": round(span.score, 2),
            "certain": span.source in CERTAIN,
            "why": _why(span.entity, span.source, span.rule),
        }


def _why(entity: str, source: str, rule: str) -> str:
    if entity == "UNREAD":
        return "no model could read this line"
    if rule == "model":
        # A directory holds whom a model found elsewhere in the text, too.
        rule = "" if source == "ner" else "found by a language model"
    return _WHY.get(source, "a detector says so") + (f": {rule}" if rule else "")


def _line(told: Mapping[str, Any]) -> str:
    place = f"{told['line']}:{told['column']}-{told['end_line']}:{told['end_column']}"
    return f"{place}  {told['entity']}  {told['token']}  {told['why']} ({told['source']}, {told['score']:.2f})"


def _without_text(result: Redacted) -> Redacted:
    """Return the result as a receipt needs it, so that a long text is not held in memory."""
    from dataclasses import replace

    return replace(result, text="." if result.text.strip() else "")


def _receipt(redactor: Redactor, results: Sequence[Redacted]) -> dict[str, Any]:
    from redact.receipt import receipt_of

    return receipt_of(redactor, results).as_json()


def _short(receipt: Mapping[str, Any]) -> str:
    """Return the receipt in a few lines."""
    from redact.receipt import shortfalls

    counts = ", ".join(f"{entity} {n:,}" for entity, n in receipt["by_entity"].items()) or "nothing"
    head = f"replaced: {counts}; profile {receipt['profile']}, engine {receipt['engine_sha256'][:12]}"
    return "\n".join([head, *shortfalls(receipt), NOTICE])
