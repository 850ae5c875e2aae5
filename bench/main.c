#include <stdio.h>

#include "bench/version.h"

int main(void)
{
    printf("nextbest %s\n", nb_version());
    return 0;
}
