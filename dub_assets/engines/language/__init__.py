"""Engines that tell the language of a text."""
