"""How the tables changed from release to release; each step is one file of `versions/`."""
