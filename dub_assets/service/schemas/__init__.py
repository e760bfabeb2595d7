"""Published schemas: models of callbacks and the metadata document, and the generator of ``docs/schemas/``."""
