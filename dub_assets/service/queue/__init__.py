"""The queue: messages become runs, none is lost and none runs twice. docs/queue.md has the guarantees.

The way of a message, in order:

- ``sqs``: receives it. ``sqs_calls`` and ``sqs_messages`` are its calls and formats; ``ports`` is what a queue can do.
- ``messages``: parses it, by way of ``message_json``, ``tasks`` (which task), and the models in ``message_models``,
  ``segment_messages``, ``glossary`` and ``message_types``. The result is a stored request, or ``MessageRefusedError``.
- ``consumer``: claims it, stores the request, requests the run that ``tasks`` declares, and deletes the message once
  Dagster has stored the run (``run_index``).
- ``refusals``: records a refused message, then copies it to the dead-letter queue. ``callbacks_sensor`` reports it.
- ``sensor``: one tick of all this.
"""
