"""VITS: a synthesiser on torch, one folder a voice."""
