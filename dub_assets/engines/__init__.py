"""Engines, a folder each; ``catalogue.py`` lists them, ``base.py`` has what they share."""
