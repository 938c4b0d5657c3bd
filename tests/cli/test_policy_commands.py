"""`govern policy`: check, explain, diff and adopt, as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path
from unittest import mock

import pytest
from office import Result, govern

from policies.catalogue import FLOOR_GATES, GATES
from policies.loader import load, shipped
from policies.sentences import sentences

HEAD = "schema: govern-policy/1\nid: {id}\nversion: {version}\ntitle: t\ngates:\n{gates}"


def written(folder: Path, gates: str, *, name: str = "team", version: int = 1) -> Path:
    path = folder / f"{name}{version}.yaml"
    path.write_text(HEAD.format(id=name, version=version, gates=gates))
    return path


@pytest.mark.parametrize("name", sorted(set(shipped()) - {"floor"}))
def test_check_proves_a_shipped_policy_against_the_floor_and_warns_of_nothing(name: str) -> None:
    found = govern("policy", "check", name, "--json").json
    assert set(FLOOR_GATES) <= set(found["against_floor"])
    assert set(found["against_floor"].values()) <= {"equal", "stricter"}
    assert found["warnings"] == found["findings"] == []
    shown = govern("policy", "check", name).out
    assert all(gate in shown for gate in load(name).gates)
    assert "Not looser than the floor on any gate." in shown


def test_check_shows_every_gate_that_is_looser_and_refuses(tmp_path: Path) -> None:
    path = written(tmp_path, "  subject.exit: {use_ends_after: P9Y}\n  lifecycle.cascade: {within: P9D}\n")
    result = govern("policy", "check", path)
    assert result.code == 3
    lines = [line.split() for line in result.out.splitlines()]
    assert ["subject.exit", "looser"] in lines
    assert ["lifecycle.cascade", "looser"] in lines
    assert "gate subject.exit, parameter use_ends_after: looser than the floor" in result.err


def test_check_names_policies_under_which_nothing_can_pass(tmp_path: Path) -> None:
    path = written(tmp_path, "  run.dual_control: {approvals: 3, roles: [hr]}\n  record.volume: {max: 0}\n")
    found = govern("policy", "check", path, "--json").json
    blocked = {f["gate"] for f in found["findings"] if f["code"] == "nothing_can_pass"}
    assert blocked == {"run.dual_control", "record.volume", "run.jurisdiction"}
    assert "more approvals are asked for (3) than roles count (1)" in govern("policy", "check", path).out


def test_check_says_where_a_policy_can_be_used() -> None:
    found = govern("policy", "check", "us_baseline", "--json").json
    assert found["jurisdictions"] == {"cn": ["run.legal_basis"], "eu": ["run.legal_basis"], "us": []}


@pytest.mark.parametrize("lang", ["en", "de", "zh"])
def test_explain_speaks_the_language_that_is_asked_for(lang: str) -> None:
    result = govern("policy", "explain", "subject.cooling_off", "--lang", lang, "--json")
    said = sentences(lang)["subject.cooling_off"]
    assert result.json["lang"] == lang
    assert result.json["sentences"][lang] == {"worker": said.worker, "hr": said.hr}
    assert said.worker[:20] in result.json["text"]


def test_explain_without_a_gate_lists_them_all() -> None:
    found = govern("policy", "explain", "--json").json
    assert [gate["gate"] for gate in found["gates"]] == list(GATES)


def test_explain_an_extraction_without_a_record_is_a_wrong_line() -> None:
    result = govern("policy", "explain", "--extraction", "x")
    assert result.code == 2
    assert "--record" in result.err


def test_diff_gives_both_values_and_something_that_only_one_lets_pass() -> None:
    found = govern("policy", "diff", "worker_protection", "eu_works_council", "--json").json
    assert found["overall"] == "looser"
    by_gate = {d["gate"]: d for d in found["differences"]}
    lookback = by_gate["record.lookback"]
    assert {p["parameter"]: (p["a"], p["b"]) for p in lookback["parameters"]} == {
        "max": ("P12M", "P6M"),
        "before_notice": ("allow", "deny"),
    }
    assert lookback["relation"] == "looser"
    (example,) = lookback["examples"]
    assert (example["admitted_by"], example["denied_by"]) == ("worker_protection", "eu_works_council")
    assert example["facts"]
    shown = govern("policy", "diff", "worker_protection", "eu_works_council").out
    assert f"For example: {example['text']}" in shown
    assert "max, worker_protection: P12M" in shown


def test_diff_of_incomparable_settings_has_an_example_each_way() -> None:
    found = govern("policy", "diff", "cn_pipl", "us_baseline", "--json").json
    (basis,) = [d for d in found["differences"] if d["gate"] == "run.legal_basis"]
    assert basis["relation"] == "incomparable"
    assert {e["admitted_by"] for e in basis["examples"]} == {"cn_pipl", "us_baseline"}


def test_diff_says_why_there_is_no_example(tmp_path: Path) -> None:
    gates = "  lifecycle.withdrawal: {erase_within: P1D}\n"
    result = govern("policy", "diff", written(tmp_path, gates), "floor")
    assert "lifecycle.withdrawal: team is stricter" in result.out
    assert "No example: it sets the day by which is erased and admits nothing." in result.out


@pytest.mark.parametrize(("a", "b"), [(a, b) for a in shipped() for b in shipped() if a < b])
def test_every_difference_between_shipped_policies_comes_with_an_example_or_a_reason(a: str, b: str) -> None:
    lines = govern("policy", "diff", a, b).out.splitlines()
    gates = [line for line in lines if line[:1].isalpha() and " is " in line and not line.startswith("On the whole")]
    told = [line for line in lines if line.lstrip().startswith(("For example:", "No example:"))]
    assert gates
    assert len(told) >= len(gates)


class Desk:
    """A workspace in which policies are adopted."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.workspace = root / ".govern"
        assert self.run("init", "--domain", "harbour.example").code == 0

    def run(self, *args: object) -> Result:
        return govern(*args, workspace=self.workspace)

    def entries(self) -> list[dict[str, object]]:
        from attest.log import EventLog

        with EventLog.open(self.workspace / "log.sqlite") as log:
            found = [json.loads(data) for _, data in log.entries()]
        return [entry["body"] for entry in found if entry["type"] == "policy.adopted"]

    def adopt(self, ref: object, *more: object) -> Result:
        return self.run("policy", "adopt", ref, "--now", "2026-03-01", *more)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_the_first_policy_is_adopted_without_a_question(desk: Desk) -> None:
    result = desk.adopt("worker_protection", "--json")
    assert result.code == 0, result.err
    assert result.json["logged"] is True
    (body,) = desk.entries()
    assert set(body) == {"id", "version", "sha256", "policy"}
    assert body["sha256"] == load("worker_protection").sha256


