"""many_languages."""
