#define _GNU_SOURCE
#include "tests/store_sample.h"

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/testlib.h"

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

const char *sample_fast_folder(void)
{
    return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
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

int sample_set_up(void **state)
{
    sample_store_t *self = calloc(1, sizeof *self);

    if (!self || sample_make_folder(self->folder, sample_fast_folder()) != 0) {
        return -1;
    }
    snprintf(self->path, sizeof self->path, "%s/results.store", self->folder);
    sample_plan(&self->plan);
    *state = self;
    return nb_store_open(&self->store, self->path, 0);
}

int sample_tear_down(void **state)
{
    sample_store_t *self = *state;
    int failed;

    nb_store_close(&self->store);
    failed = sample_remove_folder(self->folder);
    free(self);
    return failed;
}

int sample_commit(nb_store_t *store, const char *key, size_t i)
{
    sample_unit_t unit;

    sample_unit(&unit, i);
    return nb_store_commit(store, key, &unit.shard);
}

void sample_name_unit(const sample_store_t *self, size_t i, char out[512])
{
    snprintf(out, 512, "%s/units/%.2s/%s.h5", self->path, self->plan.keys[i], self->plan.keys[i]);
}

void sample_check_unit(const nb_store_t *store, const char *key, size_t i)
{
    static const size_t order[] = {0, 2, 1, 3}; /* scalars come first */
    sample_unit_t unit;
    nb_shard_t read;

    sample_unit(&unit, i);
    assert_ok(nb_store_read(store, key, &read));
    assert_int_equal(read.n_vars, 4);
    for (size_t k = 0; k < 4; k++) {
        const nb_var_t *a = &read.vars[k], *b = &unit.vars[order[k]];

        assert_string_equal(a->name, b->name);
        assert_string_equal(a->unit, b->unit);
        assert_string_equal(a->help, b->help);
        assert_string_equal(a->axis ? a->axis : "", b->axis ? b->axis : "");
        assert_int_equal(a->n, b->n);
        for (size_t j = 0; j < a->n; j++) {
            assert_true(a->data[j] == b->data[j] || (isnan(a->data[j]) && isnan(b->data[j])));
        }
    }
    nb_shard_free(&read);
    nb_shard_free(&read);
}

void sample_write_file(const char *path, const void *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

size_t sample_read_file(const char *path, char *bytes, size_t size)
{
    FILE *file = fopen(path, "rb");
    size_t n;

    assert_non_null(file);
    n = fread(bytes, 1, size, file);
    assert_int_equal(fclose(file), 0);
    assert_true(n < size);
    return n;
}
