"""Adapters: what lower floors need from outside (a server, a database, a disk), behind their protocols."""
