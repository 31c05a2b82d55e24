/* Make Python's allocation number `at` fail: a library for ctypes.PyDLL. */
#include <Python.h>

static PyMemAllocatorEx allocators[3];
static long left = -1; /* allocations until the failure; negative: no failure */
static long failed;

static int fails(void) {
    if (left < 0 || left-- > 0) return 0;
    failed++;
    return 1;
}

#define ALLOCATOR ((PyMemAllocatorEx *)context)
static void *our_malloc(void *context, size_t size) {
    return fails() ? NULL : ALLOCATOR->malloc(ALLOCATOR->ctx, size);
}
static void *our_calloc(void *context, size_t count, size_t size) {
    return fails() ? NULL : ALLOCATOR->calloc(ALLOCATOR->ctx, count, size);
}
static void *our_realloc(void *context, void *memory, size_t size) {
    return fails() ? NULL : ALLOCATOR->realloc(ALLOCATOR->ctx, memory, size);
}
static void our_free(void *context, void *memory) { ALLOCATOR->free(ALLOCATOR->ctx, memory); }

/* Call `function()`, and fail its allocation number `at`. Returns a new reference, or NULL with an exception. */
PyObject *call_without_memory(PyObject *function, long at) {
    static const PyMemAllocatorDomain domains[] = {PYMEM_DOMAIN_RAW, PYMEM_DOMAIN_MEM, PYMEM_DOMAIN_OBJ};
    for (int i = 0; i < 3; i++) {
        PyMemAllocatorEx ours = {&allocators[i], our_malloc, our_calloc, our_realloc, our_free};
        PyMem_GetAllocator(domains[i], &allocators[i]);
        PyMem_SetAllocator(domains[i], &ours);
    }
    left = at, failed = 0;
    PyObject *result = PyObject_CallNoArgs(function);
    left = -1;
    for (int i = 0; i < 3; i++) PyMem_SetAllocator(domains[i], &allocators[i]);
    return result;
}

/* Return whether the last call reached the failing allocation. */
long reached(void) { return failed; }
