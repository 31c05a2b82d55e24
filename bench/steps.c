/* `Signer.sign` in bare C, step by step, to measure the time that a step adds to the limit.
 *
 * A method does the steps of the previous method and adds a step. All but the last method hash prepared blocks. The
 * extension module includes the core. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "fast_path.h"
#include "hmac_sha256.h"
#include "prehash.h"

static hmac_sha256_key key;
static uint8_t ready[4096];

/* The compiler must assume that the memory is read. */
static inline void used(const void *pointer) { __asm__ __volatile__("" : : "r"(pointer) : "memory"); }

static PyObject *outer_hex(const uint32_t digest[8]) {
    PyObject *hex = PyUnicode_New(HMAC_SHA256_HEX_SIZE, 127);
    if (hex != NULL) hmac_sha256_outer_hex(&key, digest, (char *)PyUnicode_1BYTE_DATA(hex));
    return hex;
}

/* Hash prepared blocks, in the message's number. */
static PyObject *hashed_ready(PyObject *const *args) {
    uint32_t digest[8];
    size_t size = TIMESTAMP_SIZE;
    for (int i = 1; i < 4; i++) size += (size_t)PyUnicode_GET_LENGTH(args[i]);
    hmac_sha256_chosen->compress(digest, key.inner, &(sha256_run){ready, (size + 8) / SHA256_BLOCK_SIZE + 1}, 1);
    return outer_hex(digest);
}

static PyObject *hashed(const hmac_sha256_message *message) {
    uint32_t digest[8];
    hmac_sha256_inner(&key, message, digest);
    return outer_hex(digest);
}

static inline bool ascii(PyObject *text, hmac_sha256_part *part) {
    if (!PyUnicode_CheckExact(text) || !PyUnicode_IS_COMPACT_ASCII(text)) return false;
    *part = (hmac_sha256_part){(PyASCIIObject *)text + 1, (size_t)PyUnicode_GET_LENGTH(text)};
    return true;
}

static inline bool timestamp(PyObject *const *args, hmac_sha256_message *message) {
    return PyLong_CheckExact(args[0]) && prehash_milliseconds(message->head, exact_int(args[0]));
}

static inline bool method(PyObject *const *args, hmac_sha256_message *message) {
    hmac_sha256_part text;
    if (!timestamp(args, message) || !ascii(args[1], &text)) return false;
    if (text.size < METHOD_MIN || text.size > METHOD_MAX) return false;
    message->head_size = TIMESTAMP_SIZE + text.size;
    return prehash_method(message->head, text.data, text.size);
}

static inline bool parts(PyObject *const *args, hmac_sha256_message *message) {
    return method(args, message) && ascii(args[2], message->parts) && message->parts[0].size > 0 &&
           *(const char *)message->parts[0].data == '/' && ascii(args[3], message->parts + 1);
}

/* Define a method `name` with the arguments of `sign`, which returns `result` if `plain` is true. */
#define STEP(name, plain, result)                                                                                      \
    static PyObject *step_##name(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names) {           \
        (void)self;                                                                                                    \
        hmac_sha256_message message;                                                                                   \
        if (count != 4 || names != NULL || !(plain))                                                                   \
            return PyErr_Format(PyExc_ValueError, "expected an int, and three str of ASCII, as for sign()");    \
        used(&message);                                                                                                \
        return result;                                                                                                 \
    }

STEP(blocks, true, hashed_ready(args))
STEP(digits, timestamp(args, &message), hashed_ready(args))
STEP(method, method(args, &message), hashed_ready(args))
STEP(parts, parts(args, &message), hashed_ready(args))
STEP(hash, parts(args, &message), hashed(&message))

static PyObject *step_call(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *names) {
    (void)self, (void)args, (void)count, (void)names;
    return PyUnicode_New(HMAC_SHA256_HEX_SIZE, 127);
}

static PyMethodDef methods[] = {
#define METHOD(name) {#name, (PyCFunction)(void (*)(void))step_##name, METH_FASTCALL | METH_KEYWORDS, NULL}
    METHOD(call), METHOD(blocks), METHOD(digits), METHOD(method), METHOD(parts), METHOD(hash),
    {NULL, NULL, 0, NULL},
};

static PyTypeObject steps_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "steps.Steps",
    .tp_doc = "Steps(secret: bytes): all instances share the last key.",
    .tp_basicsize = sizeof(PyObject),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_methods = methods,
};

static PyObject *new_steps(PyTypeObject *type, PyObject *args, PyObject *names) {
    (void)names;
    const char *secret, *refused;
    Py_ssize_t size;
    if (!PyArg_ParseTuple(args, "y#", &secret, &size)) return NULL;
    hmac_sha256_choose("", &refused);
    hmac_sha256_key_init(&key, secret, (size_t)size);
    return type->tp_alloc(type, 0);
}

static PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "steps", .m_size = -1};

PyMODINIT_FUNC PyInit_steps(void) {
    PyObject *module = PyModule_Create(&definition);
    steps_type.tp_new = new_steps;
    if (module == NULL || PyType_Ready(&steps_type) < 0 ||
        PyModule_AddObjectRef(module, "Steps", (PyObject *)&steps_type) < 0)
        return NULL;
    return module;
}
