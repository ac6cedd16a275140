"""Simulation: a store morning with its truth."""
