"""Distillation: code writes and cites, a local model chooses; every claim can be checked without a model."""
