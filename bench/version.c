#include "bench/version.h"

const char *nb_version(void)
{
    return NB_VERSION;
}

const char *nb_library_versions(void)
{
    return NB_LIBRARIES;
}
