"""Metrics for Prometheus, read from Dagster's storage, SQS, CloudWatch and the GPU driver; runs do not report any."""
