"""What all tests share: the corpora beside the project, and the ban on silent skips in continuous integration."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

# How long an example takes is the machine's business: a busy one is no fault of the code.
hypothesis.settings.register_profile("shared machine", deadline=None)
hypothesis.settings.load_profile("shared machine")

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"

# The library spins its threads at barriers otherwise, and a busy machine crawls.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The corpora and vectors that are not part of the project."""
    if not SHARED.is_dir():
        pytest.skip("../shared is not there: these corpora are not part of the project")
    return SHARED


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Where it is asked for, fail if a test was skipped for any reason but missing corpora."""
    if not os.environ.get("GOVERN_FORBID_SKIPS"):
        return
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    silent = [r for r in skipped if "../shared" not in str(r.longrepr)]
    if silent and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure() -> None:
    """Close what llama_cpp leaves open at import, so that nothing is printed behind pytest's last line."""
    import sys

    library = sys.modules.get("llama_cpp._utils")
    for name in ("outnull_file", "errnull_file"):
        if library is not None and hasattr(library, name):
            getattr(library, name).close()
