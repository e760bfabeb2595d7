"""What is imported with the code location, before Dagster starts threads in its process."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

_LOCATE = "import sys, dub_assets.definitions; print('dagster_aws.s3' in sys.modules)"


@pytest.mark.parametrize(("bucket", "imported"), [({"AWS_S3_BUCKET": "dub"}, "True"), ({}, "False")])
def test_imports_the_libraries_for_a_bucket_ahead_and_only_for_a_bucket(bucket: dict[str, str], imported: str):
    environment = {name: value for name, value in os.environ.items() if name != "AWS_S3_BUCKET"} | bucket
    done = subprocess.run([sys.executable, "-c", _LOCATE], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == imported
