"""Identity: who is who, by appearance."""
