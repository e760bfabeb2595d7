"""Jobs as partitions."""

import dagster as dg

jobs_partitions = dg.DynamicPartitionsDefinition(name="jobs")
"""One partition a job: its id. Segments are entries of the manifests, not partitions."""
