"""The integration guide's example credentials, which the sandbox accepts, and the names of the user's variables."""

API_KEY = "AbmyVJGUpN064ks5ELjLfA=="
API_SECRET = "QHKRXHPAW1MC9YGZMAT8YDJG2HPR"  # noqa: S105 (published)

API_KEY_VARIABLE = "WOOX_API_KEY"
API_SECRET_VARIABLE = "WOOX_API_SECRET"  # noqa: S105 (the name of a variable)
