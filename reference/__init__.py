"""Generates the reference parts of ``docs/`` from the models: ``make schemas``."""
