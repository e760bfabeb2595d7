"""Edits of single segments: new texts and gains.

Every edit of a job's own segments is a run of ``edit_segments_job`` (``edit_run``): whether the launchpad, ``dub-assets
mix`` and ``say``, or a message starts it. ``own_job`` finds out which segments of a message belong to a job. All others
are external segments: an op (``jobs``) mixes them (``remix``) and speaks them (``respeak``) from the sounds that the
message names (``external_segments``).
"""
