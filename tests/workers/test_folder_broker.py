"""The folder broker: each message is read once and completely."""

from __future__ import annotations

import os
import threading
import time
from itertools import chain

import pytest
from celery.platforms import EX_OK
from celery.worker import state
from kombu import Connection

from dub_assets.service.workers import folder_broker


@pytest.fixture
def connect(tmp_path):
    folder_broker.register()
    options = folder_broker.transport_options(tmp_path)
    return lambda: Connection("folder://localhost", transport_options=options)


def test_delivers_each_message_once_in_the_order_of_its_writer(connect, tmp_path):
    sent = [[f"{writer}-{number}" for number in range(60)] for writer in range(2)]
    until = time.monotonic() + 600
    read: tuple[list[str], list[str]] = ([], [])

    def write(bodies: list[str]) -> None:
        with connect() as connection, connection.SimpleQueue("dubs") as queue:
            for body in bodies:
                queue.put(body)

    def take(into: list[str]) -> None:
        with connect() as connection:
            channel = connection.channel()
            while sum(map(len, read)) < 120 and time.monotonic() < until:
                message = channel.basic_get("dubs", no_ack=True)
                if message is not None:
                    into.append(message.decode())
                else:
                    time.sleep(0.01)  # readers that poll without a pause leave the writers no time

    threads = [threading.Thread(target=write, args=(bodies,)) for bodies in sent]
    threads += [threading.Thread(target=take, args=(into,)) for into in read]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(chain(*read)) == sorted(chain(*sent))
    for into in read:
        for writer in range(2):
            numbers = [int(body.partition("-")[2]) for body in into if body.startswith(f"{writer}-")]
            assert numbers == sorted(numbers)
    assert list((tmp_path / "messages").iterdir()) == []


def test_binds_a_queue_in_each_folder_of_a_process(tmp_path):
    folder_broker.register()
    for folder in (tmp_path / "one", tmp_path / "other"):
        options = folder_broker.transport_options(folder)
        with Connection("folder://localhost", transport_options=options) as connection:
            with connection.SimpleQueue("dubs") as queue:
                queue.put("a run")
            assert connection.channel().basic_get("dubs", no_ack=True).decode() == "a run"


def test_separates_queues_whose_names_end_alike(connect):
    with connect() as connection:
        with connection.SimpleQueue("a.dubs") as other:
            other.put("for the other")
        channel = connection.channel()
        assert channel.basic_get("dubs", no_ack=True) is None
        assert channel.basic_get("a.dubs", no_ack=True).decode() == "for the other"


def test_sweeps_old_remote_control_messages_and_keeps_runs(tmp_path):
    folder_broker.transport_options(tmp_path)
    messages = tmp_path / "messages"
    for name, age_s in (("1_a.x.celery.pidbox.msg", 7200), ("2_a.x.celery.pidbox.msg", 5), ("3_a.dubs.msg", 7200)):
        (messages / name).write_text("{}")
        os.utime(messages / name, (time.time() - age_s,) * 2)
    folder_broker.sweep(tmp_path)
    assert sorted(path.name for path in messages.iterdir()) == ["2_a.x.celery.pidbox.msg", "3_a.dubs.msg"]


def test_a_worker_that_shuts_down_takes_no_message(connect, monkeypatch):
    with connect() as connection, connection.SimpleQueue("dubs") as queue:
        queue.put("a run")
        channel = connection.channel()
        with monkeypatch.context() as patch:
            patch.setattr(state, "should_stop", EX_OK)
            assert channel.basic_get("dubs", no_ack=True) is None
        assert channel.basic_get("dubs", no_ack=True).decode() == "a run"
