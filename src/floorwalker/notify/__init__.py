"""Notices: anomalies that begin, change and end, told to whoever asked."""
