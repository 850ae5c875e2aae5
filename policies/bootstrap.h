/* The models of the policy bootstrap_ts, for whoever wants to see their spread. */
#ifndef NB_POLICIES_BOOTSTRAP_H
#define NB_POLICIES_BOOTSTRAP_H

#include <stdint.h>

enum { NB_BOOTSTRAP_POISSON, NB_BOOTSTRAP_DOUBLE_OR_NOTHING };

/** How often a model is taught an observation: Poisson(1) by inversion, or 0 or 2 times by the
 * highest bit. @param weights NB_BOOTSTRAP_*   @param word random */
double nb_bootstrap_times(int weights, uint32_t word);

/** Ridge posteriors of replicate b, see policies/ridge.h. @param state of policy bootstrap_ts */
const void *nb_bootstrap_model(const void *state, int b);

#endif
