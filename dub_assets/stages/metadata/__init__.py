"""The metadata document of a job."""
