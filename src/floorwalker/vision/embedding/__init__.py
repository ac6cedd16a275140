"""Vectors of people's crops by a re-identification network."""
