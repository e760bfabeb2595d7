"""Options of callbacks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from dub_assets.core.option import COMMA_SEPARATED, MAY_BE_EMPTY, Seconds, UserPath, option
from dub_assets.core.retries import RetryRules
from dub_assets.service.callbacks.webhook import signing_key


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackOptions:
    """How callbacks are signed, and where they may be sent. Raises ConfigurationError if the secret is unusable."""

    secret: Annotated[
        str | None,
        option(
            "JOB_CALLBACK_SECRET",
            "secret that signs callbacks by Standard Webhooks: base64, with or without the prefix `whsec_`",
        ),
    ] = field(default=None, repr=False)
    allowed_hosts: Annotated[
        tuple[str, ...],
        COMMA_SEPARATED,
        option(
            "JOB_CALLBACK_ALLOWED_HOSTS",
            "hosts, comma-separated and without ports, that callbacks may reach at private addresses too",
        ),
    ] = ()
    localhost_host: Annotated[
        str,
        MAY_BE_EMPTY,
        option(
            "JOB_CALLBACK_LOCALHOST_HOST",
            "host that replaces localhost and 127.0.0.1 in callback URLs; set empty: they are kept",
        ),
    ] = "host.docker.internal"
    ca_file: Annotated[
        UserPath | None,
        option("JOB_CALLBACK_CA_FILE", "certificate authorities (PEM) to trust for callbacks; unset: the public ones"),
    ] = None
    timeout_ms: Annotated[
        int, Seconds(1, 300), option("JOB_CALLBACK_TIMEOUT", "seconds that one attempt may take, in total")
    ] = 30_000
    max_age_ms: Annotated[
        int,
        Seconds(0, 30 * 24 * 3600),
        option("JOB_CALLBACK_MAX_AGE", "seconds after which a callback that was not acknowledged is given up"),
    ] = 72 * 3600 * 1000

    def __post_init__(self) -> None:
        if self.secret is not None:
            signing_key(self.secret)

    @property
    def retry_rules(self) -> RetryRules:
        """When to try again and when to stop."""
        return RetryRules(max_age_s=self.max_age_ms / 1000)
