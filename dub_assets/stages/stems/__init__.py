"""Vocals and background of the programme."""
