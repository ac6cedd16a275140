"""Sales: the tills' files, and who bought."""
