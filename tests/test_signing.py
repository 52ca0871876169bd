"""Signatures written by hand: the same as those of the libraries."""

import hmac
from base64 import b32encode

from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import Signer

from digest.signing import Secret

KEYS, TEXTS = st.binary(max_size=64), st.text(max_size=80)


@given(KEYS, TEXTS)
def test_a_secret_signs_as_hmac_does(key, text):
    assert Secret(key).digest(text) == hmac.digest(key, text.encode(), "sha1")


@given(KEYS.filter(bool), TEXTS)
def test_what_is_signed_is_what_itsdangerous_signs(key, text):
    assert Secret(key).signed(text) == Signer(key, key_derivation="none").sign(text).decode()


@given(KEYS, TEXTS, st.sampled_from([16, 20]))
def test_in_base32_it_is_what_the_library_writes(key, text, octets):
    digest = hmac.digest(key, text.encode(), "sha1")[:octets]
    assert Secret(key).in_base32(text, octets) == b32encode(digest).decode().rstrip("=").lower()
