"""What a key leaves in memory, and how to find that in another process, through /proc/PID/mem."""

from __future__ import annotations

import base64
import hashlib
import os
import struct
from functools import cache
from pathlib import Path

MASK = 0xFFFFFFFF
BLOCK, CHUNK = 64, 8


def _primes(count: int) -> list[int]:
    found: list[int] = []
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return found


def _root_bits(number: int, power: int) -> int:
    """The first 32 bits of the fraction of the square or cube root."""
    low, high = 0, number << 32
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**power <= number << 32 * power else (low, middle)
    return low & MASK


INITIAL = [_root_bits(prime, 2) for prime in _primes(8)]
CONSTANTS = [_root_bits(prime, 3) for prime in _primes(64)]


def schedule(block: bytes) -> list[int]:
    """SHA-256's message schedule: 64 words. The last sixteen tell the block as well as the first."""
    words = list(struct.unpack(">16I", block))
    for i in range(16, 64):
        a, b = words[i - 15], words[i - 2]
        s0 = _rotate(a, 7) ^ _rotate(a, 18) ^ a >> 3
        s1 = _rotate(b, 17) ^ _rotate(b, 19) ^ b >> 10
        words.append((words[i - 16] + s0 + words[i - 7] + s1) & MASK)
    return words


def compress(state: list[int], block: bytes) -> list[int]:
    """FIPS 180-4, 6.2.2: the state after one more block."""
    a, b, c, d, e, f, g, h = state
    for constant, word in zip(CONSTANTS, schedule(block), strict=True):
        t1 = h + (_rotate(e, 6) ^ _rotate(e, 11) ^ _rotate(e, 25)) + (e & f ^ ~e & g) + constant + word
        t2 = (_rotate(a, 2) ^ _rotate(a, 13) ^ _rotate(a, 22)) + (a & b ^ a & c ^ b & c)
        a, b, c, d, e, f, g, h = (t1 + t2) & MASK, a, b, c, (d + t1) & MASK, e, f, g
    return [(x + y) & MASK for x, y in zip(state, (a, b, c, d, e, f, g, h), strict=True)]


def _rotate(x: int, n: int) -> int:
    return x >> n | (x << 32 - n) & MASK


def traces(secret: bytes) -> dict[str, list[bytes]]:
    """What gives a secret away, by name: 8 bytes at a time, in every order in which code holds them."""
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
    # A chunk of nothing but padding tells nothing, and is everywhere.
    return {name: [chunk for chunk in chunks if len(set(chunk)) > 4] for name, chunks in found.items()}


def _chunks(data: bytes) -> list[bytes]:
    whole = [data[at : at + CHUNK] for at in range(0, len(data) - CHUNK + 1, CHUNK)]
    return [*whole, data[-CHUNK:]]


def _words(words: list[int]) -> list[bytes]:
    return _chunks(struct.pack(f"={len(words)}I", *words)) if len(words) >= 2 else []


@cache
def spellings(data: bytes) -> set[bytes]:
    """`data` in every way in which a log could show it: as it is, escaped, as hex, base64 or numbers."""
    found = {data, repr(data)[2:-1].encode()}
    for separator in ("", " ", ":"):
        found |= {data.hex(*([separator] if separator else [])).encode()}
    found |= {text.upper() for text in found if text != data}
    for shift in range(
        3
    ):  # where it may begin within a longer text; characters that depend on its neighbours are left out
        first, last = -(-8 * shift // 6), (8 * (shift + len(data))) // 6
        for encode in (base64.standard_b64encode, base64.urlsafe_b64encode):
            found.add(encode(bytes(shift) + data)[first:last])
    for count, kind in ((len(data) // 4, "I"), (len(data), "B")):
        for order in "<>":
            numbers = struct.unpack(f"{order}{count}{kind}", data[: count * struct.calcsize(f"={kind}")])
            found |= {", ".join(write(each) for each in numbers).encode() for write in (str, hex)}
    return found


def find_in_text(text: bytes, wanted: dict[str, list[bytes]]) -> set[str]:
    """The names of what is found in `text`, in any spelling."""
    return {
        name for name, chunks in wanted.items() if any(each in text for chunk in chunks for each in spellings(chunk))
    }


def find_in_process(pid: int, wanted: dict[str, list[bytes]]) -> set[str]:
    """The names of what is found anywhere in the memory that the process can write to."""
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
