"""firefox."""
