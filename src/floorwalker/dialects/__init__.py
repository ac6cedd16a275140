"""Dialects: other schemas of the field, turned into this house's events and rows."""
