"""Model weights: found in packages or the user's own folder, pulled into the cache, verified."""
