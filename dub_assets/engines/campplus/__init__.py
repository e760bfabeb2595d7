"""campplus."""
