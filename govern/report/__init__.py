"""The audit report: one HTML file that opens years later, needs no network, and checks its own proofs."""
