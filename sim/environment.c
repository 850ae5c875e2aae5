#include "sim/environment.h"

#include <string.h>

extern const nb_environment_type_t nb_environment_journey;

static const nb_environment_type_t *const environments[] = {&nb_environment_journey, NULL};

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
