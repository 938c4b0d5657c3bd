"""Partitions of units, made by workers into sealed parts: each exactly once, whoever is killed on the way."""
