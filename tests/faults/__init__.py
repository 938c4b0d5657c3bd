"""Faults on purpose: a run of the log is killed, or its disk fails, at every single call that writes."""
