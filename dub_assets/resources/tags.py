"""Tags on runs: what a run works on, and for whom. The outbox of callbacks is made of the runs that carry them."""

JOB_ID = "dub/job_id"
"""The job; one run a job at a time (``dagster.yaml`` limits it)."""

PROJECT_ID = "dub/project_id"

TASK = "dub/task"
"""``full_pipeline``, ``segment_mix``, ``segment_tts``, or ``refused`` for a message that cannot be worked on."""

MESSAGE_ID = "dub/message_id"
"""The message that asked for the run."""

REQUEST_KEY = "dub/request_key"
"""The object with the request of this run, which later messages for the same job leave alone."""

CALLBACK_URL = "dub/callback_url"
"""Where to tell of the run. Runs without it are told of nowhere."""

CALLBACKS = "dub/callbacks"
"""``pending`` until the last callback of the run is delivered or given up, then ``delivered`` or ``lost``."""

CALLBACKS_RUN = "dub/callbacks_run"
"""The run that ``CALLBACKS`` was last written for: a run that repeats another inherits its tags."""

LAUNCHED_ON = "dub/launched_on"
"""The host on which ``LocalRunLauncher`` started the run's process."""
