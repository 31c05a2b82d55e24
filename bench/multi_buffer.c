/* Intel's multi-buffer library (Debian's libipsec-mb-dev) as a rival for batches: HMAC-SHA256 in bursts of 128. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <intel-ipsec-mb.h>
#include <string.h>

enum { BLOCK_SIZE = 64, DIGEST_SIZE = 32 };

typedef struct {
    PyObject_HEAD
    IMB_MGR *manager;
    IMB_JOB *jobs;
    Py_ssize_t count;
    PyObject *messages, *digests;
    uint32_t inner[8], outer[8];
} Batch;

static void batch_dealloc(PyObject *self) {
    Batch *batch = (Batch *)self;
    if (batch->manager != NULL) free_mb_mgr(batch->manager);
    PyMem_Free(batch->jobs);
    Py_XDECREF(batch->messages);
    Py_XDECREF(batch->digests);
    Py_TYPE(self)->tp_free(self);
}

static void key_state(Batch *batch, const char *secret, Py_ssize_t size, uint8_t pad, uint32_t state[8]) {
    uint8_t block[BLOCK_SIZE];
    memset(block, pad, sizeof block);
    for (Py_ssize_t i = 0; i < size; i++) block[i] ^= (uint8_t)secret[i];
    IMB_SHA256_ONE_BLOCK(batch->manager, block, state);
}

/* Batch(secret, messages, path): a secret of at most 64 bytes, messages a list of bytes; path is "auto", the
 * library's own choice, or "avx2", which was faster than its AVX-512 on a processor with SHA-NI. */
static PyObject *batch_new(PyTypeObject *type, PyObject *args, PyObject *names) {
    (void)names;
    const char *secret, *path;
    Py_ssize_t size;
    PyObject *messages;
    if (!PyArg_ParseTuple(args, "y#O!s", &secret, &size, &PyList_Type, &messages, &path)) return NULL;
    if (size > BLOCK_SIZE)
        return PyErr_Format(PyExc_ValueError, "expected a secret of at most 64 bytes, got %zd", size);
    Batch *batch = (Batch *)type->tp_alloc(type, 0);
    if (batch == NULL) return NULL;
    batch->count = PyList_GET_SIZE(messages);
    batch->messages = PyList_GetSlice(messages, 0, batch->count);
    batch->digests = PyBytes_FromStringAndSize(NULL, batch->count * DIGEST_SIZE);
    batch->jobs = PyMem_Calloc((size_t)batch->count, sizeof(IMB_JOB));
    batch->manager = alloc_mb_mgr(0);
    if (batch->messages == NULL || batch->digests == NULL || batch->jobs == NULL || batch->manager == NULL) {
        Py_DECREF(batch);
        return PyErr_NoMemory();
    }
    if (strcmp(path, "avx2") == 0 && (batch->manager->features & IMB_FEATURE_AVX2)) init_mb_mgr_avx2(batch->manager);
    else init_mb_mgr_auto(batch->manager, NULL);
    key_state(batch, secret, size, 0x36, batch->inner);
    key_state(batch, secret, size, 0x5c, batch->outer);
    for (Py_ssize_t i = 0; i < batch->count; i++) {
        PyObject *message = PyList_GET_ITEM(batch->messages, i);
        if (!PyBytes_Check(message)) {
            Py_DECREF(batch);
            return PyErr_Format(PyExc_TypeError, "message %zd: expected bytes, got %R", i, Py_TYPE(message));
        }
        batch->jobs[i] = (IMB_JOB){
            .src = (const uint8_t *)PyBytes_AS_STRING(message),
            .msg_len_to_hash_in_bytes = (uint64_t)PyBytes_GET_SIZE(message),
            .auth_tag_output = (uint8_t *)PyBytes_AS_STRING(batch->digests) + i * DIGEST_SIZE,
            .auth_tag_output_len_in_bytes = DIGEST_SIZE,
            .u.HMAC = {(const uint8_t *)batch->inner, (const uint8_t *)batch->outer},
            .hash_alg = IMB_AUTH_HMAC_SHA_256,
        };
    }
    return (PyObject *)batch;
}

/* sign(): all digests in a row, in the same bytes object at every call, so that only the C library is timed. */
static PyObject *batch_sign(PyObject *self, PyObject *unused) {
    (void)unused;
    Batch *batch = (Batch *)self;
    for (Py_ssize_t i = 0; i < batch->count; i += IMB_MAX_BURST_SIZE) {
        uint32_t size = (uint32_t)Py_MIN(batch->count - i, IMB_MAX_BURST_SIZE);
        if (IMB_SUBMIT_HASH_BURST_NOCHECK(batch->manager, batch->jobs + i, size, IMB_AUTH_HMAC_SHA_256) != size)
            return PyErr_Format(PyExc_RuntimeError, "the burst at %zd is not complete", i);
    }
    return Py_NewRef(batch->digests);
}

static PyMethodDef batch_methods[] = {{"sign", batch_sign, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};

static PyTypeObject batch_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "multi_buffer.Batch",
    .tp_basicsize = sizeof(Batch),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = batch_new,
    .tp_dealloc = batch_dealloc,
    .tp_methods = batch_methods,
};

static PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "multi_buffer", .m_size = -1};

PyMODINIT_FUNC PyInit_multi_buffer(void) {
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL || PyType_Ready(&batch_type) < 0 ||
        PyModule_AddObjectRef(module, "Batch", (PyObject *)&batch_type) < 0)
        return NULL;
    return module;
}
