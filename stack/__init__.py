"""The whole service on one machine: queue, bucket, consumer and worker, configured as in production."""
