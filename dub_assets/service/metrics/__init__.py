"""What Prometheus is told of the service: read from Dagster's storage, the queue and the driver, never from runs."""
