"""The partitions of all assets: one for each job."""

import dagster as dg

jobs_partitions = dg.DynamicPartitionsDefinition(name="jobs")
"""A partition is a job id. Segments are not partitions but entries of manifests."""
