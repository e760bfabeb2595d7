"""Callbacks: HTTP requests that report the progress and outcome of runs. docs/callbacks.md has the guarantees.

In the order of the flow:

- ``values``, ``bodies``: what a callback says.
- ``run_log``, ``callback_builders``: callbacks built from a run's event log.
- ``outbox``: callbacks stored before the first attempt, and the state of their delivery.
- ``delivery``: what follows from the outcome of an attempt; the pauses are those of ``core/retries.py``.
- ``dispatcher``: the threads that make attempts; ``sender``, ``addresses``, ``deadline``, ``webhook``: one attempt.
- ``retry_groups``, ``run_callbacks``, ``pending_refusals``: what has callbacks to send.
- ``delivery_service``: hands that to the dispatcher; ``sensors`` and ``follower`` call it, ``resources`` makes it.
- ``replay``: delivers the callbacks of a job again.
"""
