"""Findings as SARIF 2.1.0 (OASIS), which code hosts and editors show beside the lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from extract.inspection.finding import RULES, Finding


def document(findings: Iterable[Finding], version: str) -> dict[str, Any]:
    """Return a SARIF log of one run, with every rule described.

    Args:
        findings: The findings; files are relative to what was inspected.
        version: Version of this program.
    """
    rules = [
        {
            "id": name,
            "shortDescription": {"text": rule.meaning},
            "defaultConfiguration": {"level": rule.severity},
        }
        for name, rule in RULES.items()
    ]
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "govern inspect", "version": version, "rules": rules}},
                "results": [_result(finding) for finding in findings],
            }
        ],
    }


def _result(finding: Finding) -> dict[str, Any]:
    detail = f" ({finding.detail})" if finding.detail else ""
    return {
        "ruleId": finding.rule,
        "level": finding.severity,
        "message": {"text": RULES[finding.rule].meaning + detail},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(finding.file)},
                    "region": {"startLine": finding.line},
                }
            }
        ],
    }
