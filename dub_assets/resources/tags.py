"""Tags on runs: the job that a run works on, the message that asked for it, and the state of its callbacks."""

JOB_ID = "dub/job_id"
"""The job. ``dagster.yaml`` limits it to one run at a time."""

PARTITION = "dagster/partition"
"""Dagster's own tag of a run's partition, which is its job."""

DATA_VERSION = "dagster/data_version"
"""Dagster's own tag of a materialisation's data version."""

PROJECT_ID = "dub/project_id"
"""The project of the job."""

TASK = "dub/task"
"""The name of a task (``service/queue/tasks.py``), or ``refused`` for runs that earlier versions made of refusals."""

EDIT = "dub/edit"
"""Set on runs that edit a job's segments. Such a run reports failed checks and does not fail."""

EDITED_BY = "dub/edited_by"
"""The person who made the edit of the run."""

MESSAGE_ID = "dub/message_id"
"""The message that asked for the run."""

MESSAGE_RUNS = "dub/message_runs"
"""The number of runs that the message asked for, if there are several: one for each language."""

REQUEST_KEY = "dub/request_key"
"""Key of the run's request, which later messages for the same job do not overwrite."""

CALLBACK_URL = "dub/callback_url"
"""URL that receives the run's callbacks. A run without it has no callbacks."""

CALLBACKS = "dub/callbacks"
"""``pending`` until the last callback of the run is delivered or has expired, then ``delivered`` or ``lost``."""

CALLBACKS_RUN = "dub/callbacks_run"
"""The run for which ``CALLBACKS`` was written last: a retry inherits the tags of its run."""

LAUNCHED_ON = "dub/launched_on"
"""The host on which ``LocalRunLauncher`` started the run's process."""
