"""``dub-assets submit`` on a real server of the SQS protocol."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from support.deployment import full

from dub_assets.cli import main


@pytest.fixture
def submit(aws_endpoint, monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws_endpoint)

    def run(url: str, body: str, *, piped: bool = False) -> None:
        file = tmp_path / "message.json"
        file.write_text(body, encoding="utf-8")
        monkeypatch.setenv("JOB_QUEUE_URL", url)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(body.encode())))
        monkeypatch.setattr(sys, "argv", ["dub-assets", "submit", "-" if piped else str(file)])
        main()

    return run


@pytest.mark.parametrize(("fifo", "piped"), [(False, False), (False, True), (True, False)])
def test_sends_a_message_unchanged_and_prints_its_id(submit, new_queue, sqs, capsys, fifo, piped):
    url = new_queue(fifo=fifo)
    for _ in range(2):
        with pytest.raises(SystemExit) as exited:
            submit(url, full("talk-1"), piped=piped)
        assert exited.value.code == 0
        received = sqs.receive_message(QueueUrl=url, AttributeNames=["All"], MessageAttributeNames=["All"])
        (message,) = received["Messages"]
        assert message["MessageId"] == capsys.readouterr().out.strip()
        assert message["Body"] == full("talk-1")
        attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
        assert attributes == {"job_id": "talk-1", "project_id": "shop", "task": "full_pipeline"}
        assert message["Attributes"].get("MessageGroupId") == ("shop" if fifo else None)
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def test_does_not_send_a_message_that_would_be_refused(submit, new_queue, sqs, capsys):
    url = new_queue()
    with pytest.raises(SystemExit) as exited:
        submit(url, json.dumps({"job_id": "talk-1"}))
    assert exited.value.code == 1
    assert "callback_url is missing" in capsys.readouterr().err
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_warns_of_a_pair_that_is_not_served_here_and_sends_the_message(submit, new_queue, sqs, capsys):
    url = new_queue()
    with pytest.raises(SystemExit) as exited:
        submit(url, json.dumps(json.loads(full("talk-1")) | {"source_lang": "ko", "target_lang": "en"}))
    assert exited.value.code == 0
    (warning,) = capsys.readouterr().err.splitlines()
    assert warning.startswith("dub-assets: warning: on this machine no engine can translate 'ko' to 'en'")
    assert "run `dub-assets models pull --pair ko-en`" in warning
    assert "Messages" in sqs.receive_message(QueueUrl=url)


def test_without_a_queue_the_variable_is_named(submit, capsys):
    with pytest.raises(SystemExit):
        submit("", full())
    assert "JOB_QUEUE_URL is not set" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named(monkeypatch, capsys, tmp_path: Path):
    monkeypatch.setattr(sys, "argv", ["dub-assets", "submit", str(tmp_path / "none.json")])
    with pytest.raises(SystemExit):
        main()
    assert "none.json as text" in capsys.readouterr().err
