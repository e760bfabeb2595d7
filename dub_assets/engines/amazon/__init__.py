"""Translation with Amazon Translate."""
