"""Kokoro: a synthesiser on onnxruntime."""
