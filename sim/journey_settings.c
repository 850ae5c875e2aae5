#include "sim/journey_settings.h"

#include <stddef.h>

#define PLACE(field) offsetof(nb_journey_settings_t, field)

/* clang-format off */
const nb_setting_t nb_journey_settings[] = {
#define NB_ROW(field, key_, def_, low_, high_, unit_, mark_, source_, help_)                       \
    {.key = key_, .type = NB_SETTING_REAL, .offset = PLACE(field), .def = def_, .low = low_,       \
     .high = high_, .unit = unit_, .mark = mark_, .source = source_, .help = help_},
    NB_JOURNEY_REALS(NB_ROW)
#undef NB_ROW
#define NB_ROW(field, key_, def_, low_, high_, unit_, mark_, source_, help_)                       \
    {.key = key_, .type = NB_SETTING_INT, .offset = PLACE(field), .def = def_, .low = low_,        \
     .high = high_, .unit = unit_, .mark = mark_, .source = source_, .help = help_},
    NB_JOURNEY_INTS(NB_ROW)
#undef NB_ROW
#define NB_ROW(field, key_, def_, help_)                                                           \
    {.key = key_, .type = NB_SETTING_BOOL, .offset = PLACE(field), .def = def_, .high = 1,         \
     .unit = "", .mark = "", .source = "", .help = help_},
    NB_JOURNEY_BOOLS(NB_ROW)
#undef NB_ROW
#define NB_ROW(field, key_, def_, choices_, help_)                                                 \
    {.key = key_, .type = NB_SETTING_CHOICE, .offset = PLACE(field), .def = def_,                  \
     .choices = choices_, .unit = "", .mark = "", .source = "", .help = help_},
    NB_JOURNEY_CHOICES(NB_ROW)
#undef NB_ROW
    {.key = NULL},
};
/* clang-format on */
