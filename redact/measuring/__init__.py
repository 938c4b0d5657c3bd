"""Measures detection on annotated texts: what leaks, what goes needlessly, who stays hidden, who keeps one token."""
