"""deepfilternet."""
