"""One parser under atheris: `python -m fuzz.one TARGET [LIBFUZZER OPTIONS] CORPUS_FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["attest", "json"]):
    from fuzz import targets


def main() -> None:
    """Fuzz one parser, beginning with what its writer writes."""
    name, *options = sys.argv[1:]
    target = targets.TARGETS[name]
    corpus = Path(options[-1])
    for number, data in enumerate(targets.SEEDS[name]):
        assert targets.attempt(target, data), "the parser refuses what its writer writes"
        (corpus / f"seed-{number}").write_bytes(data)
    atheris.Setup([sys.argv[0], *options], lambda data: targets.attempt(target, data) and None)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
