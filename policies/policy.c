#include "policies/policy.h"

void nb_policy_uniforms(const nb_batch_t *batch, unsigned block, double *out)
{
    for (size_t i = 0; i < batch->n; i++) {
        nb_counter_t counter = {
            .luck = batch->luck[i],
            .ordinal = (uint32_t)batch->period,
            .purpose = (uint16_t)(NB_PURPOSE_POLICY + batch->stream_point),
            .group = (uint16_t)batch->round,
            .block = block,
        };
        uint32_t words[4];

        nb_rng_block(batch->key, counter, words);
        for (size_t w = 0; w < 4; w++) {
            out[w * batch->n + i] = nb_rng_uniform(words[w]);
        }
    }
}
