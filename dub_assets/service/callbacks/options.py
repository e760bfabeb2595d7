"""The options of callbacks, each with its one default and the environment variable that sets it.

Metadata as in ``options.py``; ``empty`` says what a variable means that is set but empty.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from dub_assets.core.retries import RetryRules
from dub_assets.service.callbacks.webhook import signing_key


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackOptions:
    """How callbacks are signed and where they may go."""

    secret: str | None = field(
        default=None,
        repr=False,
        metadata={
            "env": "JOB_CALLBACK_SECRET",
            "help": "secret that callbacks are signed with by Standard Webhooks: base64, `whsec_` before it or not",
        },
    )
    allowed_hosts: str = field(
        default="",
        metadata={
            "env": "JOB_CALLBACK_ALLOWED_HOSTS",
            "help": "hosts, comma-separated and without ports, that callbacks may reach at private addresses too",
        },
    )
    localhost_host: str = field(
        default="host.docker.internal",
        metadata={
            "env": "JOB_CALLBACK_LOCALHOST_HOST",
            "help": "host in the place of localhost and 127.0.0.1 in callback URLs; set empty: none",
            "empty": "off",
        },
    )
    ca_file: Path | None = field(
        default=None,
        metadata={
            "env": "JOB_CALLBACK_CA_FILE",
            "help": "certificate authorities (PEM) to trust for callbacks; unset: the public ones",
        },
    )
    timeout_ms: int = field(
        default=30_000,
        metadata={
            "env": "JOB_CALLBACK_TIMEOUT",
            "help": "seconds that one attempt may take, all in all",
            "minimum": 1,
            "maximum": 300,
            "unit": "s",
        },
    )
    max_age_ms: int = field(
        default=72 * 3600 * 1000,
        metadata={
            "env": "JOB_CALLBACK_MAX_AGE",
            "help": "seconds after which a callback that was not received is given up",
            "minimum": 0,
            "maximum": 30 * 24 * 3600,
            "unit": "s",
        },
    )

    def __post_init__(self) -> None:
        if self.secret is not None:
            signing_key(self.secret)

    @property
    def hosts(self) -> frozenset[str]:
        """The allowed hosts, one by one."""
        return frozenset(name.strip() for name in self.allowed_hosts.split(",") if name.strip())

    @property
    def retry_rules(self) -> RetryRules:
        """When to try again and when to stop."""
        return RetryRules(max_age_s=self.max_age_ms / 1000)
