"""Works council and operator at the command line: files and HTTP, forks, backups, a skill renewed."""

from __future__ import annotations

import json
import shutil
import stat
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from attest_world import LOG_KEY, NOW, ORIGIN, Told, fixed_key, tell
from office import Result, govern

from attest import evidence, keys
from attest.cosignature import CosignatureSigner, Cosigner
from attest.encoding import to_time
from attest.events import Event
from attest.log import EventLog
from attest.note import NoteSigner
from attest.witness import Witness
from attest.witness_http import WitnessServer

VERIFIER = NoteSigner(ORIGIN, LOG_KEY).verifier


class Desk:
    """An operator's workspace around a log, and a witness's folder on another machine."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.workspace = root / ".govern"
        (self.workspace / "keys").mkdir(parents=True)
        keys.save(self.workspace / "keys" / "log.key", LOG_KEY, None)
        config = {"version": 1, "origin": ORIGIN, "log_key": VERIFIER.vkey, "organisation": "Example"}
        (self.workspace / "config.json").write_text(json.dumps(config))
        (self.workspace / "log.vkey").write_text(VERIFIER.vkey + "\n")
        self.told: Told = tell(self.workspace / "log.sqlite")
        self.skill = root / "ops.skill"
        self.skill.write_bytes(self.told.data())
        self.folder = root / "council"
        self.request, self.answer = root / "request.txt", root / "answer.txt"

    def init(self) -> Result:
        result = govern("witness", "init", "--name", "example.com/works-council", "--out", self.folder)
        assert result.code == 0, result.err
        return self.witness("add-log", self.workspace / "log.vkey")

    @property
    def vkey(self) -> Path:
        return self.folder / "witness.vkey"

    def witness(self, command: str, *args: object) -> Result:
        return govern("witness", command, *args, "--witness", self.folder)

    def cosign(self, at=NOW) -> Result:
        return self.witness("cosign", self.request, "-o", self.answer, "--now", to_time(at))

    def log(self, *args: object) -> Result:
        return govern("log", *args, workspace=self.workspace)

    def ask(self, *more: object) -> Result:
        return self.log("request-cosignature", "-o", self.request, "--key", self.vkey, *more)

    def add(self) -> Result:
        return self.log("add-cosignature", self.answer, "--key", self.vkey)

    def grow(self, n: int = 1) -> None:
        with EventLog.open(self.workspace / "log.sqlite") as log:
            log.append([Event.new("skill.used", "operator", {}, NOW) for _ in range(n)])

    def size(self) -> int:
        with EventLog.open(self.workspace / "log.sqlite") as log:
            return log.size

    def policy(self, url: str = "") -> None:
        text = f"witness council {self.vkey.read_text().strip()} {url}\nquorum council\n"
        (self.workspace / "witnesses.policy").write_text(text)


@pytest.fixture
def desk(tmp_path) -> Desk:
    desk = Desk(tmp_path)
    assert desk.init().code == 0
    return desk


def ok(result: Result) -> Result:
    assert result.code == 0, result.err
    return result


class Served:
    """The witness of a desk, over HTTP."""

    def __init__(self, folder: Path) -> None:
        cosigner = Cosigner.from_vkey((folder / "witness.vkey").read_text().strip())
        signer = CosignatureSigner(cosigner.name, keys.load(folder / "witness.key", None))
        self.server = WitnessServer(
            ("127.0.0.1", 0), lambda: Witness.open(folder / "witness.sqlite", signer), lambda: NOW + timedelta(hours=1)
        )
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> str:
        self.thread.start()
        return self.server.url

    def __exit__(self, *args: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def test_a_witness_is_made_once_and_its_key_is_its_owners(desk):
    assert stat.S_IMODE((desk.folder / "witness.key").stat().st_mode) == 0o600
    before = (desk.folder / "witness.key").read_bytes()
    again = govern("witness", "init", "--name", "example.com/x", "--out", desk.folder)
    assert again.code == 2
    assert (desk.folder / "witness.key").read_bytes() == before
    assert "known already" in ok(desk.witness("add-log", VERIFIER.vkey)).out
    assert govern("witness", "init", "--name", "two words", "--out", desk.root / "x").code == 6
    assert not (desk.root / "x").exists()


def test_no_witness_is_found_where_none_is(tmp_path):
    result = govern("witness", "show", "--witness", tmp_path)
    assert result.code == 2
    assert "govern witness init" in result.err


def test_the_dialogue_by_files(desk):
    for _ in range(3):
        request = ok(desk.ask("--json")).json
        answer = ok(desk.cosign())
        assert "add-cosignature" in answer.out
        added = ok(desk.add())
        assert f"example.com/works-council cosigned the checkpoint over {request['size']} entries" in added.out
        desk.grow(2)
    assert request["old"] == request["size"] - 2
    shown = ok(desk.witness("show", "--json")).json
    assert shown["logs"][0]["size"] == request["size"]
    with EventLog.open(desk.workspace / "log.sqlite") as log:
        assert b"works-council" in log.cosigned(request["size"])


def test_an_answer_may_come_late(desk):
    """The stick takes a week, the log goes on, and the cosignature still finds its checkpoint."""
    size = ok(desk.ask("--json")).json["size"]
    ok(desk.cosign())
    desk.grow(3)
    ok(desk.log("checkpoint"))
    assert f"over {size} entries" in ok(desk.add()).out


def test_a_request_from_another_size_comes_back_with_the_right_one(desk):
    ok(desk.ask())
    ok(desk.cosign())
    desk.grow()
    ok(desk.ask("--old", "0"))
    refused = desk.cosign()
    assert refused.code == 3
    told = desk.add()
    assert told.code == 3
    assert f"--old {desk.size() - 1}" in told.err
    ok(desk.ask())  # it was remembered
    ok(desk.cosign())
    ok(desk.add())


def test_a_changed_answer_is_not_kept(desk):
    ok(desk.ask())
    ok(desk.cosign())
    good = desk.answer.read_bytes()
    other = CosignatureSigner("example.com/works-council", fixed_key("impostor"))
    with EventLog.open(desk.workspace / "log.sqlite") as log:
        text = log.latest_checkpoint().partition(b"\n\n")[0].decode() + "\n"
    middle = len(good) // 2
    changed = good[:middle] + (b"A" if good[middle : middle + 1] != b"A" else b"B") + good[middle + 1 :]
    for bad, code in ((changed, 4), (other.line(text, 5).encode(), 4), (b"", 6), (b"hello\n", 6), (good[:-1], 6)):
        desk.answer.write_bytes(bad)
        assert desk.add().code == code, bad
    with EventLog.open(desk.workspace / "log.sqlite") as log:
        assert b"works-council" not in log.cosigned(log.size)
    assert not (desk.workspace / "witnessed.json").exists()


def test_a_fork_is_not_cosigned_and_its_evidence_can_be_taken_away(desk):
    shutil.copytree(desk.workspace, desk.root / "copy")
    desk.grow()
    ok(desk.ask())
    ok(desk.cosign())
    shutil.rmtree(desk.workspace)
    (desk.root / "copy").rename(desk.workspace)
    with EventLog.open(desk.workspace / "log.sqlite") as log:
        log.append([Event.new("skill.revoked", "operator", {}, NOW)])
    ok(desk.ask("--old", desk.size()))
    desk.answer.unlink()
    refused = desk.cosign()
    assert refused.code == 4
    assert "two different heads" in refused.err
    assert not desk.answer.exists()
    shown = ok(desk.witness("show", "--evidence", desk.root / "evidence"))
    assert "FORKED" in shown.out
    seen, request = sorted((desk.root / "evidence").iterdir())[::-1]
    assert seen.read_bytes().splitlines()[:2] == request.read_bytes().partition(b"\n\n")[2].splitlines()[:2]
    assert seen.read_bytes() != request.read_bytes().partition(b"\n\n")[2]
    desk.grow(3)
    ok(desk.ask("--old", desk.size() - 3))
    assert desk.cosign().code == 4


def test_files_that_are_no_request_are_refused(desk):
    for data, code in ((b"", 6), (b"hello", 6), (b"x" * (1 << 20), 6)):
        desk.request.write_bytes(data)
        assert desk.cosign().code == code
    ok(desk.ask())
    fresh = desk.root / "fresh"
    ok(govern("witness", "init", "--name", "example.com/dpo", "--out", fresh))
    unknown = govern("witness", "cosign", desk.request, "-o", desk.answer, "--witness", fresh)
    assert unknown.code == 2
    assert "add-log" in unknown.err
    assert not desk.answer.exists()


def test_the_dialogue_over_http(desk):
    with Served(desk.folder) as url:
        first = ok(desk.log("witness", url, "--key", desk.vkey))
        assert f"cosigned {desk.size()} entries at 2026-11-22T11:00:00Z" in first.out
        desk.grow(4)
        (desk.workspace / "witnessed.json").unlink()  # then the witness says where it stands
        ok(desk.log("witness", url, "--key", desk.vkey))
        desk.policy(url)
        desk.grow()
        result = ok(desk.log("witness", "--json")).json
    assert result["witnesses"] == [{"witness": "council", "cosigned": True, "at": "2026-11-22T11:00:00Z"}]
    memory = json.loads((desk.workspace / "witnessed.json").read_text())
    assert list(memory["seen"].values()) == [desk.size()]


def test_one_witness_that_is_down_does_not_keep_the_others_from_being_asked(desk):
    down = CosignatureSigner("example.com/dpo", fixed_key("dpo")).cosigner.vkey
    with Served(desk.folder) as url:
        (desk.workspace / "witnesses.policy").write_text(
            f"witness dpo {down} http://127.0.0.1:9\nwitness council {desk.vkey.read_text().strip()} {url}\n"
            "group g any dpo council\nquorum g\n"
        )
        result = desk.log("witness", "--json")
    assert result.code == 1
    assert [row["cosigned"] for row in result.json["witnesses"]] == [False, True]
    assert "cannot be reached" in result.err


def test_an_answer_by_another_key_is_not_kept(desk):
    other = CosignatureSigner("example.com/dpo", fixed_key("dpo")).cosigner.vkey
    with Served(desk.folder) as url:
        result = desk.log("witness", url, "--key", other)
    assert result.code == 4
    assert "another key" in result.err


def test_a_restored_backup_is_refused_by_the_witness_and_then_by_the_log(desk):
    shutil.copytree(desk.workspace, desk.root / "backup")
    desk.grow(3)
    with Served(desk.folder) as url:
        ok(desk.log("witness", url, "--key", desk.vkey))
        newest = desk.size()
        shutil.rmtree(desk.workspace)
        (desk.root / "backup").rename(desk.workspace)
        ok(desk.log("checkpoint"))  # database, high-water file and memory are all old: the log cannot know
        refused = desk.log("witness", url, "--key", desk.vkey)
        assert refused.code == 4
        assert f"has seen {newest} entries" in refused.err
        for command in (("checkpoint",), ("witness", url, "--key", desk.vkey)):
            refused = desk.log(*command)
            assert refused.code == 4
            assert "older copy" in refused.err
            assert "witnessed.json" in refused.err
        (desk.workspace / "witnessed.json").unlink()
        ok(desk.log("checkpoint"))
        # Grown again to the same size, it is another log.
        desk.grow(newest - desk.size())
        refused = desk.log("witness", url, "--key", desk.vkey)
        assert refused.code == 4
        assert "two logs" in refused.err


def test_a_restored_database_is_refused_by_what_the_workspace_remembers(desk):
    names = [name for name in ("log.sqlite", "log.sqlite.highwater") if (desk.workspace / name).exists()]
    for name in names:
        shutil.copy(desk.workspace / name, desk.root / name)
    desk.grow(3)
    ok(desk.ask())
    ok(desk.cosign())
    ok(desk.add())
    for name in names:
        shutil.copy(desk.root / name, desk.workspace / name)
    for extra in ("log.sqlite-wal", "log.sqlite-shm"):
        (desk.workspace / extra).unlink(missing_ok=True)
    refused = desk.log("checkpoint")
    assert refused.code == 4
    assert "the witness example.com/works-council has seen" in refused.err


def test_without_a_key_it_says_how_to_name_a_witness(desk):
    result = desk.log("witness", "http://127.0.0.1:9")
    assert result.code == 2
    assert "docs/witnesses.md" in result.err
    desk.policy()
    assert desk.log("witness").code == 2
    assert desk.log("witness", "http://127.0.0.1:9").code == 2
    (desk.workspace / "witnesses.policy").write_text("quorum x\n")
    assert desk.log("witness").code == 6
    (desk.workspace / "witnessed.json").write_text("[]")
    assert desk.log("checkpoint").code == 6


def audit(desk: Desk, *more: object) -> Result:
    return govern(
        *("audit", "verify", desk.skill, "--log-key", desk.workspace / "log.vkey"),
        *("--now", to_time(NOW + timedelta(days=1)), "--json", *more),
    )


def witnesses_in(result: Result) -> tuple[str, str]:
    return next((c["status"], c["value"]) for c in result.json["checks"] if c["name"] == "witnesses")


def test_a_released_skill_is_renewed_on_a_cosigned_checkpoint(desk):
    desk.policy()
    policy = ("--witnesses", desk.workspace / "witnesses.policy")
    assert witnesses_in(audit(desk)) == ("info", "unwitnessed")
    assert witnesses_in(audit(desk, *policy))[0] == "fail"
    early = govern("skill", "attest", desk.skill, workspace=desk.workspace)
    assert early.code == 2
    assert "govern log witness" in early.err
    ok(desk.ask())
    ok(desk.cosign())
    ok(desk.add())
    desk.grow()
    ok(desk.log("checkpoint"))  # newer, and not cosigned
    before = desk.skill.read_bytes()
    renewed = ok(govern("skill", "attest", desk.skill, "-o", desk.root / "new.skill", workspace=desk.workspace))
    assert "1 cosignatures, 0 responses" in renewed.out
    assert desk.skill.read_bytes() == before
    (desk.root / "new.skill").rename(desk.skill)
    assert witnesses_in(audit(desk, *policy)) == (
        "pass", "1 of 1, operators: council; quorum met (1 needed); newest 2026-11-22T10:00:00Z"
    )  # fmt: skip
    with EventLog.open(desk.workspace / "log.sqlite") as log:
        assert b'"type":"skill.packaged"' in log.entry(log.size - 1)


def test_what_is_no_released_skill_of_this_log_is_not_renewed(desk, tmp_path):
    from attest import container

    ok(desk.ask())
    ok(desk.cosign())
    ok(desk.add())
    desk.skill.write_bytes(container.pack("plain", {"SKILL.md": b"# Hello\n"}))
    assert govern("skill", "attest", desk.skill, workspace=desk.workspace).code == 3
    other = tell(tmp_path / "other.sqlite")
    desk.skill.write_bytes(other.with_file(evidence.SEAL, b"{}").data())
    assert govern("skill", "attest", desk.skill, workspace=desk.workspace).code == 4
    assert desk.skill.read_bytes() == other.with_file(evidence.SEAL, b"{}").data()


def test_a_witness_that_is_served_says_where(desk):
    """As a process of its own, stopped as a person would stop it."""
    import signal
    import subprocess
    import sys

    command = [sys.executable, "-m", "govern", "witness", "serve", "--port", "0", "--witness", str(desk.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline()
            url = line.split()[2].rstrip(",")
            ok(desk.log("witness", url, "--key", desk.vkey))
        finally:
            process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "Stopped.\n", "")
    assert line == f"Listening on {url}, as {desk.vkey.read_text()}"
