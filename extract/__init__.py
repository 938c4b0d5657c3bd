"""From sources to a `.skill`: read, find out who wrote which words, gate, redact, distil, package."""
