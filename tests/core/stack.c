/* Read the stack after a call from Python: a library for ctypes.PyDLL. */
#include <Python.h>
#include <string.h>

enum { BELOW = 1 << 16 };

/* Fill the stack with 0xA5, call `function()`, and return the stack below the call. A TypeError or ValueError of the
 * function is ignored; after any different exception, return NULL. */
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
