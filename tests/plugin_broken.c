/* Plug-ins that the registry must refuse, one per BROKEN: 1 interface of the entry, 2 no entry, 3
 * no choose(), 4 interface of the type, 5 no type. */
#include "policies/policy.h"

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    (void)spec;
    (void)settings;
    return 0;
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    (void)state;
    (void)spec;
    (void)settings;
    return NB_OK;
}

static const nb_policy_type_t broken = {
    .abi = NB_POLICY_ABI + (BROKEN == 4),
    .version = 1,
    .name = "broken",
    .summary = "refused by the registry",
    .state_size = state_size,
    .init = init,
};

#if BROKEN == 2
const nb_policy_type_t *const some_other_symbol = &broken;
#else
const nb_plugin_t nb_plugin_entry = {NB_POLICY_ABI + (BROKEN == 1), BROKEN == 5 ? NULL : &broken};
#endif
