# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=True
"""A trading loop in Cython that signs without the GIL, into its own memory, through `woox_fast._sign.pxd`.

    pip install --no-build-isolation ./examples/cython_user
    python -c 'import cython_user; print(*cython_user.sign_orders(b"secret", 1578565539808, [b"{}"]))'
"""

from libc.stdio cimport snprintf
from libc.stdlib cimport free, malloc

from woox_fast._sign cimport KeyContext, key_context, sign_into, cleanse_key_context

METHOD_AND_PATH = b"POST/v3/trade/order"


cdef struct Order:
    const char *body
    size_t size
    char signature[64]


cdef void sign_all(
    const KeyContext *key, long long timestamp, const char *path, Order *orders, size_t count
) noexcept nogil:
    cdef char head[64]
    cdef size_t i
    for i in range(count):
        size = snprintf(head, sizeof(head), "%lld%s", timestamp, path)
        sign_into(key, head, <size_t>size, orders[i].body, orders[i].size, orders[i].signature)


def sign_orders(bytes secret, long long timestamp_ms, list bodies):
    """Return the signatures of orders. `bodies` are bytes of JSON, sent by POST to /v3/trade/order."""
    cdef KeyContext key
    cdef const char *path = METHOD_AND_PATH
    cdef Order *orders = <Order *>malloc(max(1, len(bodies)) * sizeof(Order))
    cdef size_t i, count = len(bodies)
    if orders == NULL:
        raise MemoryError
    try:
        for i in range(count):
            orders[i].body, orders[i].size = <bytes?>bodies[i], len(bodies[i])
        key_context(&key, <const char *>secret, len(secret))
        with nogil:
            sign_all(&key, timestamp_ms, path, orders, count)
            cleanse_key_context(&key)
        return [orders[i].signature[:64].decode() for i in range(count)]
    finally:
        free(orders)
