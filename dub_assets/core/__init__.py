"""Values and rules that every stage shares: time, sound, media, keys, fingerprints, errors, ports."""
