"""Piper: a synthesiser on onnxruntime, one file a voice."""
