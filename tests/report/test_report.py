"""The audit report as a file: its numbers add up, nobody's words are in it, and it is refused where proofs fail."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from office import govern, readable
from report_world import NOW, SUBJECT, World

from attest import container
from attest.events import Event
from bench.report import filled
from extract.skill import codec
from govern.errors import InputError
from govern.report import choosing, making
from govern.report import page as pages
from govern.report.page import Report, page
from govern.workspace import Workspace

AT = datetime(2026, 3, 4, tzinfo=UTC)
FIGURE = re.compile(r'data-figure="([^"]+)">([^<]*)<')


def _figures(file: Path) -> dict[str, str]:
    return dict(FIGURE.findall(file.read_text("utf-8")))


def test_the_numbers_add_up_and_are_those_of_the_skill(released: World, log_key: str, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    done = released.done("audit", "report", "-o", file, released.skill, "--log-key", log_key, *NOW, "--json").json
    flow = done["flow"]
    ledger = json.loads(container.unpack(released.skill.read_bytes()).files["references/ledger.json"])
    assert flow["seen"] == flow["taken"] + flow["left out"] == ledger["seen"] > 0
    assert flow["taken"] == flow["unchanged"] + flow["redacted"] == ledger["taken"]
    assert flow["claims"] == flow["released"] + flow["struck"] + flow["open"]
    assert (flow["claims"], flow["released"]) == (ledger["claims"], ledger["released"])
    assert done["left_out_by_reason"] == ledger["by_reason"]
    assert done["redacted_by_type"]
    assert done["bytes"] == file.stat().st_size < 200_000
    assert {name: int(value) for name, value in _figures(file).items() if name in flow} == flow


def test_nobodys_words_are_in_it(released: World, skill_page: Path, log_page: Path) -> None:
    files = container.unpack(released.skill.read_bytes()).files
    claims = codec.from_lines(files["references/claims.jsonl"])
    words = {claim.statement for claim in claims} | {span.quote for claim in claims for span in claim.evidence}
    assert len(words) >= len(claims) > 1
    people = (released.workspace / "identities.yaml").read_text("utf-8")
    words |= set(re.findall(r"[\w.]+@[\w.]+", people))
    for file in (skill_page, log_page):
        text = readable(file.read_text("utf-8"))
        assert [word for word in words if word in text] == []


def test_a_skill_needs_no_workspace(released: World, log_key: str, tmp_path: Path, skill_page: Path) -> None:
    file = tmp_path / "report.html"
    done = govern(
        "audit", "report", "-o", file, released.skill, "--log-key", log_key, *NOW, workspace=tmp_path / "none"
    )
    assert done.code == 0, done.err
    alone, beside = _figures(file), _figures(skill_page)
    different = {name for name in beside if alone.get(name) != beside[name]}
    # The checkpoint of the release is an older one, and fewer entries are in the file.
    assert different <= {"log size", "root", "shown"}


def test_the_same_report_makes_the_same_bytes(released: World, log_key: str) -> None:
    data = released.skill.read_bytes()
    first, second = (page(making.of_skill(data, log_key, AT)) for _ in range(2))
    assert first == second


def test_a_later_withdrawal_is_shown_where_the_log_is_at_hand(released: World, log_key: str, tmp_path: Path) -> None:
    world = released.copy(tmp_path / "world")
    world.done("consent", "withdraw", "--subject", SUBJECT, "--now", "2026-03-05")
    here, elsewhere = tmp_path / "here.html", tmp_path / "elsewhere.html"
    asked = (world.skill, "--log-key", log_key, "--now", "2026-03-06")
    world.done("audit", "report", "-o", here, *asked)
    assert govern("audit", "report", "-o", elsewhere, *asked, workspace=tmp_path / "none").code == 0
    assert "tombstoned since 2026-03-05" in here.read_text("utf-8")
    assert "consent.withdrawn" in readable(here.read_text("utf-8").partition("<script>")[0])
    assert "tombstoned since" not in elsewhere.read_text("utf-8")


def test_a_changed_file_gives_no_report(released: World, log_key: str, tmp_path: Path) -> None:
    content = container.unpack(released.skill.read_bytes())
    changed = tmp_path / "changed.skill"
    changed.write_bytes(container.pack(content.name, {**content.files, "SKILL.md": b"changed"}))
    done = released.run("audit", "report", "-o", tmp_path / "report.html", changed, "--log-key", log_key, *NOW)
    assert (done.code, "not the ones that were signed" in done.err) == (4, True)
    assert not (tmp_path / "report.html").exists()


@pytest.mark.parametrize(
    "missing", ["attestation/seal.tlog-proof", "attestation/release.dsse.json", "attestation/log.tlog-proof"]
)
def test_a_missing_proof_gives_no_report(released: World, log_key: str, tmp_path: Path, missing: str) -> None:
    content = container.unpack(released.skill.read_bytes())
    changed = tmp_path / "changed.skill"
    rest = {name: data for name, data in content.files.items() if name != missing}
    assert len(rest) < len(content.files)
    changed.write_bytes(container.pack(content.name, rest))
    done = released.run("audit", "report", "-o", tmp_path / "report.html", changed, "--log-key", log_key, *NOW)
    assert (done.code, "is missing" in done.err) == (4, True)
    assert not (tmp_path / "report.html").exists()


def test_another_logs_key_gives_no_report(released: World, tmp_path: Path) -> None:
    other = Workspace.create(tmp_path / "other", "Other", "other.example", AT)
    done = released.run("audit", "report", "-o", tmp_path / "r.html", released.skill, "--log-key", other.log_vkey, *NOW)
    assert done.code == 4
    assert not (tmp_path / "r.html").exists()


def test_an_expired_skill_is_reported_and_fails(released: World, log_key: str, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    asked = ("audit", "report", "-o", file, released.skill, "--log-key", log_key, "--now", "2036-01-01", "--json")
    done = released.run(*asked)
    assert (done.code, done.json["ok"], done.json["failed"]) == (4, False, [14])
    assert '<span class="verdict fail">FAIL</span><div><strong>14. expiry</strong>' in file.read_text("utf-8")


def test_options_of_a_skill_need_a_skill_and_a_skill_needs_the_key(released: World, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    without = released.run("audit", "report", "-o", file, released.skill)
    assert (without.code, "--log-key" in without.err) == (2, True)
    alone = released.run("audit", "report", "-o", file, "--policy", "minimal_self")
    assert (alone.code, "--policy goes with a skill" in alone.err) == (2, True)
    assert not file.exists()


def test_a_draft_is_no_released_skill(released: World, log_key: str, tmp_path: Path) -> None:
    content = container.unpack(released.skill.read_bytes())
    draft = {name: data for name, data in content.files.items() if not name.startswith("attestation/")}
    file = tmp_path / "draft.skill"
    file.write_bytes(container.pack(content.name, {**draft, "attestation/draft.json": b"{}"}))
    done = released.run("audit", "report", "-o", tmp_path / "report.html", file, "--log-key", log_key)
    assert (done.code, "it is a draft" in done.err) == (6, True)


def test_nothing_may_be_loaded_and_only_our_script_and_style_run(skill_page: Path) -> None:
    text = skill_page.read_text("utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None

    def digest(tag: str) -> str:
        (found,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        return "'sha256-" + base64.b64encode(hashlib.sha256(found.encode()).digest()).decode() + "'"

    assert policy[1].split("; ") == [
        "default-src 'none'",
        f"script-src {digest('script')}",
        f"style-src {digest('style')}",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    body = text.partition("<main>")[2].partition("</main>")[0]
    assert re.findall(r"\s(?:style|on\w+|src|href)=|https?:", body) == []


def test_each_chart_has_a_title_a_description_and_a_table_beside_it(skill_page: Path, log_page: Path) -> None:
    for file in (skill_page, log_page):
        text = file.read_text("utf-8")
        charts = re.findall(r"<figure>\n<svg [^>]*>(.*?)</svg>\n</figure>(.{0,400})", text, re.DOTALL)
        assert len(charts) >= 4
        for chart, beside in charts:
            assert re.match(r'<title id="[a-z-]+">[^<]+</title><desc id="[a-z-]+">[^<]+</desc>', chart)
            assert "<table" in beside


def test_what_it_does_not_prove_stands_on_every_page(skill_page: Path, log_page: Path) -> None:
    for file in (skill_page, log_page):
        said = file.read_text("utf-8").partition("<h2>What this does not prove</h2>")[2]
        assert said.count("<li>") >= 6
        assert "consent was given freely" in said


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A log with more runs than fit on a page."""
    return filled(tmp_path_factory.mktemp("busy") / ".govern", 3500)


