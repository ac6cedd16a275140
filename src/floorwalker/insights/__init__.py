"""Insights: what the events say."""
