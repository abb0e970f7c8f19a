"""Identity hashes are HMAC under a key of their own, the same for ever, and say nothing."""

import hmac

import pytest

from tthc.errors import UsageError
from tthc.landing import keys


def test_the_hash_is_hmac_sha256_of_the_value(installation) -> None:
    expected = hmac.digest(keys.subkey("identity"), b"031085000017", "sha256")[:16].hex()
    assert keys.identity_hash("031085000017") == expected
    assert keys.identity_hasher()("031085000018") != expected


def test_a_value_keeps_its_hash_for_ever(installation) -> None:
    # Frozen: a change here would break the equality of every hash already stored.
    assert keys.identity_hash("031085000017") == "9afe0c7946769668abfe5f1c0f0f227d"
    assert keys.key_id("archive") == "1f439619e3934577"


@pytest.mark.parametrize("value", ["000000001", "Dinhkem", "DINHKEM", " dinhkem ", "", "  ", None])
def test_a_placeholder_has_no_hash(installation, value) -> None:
    assert keys.identity_hash(value) is None


def test_text_that_is_not_unicode_is_still_hashed(installation) -> None:
    assert keys.identity_hash("\ud800") not in (None, keys.identity_hash("?"))


def test_purposes_and_secrets_do_not_share_keys(installation, monkeypatch) -> None:
    before = {keys.subkey("identity"), keys.subkey("archive")}
    hashed, name = keys.identity_hash("031085000017"), keys.key_id("identity")
    monkeypatch.setenv("TTHC_SECRET_KEY", "mot-khoa-khac-hoan-toan-0123456789abcdef")
    assert len(before | {keys.subkey("identity"), keys.subkey("archive")}) == 4
    assert keys.identity_hash("031085000017") != hashed and keys.key_id("identity") != name


def test_a_short_secret_is_refused(installation, monkeypatch) -> None:
    monkeypatch.setenv("TTHC_SECRET_KEY", "ngan")
    with pytest.raises(UsageError, match="32"):
        keys.identity_hash("031085000017")
