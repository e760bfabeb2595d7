"""The registry of the workers that are alive, and of their tasks."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from celery import Celery

_CACHED_S = 2.0
_ANSWER_WITHIN_S = 1.0


class WorkerRegistry:
    """Asks the workers for their tasks by Celery's remote control.

    A question takes a second however many workers there are, so ``tasks`` keeps the answers for two seconds.
    """

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._asked_s = 0.0
        self._tasks: Mapping[str, frozenset[str]] = {}

    def tasks(self) -> Mapping[str, frozenset[str]]:
        """Return the ids of the active tasks of each worker that answers. Raises the errors of the broker's client."""
        if time.monotonic() - self._asked_s > _CACHED_S:
            answers: Mapping[str, Any] = self._app.control.inspect(timeout=_ANSWER_WITHIN_S).active() or {}
            self._tasks = {name: frozenset(task["id"] for task in tasks) for name, tasks in answers.items()}
            self._asked_s = time.monotonic()
        return self._tasks

    def knows(self, task_id: str) -> Mapping[str, bool]:
        """Return for each worker that answers whether it has a task, active or about to be."""
        answers: Mapping[str, Any] = self._app.control.inspect(timeout=_ANSWER_WITHIN_S).query_task(task_id) or {}
        return {name: task_id in tasks for name, tasks in answers.items()}
