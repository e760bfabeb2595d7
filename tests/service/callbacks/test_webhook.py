import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from dub_assets.core.errors import ConfigurationError
from dub_assets.service.callbacks.options import CallbackOptions
from dub_assets.service.callbacks.webhook import delivery_headers, signing_key

KEY = bytes(range(24))
PLAIN = base64.b64encode(KEY).decode()
SECRETS = ["whsec_" + PLAIN, PLAIN, "whsec_" + base64.b64encode(KEY[:23]).decode().rstrip("=")]


def test_the_specifications_example():
    headers = delivery_headers(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        webhook_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp_s=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize("secret", SECRETS)
def test_the_reference_library_verifies_signatures(secret: str):
    body = '{"text":"안녕하세요"}'.encode()
    headers = delivery_headers(secret, webhook_id="msg_1", timestamp_s=int(time.time()), body=body)
    assert Webhook(secret).verify(body, headers) == {"text": "안녕하세요"}


@pytest.mark.parametrize("part", ["body", "webhook-id", "webhook-timestamp", "secret"])
def test_the_reference_library_refuses_changes(part: str):
    body, secret, now_s = b"{}", SECRETS[0], int(time.time())
    headers = delivery_headers(secret, webhook_id="msg_1", timestamp_s=now_s, body=body)
    changed = {"webhook-id": "msg_2", "webhook-timestamp": str(now_s - 1)}
    headers |= {name: value for name, value in changed.items() if name == part}
    verifier = Webhook("whsec_AAAA" if part == "secret" else secret)
    with pytest.raises(WebhookVerificationError, match="No matching signature"):
        verifier.verify(b"[]" if part == "body" else body, headers)


def test_sends_only_the_id_without_a_secret():
    assert delivery_headers(None, webhook_id="msg_1", timestamp_s=1, body=b"") == {"webhook-id": "msg_1"}


@given(st.binary(min_size=1, max_size=64), st.booleans(), st.booleans())
def test_reads_keys_as_the_reference_library_does(key: bytes, prefixed: bool, padded: bool):
    encoded = base64.b64encode(key).decode()
    secret = ("whsec_" if prefixed else "") + (encoded if padded else encoded.rstrip("="))
    assert signing_key(secret) == key == Webhook(secret)._whsecret


@pytest.mark.parametrize("secret", ["", "whsec_", "not base64!", "A", "whsec_====", "비밀"])
def test_an_unusable_secret_is_an_error_that_names_the_variable_only(secret: str):
    with pytest.raises(ConfigurationError, match="JOB_CALLBACK_SECRET") as error:
        CallbackOptions(secret=secret)
    assert not secret.removeprefix("whsec_").strip("=A") or secret not in str(error.value)


def test_options_do_not_show_the_secret():
    assert PLAIN not in repr(CallbackOptions(secret=PLAIN))


def test_the_rules_have_the_age_of_the_options():
    assert CallbackOptions().retry_rules.max_age_s == 72 * 3600
    assert CallbackOptions(max_age_ms=1500).retry_rules.max_age_s == 1.5
