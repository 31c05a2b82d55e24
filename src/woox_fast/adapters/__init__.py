"""Signers for the clients people use: `requests`, `httpx`, `aiohttp`, `ccxt`; and `raw`, a connection of our own.

Each module needs the client of its name (`pip install 'woox-fast[requests]'`) and is imported only when asked for.
"""
