"""Journeys: tracks to events."""
