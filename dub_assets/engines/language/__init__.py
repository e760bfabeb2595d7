"""Engines that identify the language of a text."""
