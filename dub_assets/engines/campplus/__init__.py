"""CAM++: a speaker embedder on onnxruntime."""
