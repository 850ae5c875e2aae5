/*
 * Snapshots on disk: a saved state in a file that says what it is of.
 *
 * A snapshot is read by the same program on the same kind of machine, for the same run: its head
 * names the program's version and the run's key, and its last bytes are a seal over all others.
 */
#ifndef NB_BENCH_SNAPSHOT_H
#define NB_BENCH_SNAPSHOT_H

#include "core/archive.h"

/**
 * Write what `archive` holds, by a temporary name and a rename, so that the file is whole or not
 * there. `key` says whose state it is: a unit's key, or any line of fewer than 256 bytes.
 * NB_ERR_IO, NB_ERR_MEMORY.
 */
int nb_snapshot_write(const char *path, const char *key, const nb_archive_t *archive) NB_MUST_CHECK;

/**
 * Read a snapshot into `archive`, which is turned to loading; what it held is forgotten.
 * NB_ERR_FORMAT with a sentence that names the file where it is no snapshot, truncated, damaged,
 * written by another version, or the state of another key; NB_ERR_NOT_FOUND, NB_ERR_IO,
 * NB_ERR_MEMORY.
 */
int nb_snapshot_read(nb_archive_t *archive, const char *path, const char *key) NB_MUST_CHECK;

#endif
