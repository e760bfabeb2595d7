"""Run launchers: a process per run on this machine, or warm workers through Celery (the extra ``workers``)."""
