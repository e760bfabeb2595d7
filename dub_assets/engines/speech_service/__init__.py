"""OpenAI-compatible speech endpoints: a synthesiser."""
