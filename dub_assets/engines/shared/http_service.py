"""Requests to an HTTP service, with retries; refusals become errors of dub_assets.

Neither requests nor responses appear in errors or logs, because they contain transcript text.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from dub_assets.core.errors import ConfigurationError, DubError, ServiceUnavailableError
from dub_assets.core.retries import HTTP_SERVICE_RETRIES, retry_after_s

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

_CONNECT_TIMEOUT_S = 10.0
_RETRIED = {408, 409, 425, 429}


class HttpService:
    """Posts JSON to ``url``; ``variables`` is the prefix of the service's environment variables, for errors.

    Raises ConfigurationError if ``url`` is not an HTTP address.
    """

    def __init__(
        self,
        *,
        url: str,
        key: str | None,
        variables: str,
        timeout_s: float,
        attempts: int = 5,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
            raise ConfigurationError(f"{variables}_URL is no address of a service: give one like https://host/v1")
        self.host = parts.netloc
        self._url = url.rstrip("/")
        self._key = key
        self._variables = variables
        self._timeout_s = timeout_s
        self._attempts = attempts
        self._pause = pause

    def post(self, path: str, document: Mapping[str, Any]) -> Response:
        """Return a response with status 200.

        Raises ServiceUnavailableError if the service is busy or unreachable at every attempt, and ConfigurationError
        if it refuses the request.
        """
        import requests

        reason = ""
        requested_s: float | None = None
        for attempt in range(self._attempts):
            if attempt:
                self._pause(HTTP_SERVICE_RETRIES.pause_s(self.host, attempt, requested_s))
            try:
                response = requests.post(
                    f"{self._url}/{path}",
                    json=document,
                    auth=self._with_key,
                    timeout=(_CONNECT_TIMEOUT_S, self._timeout_s),
                    allow_redirects=False,
                )
            except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
                reason, requested_s = type(error).__name__, None
                continue
            if response.status_code == 200:
                return response
            if response.status_code not in _RETRIED and response.status_code < 500:
                raise self._refusal(response.status_code)
            reason = f"status {response.status_code}"
            requested_s = retry_after_s(response.headers.get("Retry-After"), time.time())
        raise ServiceUnavailableError(
            f"{self.host} did not answer in {self._attempts} attempts ({reason}): try again later, or check "
            f"{self._variables}_URL"
        )

    def _with_key(self, request: PreparedRequest) -> PreparedRequest:
        """Add the key to a request. requests ignores .netrc if the authentication is a function."""
        if self._key:
            request.headers["Authorization"] = f"Bearer {self._key}"
        return request

    def _refusal(self, status: int) -> DubError:
        if status in {401, 403}:
            return ConfigurationError(f"{self.host} refuses the key ({status}): check {self._variables}_KEY")
        return ConfigurationError(
            f"{self.host} refuses the request ({status}): check {self._variables}_URL and {self._variables}_MODEL"
        )
