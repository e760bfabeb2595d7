"""Measurements and checks of a finished dub."""
