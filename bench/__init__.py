"""Benchmarks: each stage beside a peer, in one run, as ratios; nothing here is a test."""
