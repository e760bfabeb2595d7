"""Every part is killed while a run goes on and another one comes, and started again: both end well, told in full."""

from __future__ import annotations

import time

import pytest
from world import STAGES, World

_AWAY_S = 3.0
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
def test_no_job_and_no_callback_is_lost_with_a_part(world: World, part: str):
    crew = world.crew
    crew.hold()
    going_on = world.send(f"with-{part}")
    crew.held()
    try:
        away(world, part, coming := f"after-{part}")
    finally:
        crew.let_go()
    assert world.await_told(going_on) == STAGES
    assert crew.statuses(going_on) == ["SUCCESS"]
    assert world.await_told(coming) == STAGES


def away(world: World, part: str, job_id: str) -> None:
    """A part is not there for a while, in which a job is sent."""
    if part in world.servers:
        world.servers[part].end()
        world.send(job_id)
        time.sleep(_AWAY_S)
        world.servers[part].start()
    else:
        world.crew.kill(part)
        world.send(job_id)
        time.sleep(_AWAY_S)
        world.crew.start()
