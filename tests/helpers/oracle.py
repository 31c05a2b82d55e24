"""The oracle of every test is the standard library's hmac; our code is never checked against our code."""

from __future__ import annotations

import hashlib
import hmac

# The credentials and the timestamp of WOO X's integration guide.
KEY = "AbmyVJGUpN064ks5ELjLfA=="
SECRET = "QHKRXHPAW1MC9YGZMAT8YDJG2HPR"
NOW = 1578565539808


def oracle(message: bytes, secret: bytes = SECRET.encode()) -> str:
    """Return the HMAC-SHA256 of `message` under `secret`, as hex."""
    return hmac.new(secret, message, hashlib.sha256).hexdigest()
