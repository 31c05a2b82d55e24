/* The value of an int, read where it lies: a call of CPython's API for it takes 8 ns. */
#ifndef WOOX_FAST_PLAIN_INT_H
#define WOOX_FAST_PLAIN_INT_H

#include <Python.h>

/* An exact int, if it can be a timestamp: it then has two digits of 30 bits. Else -1, or what is no timestamp. */
static inline int64_t plain_int(PyObject *number) {
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

#endif