def test_a_stricter_policy_is_adopted_without_a_question_and_says_what_it_replaces(desk: Desk) -> None:
    desk.adopt("worker_protection")
    assert desk.adopt("eu_works_council", "--replaces", "worker_protection").code == 0
    body = desk.entries()[-1]
    assert (body["replaces"], body["relation"]) == (load("worker_protection").sha256, "stricter")


def test_a_looser_policy_is_not_adopted_unless_its_name_is_given(desk: Desk) -> None:
    desk.adopt(written(desk.root, "  record.volume: {max: 10}\n"))
    looser = written(desk.root, "  record.volume: {max: 11}\n", version=2)
    result = desk.adopt(looser)
    assert result.code == 2
    assert "team version 2 is looser than team version 1" in result.err
    assert "--confirm team" in result.err
    assert "record.volume max: looser" in result.out
    assert desk.adopt(looser, "--confirm", "yes").code == 3
    assert len(desk.entries()) == 1
    assert desk.adopt(looser, "--confirm", "team").code == 0
    assert desk.entries()[-1]["relation"] == "looser"


def test_a_policy_that_cannot_be_compared_must_be_named_too(desk: Desk) -> None:
    desk.adopt("worker_protection")
    assert desk.adopt("cn_pipl", "--replaces", "worker_protection").code == 2
    assert desk.adopt("cn_pipl", "--replaces", "worker_protection", "--confirm", "cn_pipl").code == 0
    assert desk.entries()[-1]["relation"] == "incomparable"


def test_the_name_is_typed_at_a_terminal(desk: Desk) -> None:
    from click.testing import CliRunner

    from govern.cli.app import cli

    desk.adopt(written(desk.root, "  record.volume: {max: 10}\n"))
    looser = written(desk.root, "  record.volume: {max: 11}\n", version=2)
    line = ["--workspace", str(desk.workspace), "policy", "adopt", str(looser), "--now", "2026-03-02"]
    for typed, entries in (("worker_protection\n", 1), ("team\n", 2)):
        with mock.patch("govern.cli.policy_adopt._terminal", return_value=True):
            CliRunner().invoke(cli, line, input=typed)
        assert len(desk.entries()) == entries


def test_a_policy_in_force_is_not_logged_again_and_an_older_one_is(desk: Desk) -> None:
    first = written(desk.root, "  record.volume: {max: 10}\n")
    second = written(desk.root, "  record.volume: {max: 9}\n", version=2)
    for path in (first, first, second):
        assert desk.adopt(path).code == 0
    assert len(desk.entries()) == 2
    assert desk.adopt(first).code == 2
    assert desk.adopt(first, "--confirm", "team").code == 0
    assert [body["version"] for body in desk.entries()] == [1, 2, 1]


def test_a_looser_policy_does_not_come_into_force_by_being_used(desk: Desk) -> None:
    from datetime import UTC, datetime

    from govern.errors import RefusedError
    from govern.workspace import Workspace

    desk.adopt(written(desk.root, "  record.volume: {max: 10}\n"))
    workspace = Workspace.open(desk.workspace)
    looser = load(written(desk.root, "  record.volume: {max: 11}\n", version=2))
    with workspace.log() as log, pytest.raises(RefusedError, match="team version 2 is looser than team version 1"):
        workspace.adopt(log, looser, datetime(2026, 3, 2, tzinfo=UTC))
    assert len(desk.entries()) == 1


def test_the_floor_is_no_policy_to_adopt(desk: Desk) -> None:
    result = desk.adopt("floor")
    assert result.code == 3
    assert "no policy to run under" in result.err
    assert desk.entries() == []


def test_replacing_what_was_never_adopted_is_an_error(desk: Desk) -> None:
    assert desk.adopt("worker_protection", "--replaces", "nobody").code == 6
    assert desk.entries() == []
