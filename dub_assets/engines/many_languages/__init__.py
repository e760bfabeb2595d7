"""Translation between many languages with NLLB-200 and M2M-100."""
