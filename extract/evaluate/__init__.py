"""Evaluation without a judge: what a skill tells a reader model of its subject, beside what anything else tells."""
