#include "tests/results_sample.h"

#include <stdio.h>

#include "core/memory.h"
#include "core/store.h"

enum { SAMPLE_CELLS = 4, SAMPLE_REPLICATIONS = 5 };

static const char *const sample_cells[] = {"never", "weekly", "copy", "lin_ts"};

static const double sample_equity[SAMPLE_CELLS][SAMPLE_REPLICATIONS] = {
    {10, 11, 12, 13, 10.5},
    {12, 13.2, 14, 15, 12.5},
    {10, 11, 12, 13, 10.5},
    {9, 14, 10, 13, 11},
};

/* units of lin_ts that are not there: replication 2 failed, replication 4 has not run */
static int sample_commit(nb_store_t *store, const char *key, size_t i, size_t r)
{
    double contacts = (double)(i + r), equity = sample_equity[i][r];
    double segments[2] = {equity + 1 + (double)i, equity - 1 - (double)i};
    nb_var_t vars[] = {{"contacts", "1", "messages a customer", NULL, 1, &contacts},
                       {"equity", "EUR", "value a customer", NULL, 1, &equity},
                       {"equity_by_segment", "EUR", "value a customer", "segment", 2, segments}};
    nb_shard_t shard = {3, vars, NULL};

    if (i == 3 && r == 2) {
        return nb_store_fail(store, key, "score is not finite");
    }
    return i == 3 && r == 4 ? NB_OK : nb_store_commit(store, key, &shard);
}

/* write "results.h5" and its store into `folder`; its path into `path` */
int sample_results(const char *folder, const char *hypothesis, char path[SAMPLE_PATH_SIZE])
{
    static const char *const scenarios[] = {"everyday", "everyday", "everyday", "everyday"};
    static const char *const names[] = {"hypothesis"};
    enum { N = SAMPLE_CELLS * SAMPLE_REPLICATIONS };
    char texts[N][NB_KEY_SIZE];
    const char *keys[N];
    int64_t seeds[N] = {0};
    nb_results_plan_t plan = {.name = "sample",
                              .n_cells = SAMPLE_CELLS,
                              .n_replications = SAMPLE_REPLICATIONS,
                              .cell = sample_cells,
                              .scenario = scenarios,
                              .strategy = sample_cells,
                              .keys = keys,
                              .seeds = seeds,
                              .n_attributes = 1,
                              .attribute_names = names,
                              .attribute_values = &hypothesis,
                              .config_text = "name: sample\n",
                              .plan_hash = "0123456789abcdef0123456789abcdef"};
    nb_store_t store;
    char *store_path;

    snprintf(path, SAMPLE_PATH_SIZE, "%s/results.h5", folder);
    NB_TRY(nb_store_path_of(&store_path, path));
    NB_TRY(nb_store_open(&store, store_path, 0));
    for (size_t i = 0; i < N; i++) {
        nb_key_hash((const char *)&i, sizeof i, texts[i]);
        keys[i] = texts[i];
        NB_TRY(sample_commit(&store, keys[i], i / SAMPLE_REPLICATIONS, i % SAMPLE_REPLICATIONS));
    }
    NB_TRY(nb_results_write(path, &store, &plan));
    nb_store_close(&store);
    nb_free(store_path);
    return NB_OK;
}
