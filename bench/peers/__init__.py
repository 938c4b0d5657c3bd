"""Detectors of other projects, run in an environment of their own: their pins clash with ours."""
