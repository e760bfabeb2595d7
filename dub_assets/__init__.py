"""AI video dubbing as a Dagster project of software-defined assets."""
