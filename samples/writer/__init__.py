"""Writes the sample workplace from the texts in `samples/text`."""
