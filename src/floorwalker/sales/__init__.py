"""Sales: tills and shifts."""
