"""A service over HTTP: what it answers, tried again where that may help, its refusals as errors of dub_assets.

Neither what is sent nor what comes back is put into errors or logs: both hold what people say.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from dub_assets.core.errors import ConfigurationError, DubError, ServiceUnavailableError
from dub_assets.core.retries import retry_after_s

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

_CONNECT_TIMEOUT_S = 10.0
_PASSING = {408, 409, 425, 429}
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0


class HttpService:
    """Posts JSON to ``url``; ``variables`` is how the settings of this service begin, for errors.

    Raises ConfigurationError for an address that is none.
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
        """The answer, of status 200.

        Raises ServiceUnavailableError where the service is busy or away at every attempt, and ConfigurationError where
        it refuses.
        """
        import requests

        reason, wait_s = "", 0.0
        for attempt in range(self._attempts):
            if attempt:
                self._pause(max(wait_s, min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** (attempt - 1))))
            try:
                answer = requests.post(
                    f"{self._url}/{path}",
                    json=document,
                    auth=self._authorised,
                    timeout=(_CONNECT_TIMEOUT_S, self._timeout_s),
                    allow_redirects=False,
                )
            except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
                reason, wait_s = type(error).__name__, 0.0
                continue
            if answer.status_code == 200:
                return answer
            if answer.status_code not in _PASSING and answer.status_code < 500:
                raise self._refusal(answer.status_code)
            reason, wait_s = f"status {answer.status_code}", self._wait_s(answer)
        raise ServiceUnavailableError(
            f"{self.host} did not answer in {self._attempts} attempts ({reason}): try again later, or check "
            f"{self._variables}_URL"
        )

    def _wait_s(self, answer: Response) -> float:
        """The seconds that the service asks to wait for, a minute at most."""
        return min(_LONGEST_PAUSE_S, retry_after_s(answer.headers.get("Retry-After"), time.time()) or 0.0)

    def _authorised(self, request: PreparedRequest) -> PreparedRequest:
        """The request with the key; given as a function, it keeps .netrc out of it."""
        if self._key:
            request.headers["Authorization"] = f"Bearer {self._key}"
        return request

    def _refusal(self, status: int) -> DubError:
        if status in {401, 403}:
            return ConfigurationError(f"{self.host} refuses the key ({status}): check {self._variables}_KEY")
        return ConfigurationError(
            f"{self.host} refuses the request ({status}): check {self._variables}_URL and {self._variables}_MODEL"
        )
