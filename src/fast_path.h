/* C for the fast path: an int's value, and the time. */
#pragma once

#include <Python.h>
#include <time.h>

/* Return an exact int's value if it has two 30-bit digits, as every timestamp has; else return its value or -1.
 * Reading the digits saves a call of CPython's API, which costs 8 ns. */
static inline int64_t exact_int(PyObject *number) {
#if PyLong_SHIFT == 30 && PY_VERSION_HEX < 0x030C0000 && !defined(PYPY_VERSION)
    const digit *digits = ((PyLongObject *)number)->ob_digit;
    return Py_SIZE(number) == 2 ? digits[0] | (int64_t)digits[1] << 30 : -1;
#elif PyLong_SHIFT == 30 && PY_VERSION_HEX < 0x03100000 && !defined(PYPY_VERSION)
    const digit *digits = ((PyLongObject *)number)->long_value.ob_digit;
    return ((PyLongObject *)number)->long_value.lv_tag == 2 << 3 ? digits[0] | (int64_t)digits[1] << 30 : -1;
#else
    int overflow;
    return PyLong_AsLongLongAndOverflow(number, &overflow);
#endif
}

/* Return Unix epoch milliseconds, like time.time_ns() // 1_000_000. */
static inline int64_t now_ms(void) {
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
