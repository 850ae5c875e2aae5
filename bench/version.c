#include "bench/version.h"

const char *nb_version(void)
{
    return NB_VERSION;
}
