/* A guard against a crash of CPython. Include it after Python.h, in front of what Cython generates.
 *
 * If CPython has no memory for a frame of Python code, it drops the exception that was to be handled there. Cython then
 * adds a traceback to no exception, in which CPython 3.12 and newer crash. The guard raises a MemoryError instead. */
#ifndef WOOX_FAST_TRACEBACK_GUARD_H
#define WOOX_FAST_TRACEBACK_GUARD_H

#include <Python.h>

static int guarded_traceback_here(PyFrameObject *frame) {
    if (PyErr_Occurred()) return PyTraceBack_Here(frame);
    PyErr_NoMemory();
    return -1;
}
#define PyTraceBack_Here guarded_traceback_here

#endif
