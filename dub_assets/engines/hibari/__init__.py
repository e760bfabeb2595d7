"""Hibari: a synthesiser of English."""
