"""Insights: what the events say, as pure functions over the resolved view."""
