/*
 * Linear Thompson sampling with disjoint models: every decision plays the action whose sampled
 * score is highest. Sampling weights from N(m_k, v^2 A_k^-1) and scoring x is the same as sampling
 * the score from N(x'm_k, v^2 x'A_k^-1 x), where arms are independent; so each row and arm costs
 * one normal. Where a draw is held (`draw`), weights m_k + v R_k'z are sampled, A_k^-1 = R_k'R_k.
 *
 * Source: Agrawal & Goyal (2013), "Thompson sampling for contextual bandits with linear payoffs",
 * algorithm 1, per arm. With v = sd of the noise this is the posterior of Bayesian linear
 * regression under the prior N(0, v^2 / lambda I). Propensities are integrals over the independent
 * normals (error below 1e-9), of one decision alone where a draw is held.
 */
#include "policies/library.h"
#include "policies/linear_sample.h"

static const nb_setting_t table[] = {NB_LINEAR_LAMBDA, NB_SAMPLE_V, NB_SAMPLE_DRAW, {0}};

const nb_policy_type_t nb_policy_lin_ts = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "lin_ts",
    .summary = "Thompson sampling of a ridge regression per action (Agrawal & Goyal 2013)",
    .settings = table,
    .settings_size = sizeof(nb_sample_settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_LEARNS | NB_TRAIT_OFFSETS | NB_TRAIT_WEIGHTED,
    .state_size = nb_linear_state_size,
    .init = nb_sample_init,
    .choose = nb_sample_choose,
    .update = nb_ridge_update,
    .end_period = nb_ridge_refresh,
    .probabilities = nb_sample_probabilities,
    .value = nb_sample_value,
    .score = nb_sample_score,
    .scratch_size = nb_sample_scratch_size,
};
