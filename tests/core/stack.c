/* Reads the stack right after a call from Python: a library for ctypes.PyDLL. */
#include <Python.h>
#include <string.h>

enum { BELOW = 1 << 16 };

/* What was on the stack below the call when `function()` had returned; NULL with its exception if it raised one that
 * is not a TypeError or ValueError. Before the call all of it is 0xA5. */
__attribute__((noinline)) PyObject *stack_after(PyObject *function) {
    volatile char *top = __builtin_frame_address(0);
    PyObject *seen = PyBytes_FromStringAndSize(NULL, BELOW);
    if (seen == NULL) return NULL;
    volatile char *copy = PyBytes_AS_STRING(seen);
    for (long at = 256; at < BELOW; at++) top[-at] = (char)0xA5; /* not our own frame */
    PyObject *result = PyObject_CallNoArgs(function);
    for (long at = 0; at < BELOW; at++) copy[BELOW - 1 - at] = at < 256 ? 0 : top[-at];
    if (result == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_TypeError) && !PyErr_ExceptionMatches(PyExc_ValueError)) return NULL;
        PyErr_Clear();
    }
    Py_XDECREF(result);
    return seen;
}