def test_of_a_large_log_the_newest_whole_runs_are_shown_and_the_page_says_so(busy: Workspace) -> None:
    made = making.of_workspace(busy, AT)
    choice = made.choice
    assert choice is not None
    assert 20 < choice.runs_shown < choice.runs
    kinds = [entry.entry["type"] for entry in made.evidence.entries]
    for kind in ("source.manifest", "extraction.redacted", "extraction.sealed", "skill.released"):
        assert kinds.count(kind) == choice.runs_shown == made.figures.flow["runs"]
    last = max(entry.index for entry in made.evidence.entries if entry.entry["type"] == "extraction.sealed")
    assert last > made.evidence.head.checkpoint.size - 20
    text = page(made)
    assert len(text) < 700_000
    assert f"The newest {choice.runs_shown} of {choice.runs} sealed runs are shown".encode() in text
    assert b"Not everything fits" in text


def test_what_is_shown_is_bounded_by_room_and_not_by_the_log(busy: Workspace) -> None:
    with busy.log() as log:
        entries = list(log.entries())
    few, more = (choosing.choose(entries, len(entries), room=room) for room in (60_000, 200_000))
    assert 0 < few.runs_shown < more.runs_shown
    assert set(few.indexes) < set(more.indexes)
    nothing = choosing.choose(entries, len(entries), room=0)
    assert nothing.indexes == ()


