"""The integration guide's example credentials, which are the sandbox's, and the variables that hold the user's own."""

API_KEY = "AbmyVJGUpN064ks5ELjLfA=="
API_SECRET = "QHKRXHPAW1MC9YGZMAT8YDJG2HPR"  # noqa: S105 (published)

API_KEY_VARIABLE = "WOOX_API_KEY"
API_SECRET_VARIABLE = "WOOX_API_SECRET"  # noqa: S105 (the name of a variable)
