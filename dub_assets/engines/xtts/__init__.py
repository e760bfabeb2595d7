"""XTTS: a synthesiser on torch that clones voices."""
