"""Engines, a folder each; ``registry.py`` lists them, ``base.py`` has what they share."""
