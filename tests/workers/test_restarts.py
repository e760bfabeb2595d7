"""Each part of the service is killed during a run and restarted after another message: both jobs succeed."""

from __future__ import annotations

import time

import pytest
from world import STAGES, World

_DOWN_S = 3.0
_CLUSTER = pytest.mark.servers

pytestmark = pytest.mark.workers


@pytest.mark.parametrize(
    ("world", "part"),
    [
        ("warm", "daemon"),
        ("warm", "server"),
        *(pytest.param("cluster", part, marks=_CLUSTER) for part in ("daemon", "server", "redis", "postgres")),
    ],
    indirect=["world"],
)
def test_loses_no_job_and_no_callback_with_a_part(world: World, part: str):
    world.service.block_next_run()
    running = world.send(f"with-{part}")
    world.service.blocked_run()
    try:
        restart(world, part, during_restart=(later := f"after-{part}"))
    finally:
        world.service.unblock()
    assert world.await_reported(running) == STAGES
    assert world.service.statuses(running) == ["SUCCESS"]
    assert world.await_reported(later) == STAGES


def restart(world: World, part: str, *, during_restart: str) -> None:
    """Kill a part, send the message of a job, and start the part again."""
    if part in world.servers:
        world.servers[part].end()
        world.send(during_restart)
        time.sleep(_DOWN_S)
        world.servers[part].start()
    else:
        world.service.kill(part)
        world.send(during_restart)
        time.sleep(_DOWN_S)
        world.service.start()
