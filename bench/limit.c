/* The limits of every signer for CPython, to compare with real signers: the call and its result without the hash, and
 * the hash (src/core) without the call.
 *
 * This is an extension module, because a cffi function cannot return a str. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <time.h>

#include "bytes.h"
#include "hmac_sha256.h"

/* Headers as `headers` returns them, and the names of the two values that change. */
static PyObject *template, *timestamp_name, *signature_name;

static PyObject *new_signature(void) { return PyUnicode_New(HMAC_SHA256_HEX_SIZE, 127); }

/* The characters of the str are uninitialized, and never read. */
static PyObject *empty_sign(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    (void)self, (void)args, (void)count, (void)names;
    return new_signature();
}

static PyObject *empty_sign_many(PyObject *self, PyObject *requests) {
    (void)self;
    Py_ssize_t count = PyObject_Length(requests);
    PyObject *signatures = count < 0 ? NULL : PyList_New(count);
    for (Py_ssize_t i = 0; signatures != NULL && i < count; i++) {
        PyObject *signature = new_signature();
        if (signature == NULL) Py_CLEAR(signatures);
        else PyList_SET_ITEM(signatures, i, signature);
    }
    return signatures;
}

/* The fastest way to build this dict: copy a template and replace two values. Setting four values costs 25 ns more. */
static PyObject *empty_headers(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    (void)self, (void)args, (void)count, (void)names;
    struct timespec now;
    if (timespec_get(&now, TIME_UTC) != TIME_UTC) return PyErr_SetFromErrno(PyExc_OSError);
    PyObject *headers = PyDict_Copy(template), *timestamp = PyUnicode_New(13, 127), *signature = new_signature();
    if (headers == NULL || timestamp == NULL || signature == NULL ||
        PyDict_SetItem(headers, timestamp_name, timestamp) < 0 ||
        PyDict_SetItem(headers, signature_name, signature) < 0)
        Py_CLEAR(headers);
    Py_XDECREF(timestamp);
    Py_XDECREF(signature);
    return headers;
}

static PyMethodDef empty_methods[] = {
    {"sign", (PyCFunction)(void (*)(void))empty_sign, METH_FASTCALL | METH_KEYWORDS, NULL},
    {"sign_many", empty_sign_many, METH_O, NULL},
    {"headers", (PyCFunction)(void (*)(void))empty_headers, METH_FASTCALL | METH_KEYWORDS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject empty_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "limit.Empty",
    .tp_doc = "A Signer that does not hash: its methods accept a Signer's arguments and return objects of the same "
              "types.",
    .tp_basicsize = sizeof(PyObject) + sizeof(hmac_sha256_key) + sizeof(int64_t) + sizeof(PyObject *), /* a Signer's */
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = PyType_GenericNew,
    .tp_methods = empty_methods,
};

static PyObject *choose(PyObject *module, PyObject *name) {
    (void)module;
    const char *refused, *wanted = PyUnicode_AsUTF8(name);
    if (wanted == NULL) return NULL;
    if (hmac_sha256_choose(wanted, &refused) == NULL)
        return PyErr_Format(PyExc_ValueError, "no implementation of SHA-256 that works here is called %R", name);
    Py_RETURN_NONE;
}

static PyObject *compress(PyObject *module, PyObject *data) {
    (void)module;
    Py_buffer blocks;
    if (PyObject_GetBuffer(data, &blocks, PyBUF_SIMPLE) < 0) return NULL;
    uint32_t state[8];
    uint8_t digest[SHA256_DIGEST_SIZE];
    hmac_sha256_chosen->compress(state, sha256_initial_state,
                                 &(sha256_run){blocks.buf, (size_t)blocks.len / SHA256_BLOCK_SIZE}, 1);
    for (int i = 0; i < 8; i++) store_be32(digest + 4 * i, state[i]);
    PyBuffer_Release(&blocks);
    return PyBytes_FromStringAndSize((const char *)digest, sizeof digest);
}

static PyMethodDef functions[] = {
    {"choose", choose, METH_O, "choose(name): use this implementation of SHA-256 from the core's table"},
    {"compress", compress, METH_O, "compress(blocks): the 32 bytes of the state after compressing these blocks"},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "limit", .m_size = -1, .m_methods = functions};

PyMODINIT_FUNC PyInit_limit(void) {
    PyObject *module = PyModule_Create(&definition);
    timestamp_name = PyUnicode_InternFromString("x-api-timestamp");
    signature_name = PyUnicode_InternFromString("x-api-signature");
    template = Py_BuildValue("{ssOOOOss}", "x-api-key", "AbmyVJGUpN064ks5ELjLfA==", timestamp_name, Py_None,
                             signature_name, Py_None, "Content-Type", "application/json");
    if (module == NULL || template == NULL || PyType_Ready(&empty_type) < 0 ||
        PyModule_AddObjectRef(module, "Empty", (PyObject *)&empty_type) < 0)
        return NULL;
    return module;
}
