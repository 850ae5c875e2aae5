/*
 * Version of the library, and of the schema and model that results depend on.
 */
#ifndef NB_BENCH_VERSION_H
#define NB_BENCH_VERSION_H

/** "0.1.0" */
const char *nb_version(void);

/** Libraries it was built with and their versions, "GSL 2.7.1, HDF5 1.10.8, ..." */
const char *nb_library_versions(void);

#endif
