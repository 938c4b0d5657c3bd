"""`govern model check`: what it prints, when it fails, and which addresses it never speaks to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from knowing_model import KnowingBackend
from office import govern

from extract.distil import backend
from policies import loader


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the command opened; the last item is the model that it gets."""
    seen: list[Any] = [KnowingBackend()]

    def open_backend(*args: Any) -> Any:
        seen.insert(-1, args)
        return seen[-1]

    monkeypatch.setattr(backend, "open_backend", open_backend)
    return seen


def test_each_part_is_shown_with_what_the_tiers_need(opened: list[Any]) -> None:
    result = govern("model", "check")
    assert result.code == 0, result.err
    assert opened[0] == (None, None, ())
    assert "Tier: paraphrase" in result.out
    (copy,) = [line for line in result.out.splitlines() if line.startswith("  copy ")]
    assert copy.split() == ["copy", "12", "12", "1000", "delete", "750,", "paraphrase", "900"]


def test_the_document_has_integers_only_and_the_tier(opened: list[Any]) -> None:
    opened[-1] = KnowingBackend("echo")
    result = govern("model", "check", "--json", "model.gguf")
    assert result.code == 0, result.err
    assert opened[0] == (Path("model.gguf"), None, ())
    assert (result.json["tier"], result.json["needed"]) == ("delete", "delete")
    parts = {p["part"]: p for p in result.json["parts"]}
    assert parts["echo"] == {"part": "echo", "score": 0, "right": 0, "of": 12, "needed": {"paraphrase": 1000}}
    assert all(isinstance(p[key], int) for p in parts.values() for key in ("score", "right", "of"))


def test_a_tier_below_the_needed_one_has_exit_code_4_and_still_the_whole_document(opened: list[Any]) -> None:
    opened[-1] = KnowingBackend("grammar")
    result = govern("model", "check", "--json")
    assert result.code == 4
    assert result.json["tier"] == "choose"
    assert "error: the model reaches tier choose, and delete is needed" in result.err
    assert govern("model", "check", "--need", "choose").code == 0
    assert govern("model", "check", "--need", "paraphrase").code == 4


def test_a_server_is_named_by_its_url_and_others_by_the_policy_only(opened: list[Any], tmp_path: Path) -> None:
    own = (Path(loader.__file__).parent / "worker_protection.yaml").read_text("utf-8")
    own = own.replace("kinds: [in_process, loopback]", "kinds: [in_process, loopback, remote]")
    policy = tmp_path / "own.yaml"
    policy.write_text(own.replace("addresses: []", "addresses: [10.1.2.3]"), "utf-8")
    assert govern("model", "check", "http://127.0.0.1:8080").code == 0
    assert opened[0] == (None, "http://127.0.0.1:8080", ())
    result = govern("model", "check", "http://10.1.2.3:8080", "--policy", policy)
    assert result.code == 0, result.err
    assert (opened[1][1], list(opened[1][2])) == ("http://10.1.2.3:8080", ["10.1.2.3"])


@pytest.mark.parametrize(
    ("target", "code"),
    [("nothing-here.gguf", 10), (__file__, 6), ("http://192.0.2.1:8080", 3), ("ftp://127.0.0.1", 2)],
)
def test_what_cannot_be_opened_is_told_with_a_hint_and_without_a_document(target: str, code: int) -> None:
    result = govern("model", "check", target)
    assert result.code == code
    assert result.out == ""
    assert "\nhint: " in result.err
