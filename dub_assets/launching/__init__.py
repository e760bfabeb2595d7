"""Names that the ``dagster.yaml`` of earlier versions refers to."""
