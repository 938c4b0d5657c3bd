"""An implementation that nobody here wrote finds the same roots."""

from __future__ import annotations

import subprocess
import sys

from attest_world import leaves

from attest import second_opinion
from attest.disposition import Dispositions
from attest.merkle import Tree, leaf_hash


def test_merkletools_finds_the_root_of_every_size():
    lines = [b"line %d" % i for i in range(70)]
    tree = Tree(map(leaf_hash, lines))
    for n in range(1, 71):
        assert second_opinion.root(lines[:n]) == tree.root(n)


def test_merkletools_finds_the_root_of_the_dispositions():
    dispositions = Dispositions(leaves())
    assert second_opinion.root(dispositions.lines) == dispositions.root


def test_merkletools_notices_a_changed_line():
    lines = list(Dispositions(leaves()).lines)
    lines[1] = lines[1].replace(b"left_out", b"taken")
    assert second_opinion.root(lines) != Dispositions(leaves()).root


def test_there_is_no_second_opinion_on_nothing():
    assert second_opinion.root([]) is None


def test_there_is_no_second_opinion_without_the_package(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert not second_opinion.available()
    assert second_opinion.root([b"line"]) is None


def test_its_warning_at_import_does_not_come_out():
    code = "from attest import second_opinion as s; print(s.root([b'x']).hex())"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.strip() == leaf_hash(b"x").hex()
