"""Pipeline: a camera's run and a day's run."""
