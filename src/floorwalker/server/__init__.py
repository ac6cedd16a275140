"""Server: the HTTP faces."""
