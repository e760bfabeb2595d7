"""The service: a folder for each part, and what several of them share.

``jobs`` lists every Dagster job. ``received_message``, ``pending_messages`` and ``segment_request`` are values that
queue, callbacks and edits share. ``readiness`` checks a process before its first job.
"""
