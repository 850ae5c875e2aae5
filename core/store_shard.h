/*
 * A unit as bytes: variables into an HDF5 image and back, with the digest that two runs of one
 * unit must share.
 */
#ifndef NB_CORE_STORE_SHARD_H
#define NB_CORE_STORE_SHARD_H

#include "core/store.h"

/** Number of kinds of variable: scalars, then one per axis. */
enum { NB_N_AXES = 4 };

/** Texts of a variable. */
enum { NB_TEXT_NAME, NB_TEXT_UNIT, NB_TEXT_HELP, NB_N_TEXTS };

/** Attributes of a shard that hold them: "names", "units", "help". */
extern const char *const nb_shard_texts[NB_N_TEXTS];

/** "scalar", "period", "segment", "cohort". */
extern const char *const nb_axis_names[NB_N_AXES];

/** Index of an axis, 0 for NULL (a scalar), -1 where there is none of that name. */
int nb_axis_find(const char *axis);

/** Payload digest of a unit: SHA-256 over names, axes, lengths and values. NB_ERR_DATA for an
 * unknown axis or two lengths along one axis; NB_ERR_MEMORY. */
int nb_shard_digest(const nb_shard_t *shard, char out[65]) NB_MUST_CHECK;

/** Image of a unit, with its digest and the machine that made it; every NaN is stored as the same
 * NaN. Errors as nb_shard_digest. */
int nb_shard_encode(const nb_shard_t *shard, const char *machine, char **bytes, size_t *n,
                    char digest[65]) NB_MUST_CHECK;

/** Variables of an image, scalars first, then by axis; the order within each kind is kept.
 * `machine` (may be NULL) receives what wrote it; free with nb_free. NB_ERR_FORMAT names `path`. */
int nb_shard_decode(nb_shard_t *out, char **machine, const char *bytes, size_t n,
                    const char *path) NB_MUST_CHECK;

/** Processor type and libraries of this process: bits are promised to agree only where these do.
 * Into *out; free with nb_free. */
int nb_shard_machine(char **out) NB_MUST_CHECK;

#endif
