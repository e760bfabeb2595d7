"""Frozen values and pure rules of dubbing. Imports the standard library (and numpy, in ``signal``) alone."""
