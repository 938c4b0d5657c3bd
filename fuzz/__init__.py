"""Fuzzing of every parser that reads what strangers may have written."""
