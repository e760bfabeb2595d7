"""Adapters to the engines, one a file; the heavy import lives inside the loader."""
