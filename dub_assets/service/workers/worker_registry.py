"""Who works on what, asked of the workers themselves."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from celery import Celery

_ASKED_ANEW_AFTER_S = 2.0
_ANSWER_WITHIN_S = 1.0


class WorkerRegistry:
    """The workers that answer, each with the ids of its tasks.

    One question serves every run that is looked at within two seconds of it: a look at the workers costs a second
    however many there are.
    """

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._asked_s = 0.0
        self._tasks: Mapping[str, frozenset[str]] = {}

    def tasks(self) -> Mapping[str, frozenset[str]]:
        """Task ids by worker. Raises what the broker's client raises where the broker cannot be reached."""
        if time.monotonic() - self._asked_s > _ASKED_ANEW_AFTER_S:
            answers: Mapping[str, Any] = self._app.control.inspect(timeout=_ANSWER_WITHIN_S).active() or {}
            self._tasks = {name: frozenset(task["id"] for task in tasks) for name, tasks in answers.items()}
            self._asked_s = time.monotonic()
        return self._tasks

    def knows(self, task_id: str) -> Mapping[str, bool]:
        """Which of the workers that answer have a task: one too that was handed to a process and is not named yet."""
        answers: Mapping[str, Any] = self._app.control.inspect(timeout=_ANSWER_WITHIN_S).query_task(task_id) or {}
        return {name: task_id in tasks for name, tasks in answers.items()}
