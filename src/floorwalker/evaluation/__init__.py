"""Evaluation: scores against truth."""
