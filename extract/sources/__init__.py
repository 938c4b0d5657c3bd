"""Readers: one module per source, offline, each accounts for every unit that it saw."""
