"""The whole service on one machine: queue, bucket, consumer and worker, as in production but for the addresses."""
