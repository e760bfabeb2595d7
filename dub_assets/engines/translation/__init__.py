"""Engines that translate lines."""
