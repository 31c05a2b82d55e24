"""The integration guide's example credentials: published, and those of the sandbox's account."""

API_KEY = "AbmyVJGUpN064ks5ELjLfA=="
API_SECRET = "QHKRXHPAW1MC9YGZMAT8YDJG2HPR"  # noqa: S105 (published)
