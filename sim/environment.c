#include "sim/environment.h"

#include <string.h>

extern const nb_environment_type_t nb_environment_journey;
extern const nb_environment_type_t nb_environment_bernoulli;
extern const nb_environment_type_t nb_environment_gaussian;
extern const nb_environment_type_t nb_environment_linear;
extern const nb_environment_type_t nb_environment_logistic;
extern const nb_environment_type_t nb_environment_wheel;
extern const nb_environment_type_t nb_environment_delayed;
extern const nb_environment_type_t nb_environment_rotting;
extern const nb_environment_type_t nb_environment_recovering;
extern const nb_environment_type_t nb_environment_contacts;
extern const nb_environment_type_t nb_environment_mnl;

/* clang-format off */
static const nb_environment_type_t *const environments[] = {
    &nb_environment_journey,
    &nb_environment_bernoulli,
    &nb_environment_gaussian,
    &nb_environment_linear,
    &nb_environment_logistic,
    &nb_environment_wheel,
    &nb_environment_delayed,
    &nb_environment_rotting,
    &nb_environment_recovering,
    &nb_environment_contacts,
    &nb_environment_mnl,
    NULL,
};
/* clang-format on */

size_t nb_environment_count(void)
{
    return sizeof environments / sizeof environments[0] - 1;
}

const nb_environment_type_t *nb_environment_at(size_t i)
{
    NB_ASSERT(i < nb_environment_count());
    return environments[i];
}

const nb_environment_type_t *nb_environment_find(const char *name)
{
    for (size_t i = 0; i < nb_environment_count(); i++) {
        if (strcmp(environments[i]->name, name) == 0) {
            return environments[i];
        }
    }
    return NULL;
}
