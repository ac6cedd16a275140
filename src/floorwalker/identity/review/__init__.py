"""Review: what people say of entries and pairs of them, kept as a log that nothing is taken out of."""
