"""Matching: entries at the door, told apart into persons of a store's day."""