def test_a_consent_comes_with_the_keys_of_its_person(busy: Workspace) -> None:
    made = making.of_workspace(busy, AT)
    events = [entry.entry for entry in made.evidence.entries]
    given = {e["body"]["pid"] for e in events if e["type"] == "consent.given"}
    assert given
    assert given <= {e["body"]["pid"] for e in events if e["type"] == "key.enrolled"}


def test_a_page_that_would_be_too_large_is_refused(busy: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    made = making.of_workspace(busy, AT)
    monkeypatch.setattr(pages, "MAX_PAGE", 10_000)
    with pytest.raises(InputError, match="10,000 are allowed"):
        page(made)


def _log_of(root: Path, *events: tuple[str, dict[str, object]]) -> Report:
    workspace = Workspace.create(root / ".govern", "Test", "test.example", AT)
    with workspace.log() as log:
        log.append([Event.new(kind, "operator", body, AT) for kind, body in events])
    return making.of_workspace(workspace, AT)


def test_a_log_in_which_nothing_happened_has_a_report(tmp_path: Path) -> None:
    made = _log_of(tmp_path)
    assert set(made.figures.flow.values()) == {0}
    assert "No entry that is shown is about them" in page(made).decode()


def test_who_said_no_looks_like_one_who_never_answered(tmp_path: Path) -> None:
    said = tuple((f"consent.{kind}", {"pid": "p-4k7q2m9x"}) for kind in ("refused", "deferred", "objected"))
    text = readable(page(_log_of(tmp_path, *said)).decode())
    assert "consent." not in text.partition("<script>")[0].partition("<main>")[2]
    assert "p-4k7q2m9x" not in text


def test_what_the_log_says_is_no_markup(tmp_path: Path) -> None:
    evil = '</script><script>alert("1")</script>'
    counts = {"taken": 1, "taken_redacted": 0, "left_out": 1, "by_reason": {evil: 1}}
    steps = {"gated": 2, "redacted": 3, "distilled": 4}
    seal = {"extraction_id": evil, "size": 2, "counts": counts, "manifest_index": 1, "steps": steps}
    made = _log_of(tmp_path, ("extraction.sealed", seal))
    assert made.figures.reasons == {evil: 1}
    text = page(made).decode()
    assert evil not in text
    assert text.count("<script") == 2


def test_an_evaluation_is_drawn_and_its_numbers_stand_beside(released: World, log_key: str) -> None:
    made = making.of_skill(released.skill.read_bytes(), log_key, AT)
    gains = {"own_over_nothing": [120_000, -5_000, 240_000], "own_over_placebo": [90_000, 40_000, 150_000]}
    text = page(Report(made.evidence, AT, evaluation={"gain": {"gains": gains}})).decode()
    assert '<td class="n">+0.120</td><td class="n">-0.005 to +0.240</td>' in text
    assert text.count('class="mark unsure"') == 1
    assert "nobody may be ranked by them" in text
