"""Content credentials by C2PA: signing, reading, and a chain of certificates for development."""
