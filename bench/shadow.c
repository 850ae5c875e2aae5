#include "bench/shadow.h"

static int compare(double *share, const nb_environment_type_t *environment, const void *run,
                   const void *shadow)
{
    size_t n, n_shadow, n_worse = 0;
    const float *surplus = environment->customer_surplus(run, &n);
    const float *without = environment->customer_surplus(shadow, &n_shadow);

    if (n == 0 || n != n_shadow) {
        NB_FAIL(NB_ERR_UNSUPPORTED,
                "worse_off: environment %s does not tell the surplus of its customers here",
                environment->name);
    }
    for (size_t i = 0; i < n; i++) {
        n_worse += surplus[i] < without[i];
    }
    *share = (double)n_worse / (double)n;
    return NB_OK;
}

int nb_shadow_worse_off(double *share, const nb_loop_spec_t *spec, const void *run)
{
    const nb_environment_type_t *environment = spec->environment;
    nb_loop_spec_t shadow = *spec;
    nb_strategy_t never = {0};
    nb_config_t config = {0};
    nb_loop_t loop = {.run = NULL};
    int code;

    if (!environment->customer_surplus) {
        NB_FAIL(NB_ERR_UNSUPPORTED,
                "worse_off: environment %s does not tell the surplus of its customers",
                environment->name);
    }
    code = nb_config_init(&config);
    if (code == NB_OK) {
        code = nb_strategy_init_built_in(&never, &config, "never", environment->spec(spec->world));
    }
    shadow.strategy = &never;
    shadow.watch = NULL;
    shadow.log_purchases = 0;
    if (code == NB_OK) {
        code = nb_loop_init(&loop, &shadow);
    }
    if (code == NB_OK) {
        code = nb_loop_run(&loop);
    }
    if (code == NB_OK) {
        code = compare(share, environment, run, loop.run);
    }
    nb_loop_free(&loop);
    nb_strategy_free(&never);
    nb_config_free(&config);
    return code;
}
