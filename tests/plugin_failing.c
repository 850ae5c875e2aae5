/* A policy that fails in replication 1 as long as the environment variable NB_TEST_FAIL is set,
 * everywhere by the code NB_TEST_CODE without a sentence, plays the action NB_TEST_ACTION, and ends
 * the program where NB_TEST_CRASH is set. */
#include <stdlib.h>

#include "policies/policy.h"

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    (void)spec;
    (void)settings;
    return 0;
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    (void)state;
    (void)spec;
    (void)settings;
    return NB_OK;
}

/* the first allowed action */
static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    const char *action = getenv("NB_TEST_ACTION"), *code = getenv("NB_TEST_CODE");

    (void)state;
    if (batch->key.replication == 1 && getenv("NB_TEST_FAIL")) {
        NB_FAIL(NB_ERR_NUMERIC, "the test asked for a failure");
    }
    if (code) {
        return atoi(code);
    }
    if (getenv("NB_TEST_CRASH")) {
        abort();
    }
    for (size_t i = 0; i < batch->n; i++) {
        unsigned k = 0;

        while (!nb_mask_allows(batch->mask, batch->mask_words, i, k)) {
            k++;
        }
        out->action[i * batch->slate] = action ? (int32_t)atoi(action) : (int32_t)k;
        if (out->propensity) {
            out->propensity[i * batch->slate] = 1;
        }
    }
    return NB_OK;
}

static const nb_policy_type_t failing = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "failing",
    .summary = "fails when a test asks for it",
    .state_size = state_size,
    .init = init,
    .choose = choose,
};

const nb_plugin_t nb_plugin_entry = {NB_POLICY_ABI, &failing};
