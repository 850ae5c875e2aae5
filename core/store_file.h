/*
 * Files that survive a crash: temporary name, checked writes, fsync, then one call that makes the
 * final name appear. Serves the store; nb_file_write and the hashes are public in core/store.h.
 */
#ifndef NB_CORE_STORE_FILE_H
#define NB_CORE_STORE_FILE_H

#include <stddef.h>
#include <stdio.h>

#include "core/error.h"

enum { NB_SEAL_SIZE = 80 }; /* last bytes of a sealed file: a word, 64 hex digits, a newline */

/** printf into a new string; NB_ERR_MEMORY. Free with nb_free. */
int nb_text_format(char **out, const char *format, ...) NB_PRINTF(2, 3) NB_MUST_CHECK;

/** What `write` prints of `subject` into a new string; its error, NB_ERR_MEMORY. Free with nb_free.
 */
int nb_text_print(char **out, int (*write)(const void *subject, FILE *out),
                  const void *subject) NB_MUST_CHECK;

/** Whole regular file into *bytes (one zero byte follows the *n); NB_ERR_NOT_FOUND, NB_ERR_IO,
 * NB_ERR_FORMAT, NB_ERR_MEMORY name the file. */
int nb_file_read(char **bytes, size_t *n, const char *path) NB_MUST_CHECK;

/** As nb_file_write, but never replaces: 1 where the name is taken (the file there stays). */
int nb_file_claim(const char *path, const void *bytes, size_t n) NB_MUST_CHECK;

/** Make a folder that may be there already; NB_ERR_IO. */
int nb_file_folder(const char *path) NB_MUST_CHECK;

/** Remove temporary files that killed runs left in `folder`: those of dead processes of this
 * machine, and any older than a day. */
void nb_file_sweep(const char *folder);

/** nb_file_sweep of the folder that `path` is in. */
void nb_file_sweep_beside(const char *path);

/** 1 where a name in a folder is that of a temporary file. */
int nb_file_is_temporary(const char *name);

/** NB_ERR_IO with "cannot VERB PATH: reason of errno". */
int nb_file_fail(const char *verb, const char *path) NB_MUST_CHECK;

/** Seal of `n` bytes into out: it follows them in the file, so that damage is found before any
 * parser sees the bytes. */
void nb_seal_make(const void *bytes, size_t n, char out[NB_SEAL_SIZE]);

/** 1 where the last NB_SEAL_SIZE of the `n` bytes are the seal of those before them. */
int nb_seal_holds(const char *bytes, size_t n);

/** SHA-256 over pieces. */
typedef struct {
    void *context;
} nb_digest_t;

int nb_digest_init(nb_digest_t *self) NB_MUST_CHECK;
int nb_digest_add(nb_digest_t *self, const void *bytes, size_t n) NB_MUST_CHECK;
/** 64 hex digits and the final zero; NB_ERR_MEMORY. */
int nb_digest_hex(nb_digest_t *self, char out[65]) NB_MUST_CHECK;
void nb_digest_free(nb_digest_t *self);

#endif
