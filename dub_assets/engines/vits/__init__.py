"""vits."""
