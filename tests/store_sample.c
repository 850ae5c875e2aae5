#define _GNU_SOURCE
#include "tests/store_sample.h"

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void sample_unit(sample_unit_t *self, size_t i)
{
    self->values[0] = 100.0 + (double)i;
    self->values[1] = i == 1 ? NAN : -1.0 / 3.0 * (double)i;
    for (size_t t = 0; t < N_PERIODS; t++) {
        self->series[t] = (double)(10 * i + t);
    }
    self->groups[0] = 0.25 * (double)i;
    self->groups[1] = INFINITY;
    self->vars[0] = (nb_var_t){"equity", "EUR", "value of a customer", NULL, 1, self->values};
    self->vars[1] =
        (nb_var_t){"active_t", "customers", "active", "period", N_PERIODS, self->series};
    self->vars[2] = (nb_var_t){"churn", "1", "share that left", NULL, 1, self->values + 1};
    self->vars[3] = (nb_var_t){"equity_by_segment", "EUR", "", "segment", 2, self->groups};
    self->shard = (nb_shard_t){4, self->vars, NULL};
}

void sample_plan(sample_plan_t *self)
{
    static const char *const cells[] = {"never", "weekly", "weekly, decay 0.5 – half"};
    static const char *const scenarios[] = {"everyday", "everyday", "plain"};
    static const char *const strategies[] = {"never", "weekly", "weekly"};
    static const double decays[] = {NAN, 0.75, 0.5};
    static const char *const modes[] = {NULL, "same", "staggered"};
    static const char *const names[] = {"metrics", "baseline", "hypothesis"};
    static const char *const values[] = {"equity,clv", "never", ""};

    for (size_t i = 0; i < N_UNITS; i++) {
        char text[32];

        snprintf(text, sizeof text, "unit %zu", i);
        nb_key_hash(text, strlen(text), self->key_text[i]);
        self->keys[i] = self->key_text[i];
        self->seeds[i] = 1 + (int64_t)(i % N_REPLICATIONS);
    }
    self->params[0] = (nb_param_column_t){"fatigue.decay", decays, NULL};
    self->params[1] = (nb_param_column_t){"fatigue_decay", decays, NULL};
    self->params[2] = (nb_param_column_t){"strategies.weekly.all.phase", NULL, modes};
    self->view = (nb_results_plan_t){
        .name = "fatigue",
        .n_cells = N_CELLS,
        .n_replications = N_REPLICATIONS,
        .cell = cells,
        .scenario = scenarios,
        .strategy = strategies,
        .keys = self->keys,
        .seeds = self->seeds,
        .n_params = 3,
        .params = self->params,
        .n_attributes = 3,
        .attribute_names = names,
        .attribute_values = values,
        .config_text = "name: fatigue\n",
        .plan_hash = "0123456789abcdef0123456789abcdef",
    };
}

int sample_make_folder(char out[256], const char *fallback)
{
    const char *base = getenv("TMPDIR");

    snprintf(out, 256, "%s/nextbest-test-XXXXXX", base ? base : fallback);
    return mkdtemp(out) ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

int sample_remove_folder(const char *path)
{
    return nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static int find_temporary(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)kind;
    return strncmp(path + walk->base, ".nextbest-", 10) == 0;
}

int sample_has_temporary(const char *path)
{
    return nftw(path, find_temporary, 16, FTW_PHYS);
}
