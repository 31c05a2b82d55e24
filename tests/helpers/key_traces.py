"""The traces that a key leaves in memory, and a search for them in a process through /proc/PID/mem."""

from __future__ import annotations

import base64
import hashlib
import os
import struct
from decimal import Decimal
from functools import cache
from pathlib import Path

MASK = 0xFFFFFFFF
BLOCK, CHUNK = 64, 8


PRIMES = [number for number in range(2, 312) if all(number % divisor for divisor in range(2, number))]
INITIAL = [int(Decimal(prime).sqrt() * 2**32) & MASK for prime in PRIMES[:8]]
CONSTANTS = [int(Decimal(prime) ** (Decimal(1) / 3) * 2**32) & MASK for prime in PRIMES]


def schedule(block: bytes) -> list[int]:
    """Return SHA-256's message schedule, 64 words. Any sixteen successive words reveal the block."""
    words = list(struct.unpack(">16I", block))
    for i in range(16, 64):
        a, b = words[i - 15], words[i - 2]
        s0 = _rotate(a, 7) ^ _rotate(a, 18) ^ a >> 3
        s1 = _rotate(b, 17) ^ _rotate(b, 19) ^ b >> 10
        words.append((words[i - 16] + s0 + words[i - 7] + s1) & MASK)
    return words


def compress(state: list[int], block: bytes) -> list[int]:
    """Return the state after a further block, as in FIPS 180-4, 6.2.2."""
    a, b, c, d, e, f, g, h = state
    for constant, word in zip(CONSTANTS, schedule(block), strict=True):
        t1 = h + (_rotate(e, 6) ^ _rotate(e, 11) ^ _rotate(e, 25)) + (e & f ^ ~e & g) + constant + word
        t2 = (_rotate(a, 2) ^ _rotate(a, 13) ^ _rotate(a, 22)) + (a & b ^ a & c ^ b & c)
        a, b, c, d, e, f, g, h = (t1 + t2) & MASK, a, b, c, (d + t1) & MASK, e, f, g
    return [(x + y) & MASK for x, y in zip(state, (a, b, c, d, e, f, g, h), strict=True)]


def _rotate(x: int, n: int) -> int:
    return x >> n | (x << 32 - n) & MASK


def traces(secret: bytes) -> dict[str, list[bytes]]:
    """Return the 8-byte chunks that reveal a secret, by name, in the orders in which the core stores them."""
    key = hashlib.sha256(secret).digest() if len(secret) > BLOCK else secret
    padded = key.ljust(BLOCK, b"\0")
    found = {"secret": _chunks(secret)}
    if len(secret) > BLOCK:
        found["hashed secret"] = _chunks(key) + _chunks(struct.pack("=8I", *struct.unpack(">8I", key)))
    for name, pad in ("inner", 0x36), ("outer", 0x5C):
        block = bytes(byte ^ pad for byte in padded)
        words = schedule(block)
        a, b, c, d, e, f, g, h = state = compress(INITIAL, block)
        found[f"{name} padded key"] = _chunks(block[: len(key)]) + _words(words[: len(key) // 16 * 4])
        found[f"{name} message schedule"] = _words(words[len(key) // 4 + 1 :])
        found[f"{name} state"] = _words(state) + _words([f, e, b, a, h, g, d, c]) + [struct.pack(">4I", a, b, c, d)]
    # Leave out chunks of padding, which occur everywhere.
    return {name: [chunk for chunk in chunks if len(set(chunk)) > 4] for name, chunks in found.items()}


def _chunks(data: bytes) -> list[bytes]:
    whole = [data[at : at + CHUNK] for at in range(0, len(data) - CHUNK + 1, CHUNK)]
    return [*whole, data[-CHUNK:]]


def _words(words: list[int]) -> list[bytes]:
    return _chunks(struct.pack(f"={len(words)}I", *words)) if len(words) >= 2 else []


@cache
def spellings(data: bytes) -> set[bytes]:
    """Return `data` as a log could show it: unchanged, escaped, as hex, base64 or numbers."""
    found = {data, repr(data)[2:-1].encode()}
    for separator in ("", " ", ":"):
        found |= {data.hex(*([separator] if separator else [])).encode()}
    found |= {text.upper() for text in found if text != data}
    for shift in range(3):  # positions in a longer text; neighbours change the first and the last character
        first, last = -(-8 * shift // 6), (8 * (shift + len(data))) // 6
        for encode in (base64.standard_b64encode, base64.urlsafe_b64encode):
            found.add(encode(bytes(shift) + data)[first:last])
    for count, kind in ((len(data) // 4, "I"), (len(data), "B")):
        for order in "<>":
            numbers = struct.unpack(f"{order}{count}{kind}", data[: count * struct.calcsize(f"={kind}")])
            found |= {", ".join(write(each) for each in numbers).encode() for write in (str, hex)}
    return found


def find_in_text(text: bytes, wanted: dict[str, list[bytes]]) -> set[str]:
    """Return the names of the traces in `text`, in any spelling."""
    return {
        name for name, chunks in wanted.items() if any(each in text for chunk in chunks for each in spellings(chunk))
    }


def find_in_process(pid: int, wanted: dict[str, list[bytes]]) -> set[str]:
    """Return the names of the traces in a process's writable memory."""
    found = set()
    with Path(f"/proc/{pid}/maps").open() as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            span, access, *_ = line.split()
            if not access.startswith("rw"):
                continue
            start, end = (int(part, 16) for part in span.split("-"))
            data = os.pread(memory.fileno(), end - start, start)
            found |= {name for name, chunks in wanted.items() if any(chunk in data for chunk in chunks)}
    return found
