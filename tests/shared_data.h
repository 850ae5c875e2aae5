/*
 * Public data sets beside the project (../shared/data, or the folder NB_SHARED_DATA names). They
 * are not part of it: a test that wants one skips itself where it is absent.
 */
#ifndef NB_TESTS_SHARED_DATA_H
#define NB_TESTS_SHARED_DATA_H

#include <unistd.h>

#include "tests/testlib.h"

/* path of a data file; 0 and a message where it is absent */
static inline int find_shared_data(const char *name, char *path, size_t size)
{
    const char *folder = getenv("NB_SHARED_DATA"), *root = getenv("NB_SOURCE_ROOT");

    if (folder) {
        snprintf(path, size, "%s/%s", folder, name);
    } else {
        snprintf(path, size, "%s/../shared/data/%s", root ? root : ".", name);
    }
    if (access(path, R_OK) == 0) {
        return 1;
    }
    print_message("skipped: %s is absent (NB_SHARED_DATA names its folder)\n", path);
    return 0;
}

#endif
