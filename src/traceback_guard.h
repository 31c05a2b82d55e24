/* Prevent a crash of CPython. Include this header after Python.h, before the generated code.
 *
 * Without memory for a Python frame, CPython drops the exception that the frame would handle. Cython then adds a
 * traceback to no exception, which crashes CPython 3.12 and newer. The guard raises a MemoryError instead. */
#pragma once

#include <Python.h>

static int guarded_traceback_here(PyFrameObject *frame) {
    if (PyErr_Occurred()) return PyTraceBack_Here(frame);
    PyErr_NoMemory();
    return -1;
}
#define PyTraceBack_Here guarded_traceback_here
