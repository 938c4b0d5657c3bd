"""Detectors that need no model: each is a function from a text and its folded reading to findings."""
