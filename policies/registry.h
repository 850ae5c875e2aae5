/*
 * The policies by name: those of the library, and plug-ins loaded from shared objects.
 */
#ifndef NB_POLICIES_REGISTRY_H
#define NB_POLICIES_REGISTRY_H

#include "policies/policy.h"

/** Number of policies of the library. */
size_t nb_policy_count(void);

/** i-th policy of the library, in the order of the table in docs/policies.md. */
const nb_policy_type_t *nb_policy_at(size_t i);

/**
 * Policy by name. A name with a slash or ending in .so is a plug-in: it is looked for as given,
 * then in the folders of NB_PLUGIN_PATH (colon separated), opened once and kept until the process
 * ends. Unknown: NB_ERR_NOT_FOUND with the nearest name. Plug-in of another ABI, without entry, or
 * with a required function missing: NB_ERR_ABI.
 */
int nb_policy_find(const nb_policy_type_t **out, const char *name) NB_MUST_CHECK;

/** Name of a type that fits into a state, where a pointer must not stand: a hash of its name. */
uint32_t nb_policy_id(const nb_policy_type_t *type);

/** The type with that id, of the library or of a plug-in opened so far; NULL where there is none.
 */
const nb_policy_type_t *nb_policy_by_id(uint32_t id);

/** Path of the file that a plug-in type came from, NULL for policies of the library. */
const char *nb_policy_plugin_path(const nb_policy_type_t *type);

#endif
