/*
 * The policies of the library, one file each; the registry lists them in this order.
 */
#ifndef NB_POLICIES_LIBRARY_H
#define NB_POLICIES_LIBRARY_H

#include "policies/policy.h"

extern const nb_policy_type_t nb_policy_random;
extern const nb_policy_type_t nb_policy_fixed;
extern const nb_policy_type_t nb_policy_schedule;
extern const nb_policy_type_t nb_policy_rfm_table;
extern const nb_policy_type_t nb_policy_btyd_priority;
extern const nb_policy_type_t nb_policy_propensity_topn;
extern const nb_policy_type_t nb_policy_ab_rollout;
extern const nb_policy_type_t nb_policy_risk_target;
extern const nb_policy_type_t nb_policy_rules;
extern const nb_policy_type_t nb_policy_oracle_rules;
extern const nb_policy_type_t nb_policy_clairvoyant_myopic;
extern const nb_policy_type_t nb_policy_greedy_ridge;
extern const nb_policy_type_t nb_policy_eps_greedy;
extern const nb_policy_type_t nb_policy_lin_ucb;
extern const nb_policy_type_t nb_policy_lin_ts;
extern const nb_policy_type_t nb_policy_discounted_lin_ts;
extern const nb_policy_type_t nb_policy_sw_lin_ts;
extern const nb_policy_type_t nb_policy_bootstrap_ts;
extern const nb_policy_type_t nb_policy_square_cb;
extern const nb_policy_type_t nb_policy_oful;
extern const nb_policy_type_t nb_policy_plackett_luce;
extern const nb_policy_type_t nb_policy_slate_q;
extern const nb_policy_type_t nb_policy_hier_ts;
extern const nb_policy_type_t nb_policy_latent_ts;
extern const nb_policy_type_t nb_policy_delayed;
extern const nb_policy_type_t nb_policy_fatigue_aware;
extern const nb_policy_type_t nb_policy_bwk;
extern const nb_policy_type_t nb_policy_safe;
extern const nb_policy_type_t nb_policy_ucb1;
extern const nb_policy_type_t nb_policy_kl_ucb;
extern const nb_policy_type_t nb_policy_moss;
extern const nb_policy_type_t nb_policy_bayes_ucb;
extern const nb_policy_type_t nb_policy_discounted_ucb;
extern const nb_policy_type_t nb_policy_sw_ucb;
extern const nb_policy_type_t nb_policy_exp3_ix;
extern const nb_policy_type_t nb_policy_glr_kl_ucb;
extern const nb_policy_type_t nb_policy_uplift;
extern const nb_policy_type_t nb_policy_mnl_ts;
extern const nb_policy_type_t nb_policy_ts_beta;
extern const nb_policy_type_t nb_policy_ts_gauss;
extern const nb_policy_type_t nb_policy_discounted_ts;
extern const nb_policy_type_t nb_policy_sw_ts;
extern const nb_policy_type_t nb_policy_ids;
extern const nb_policy_type_t nb_policy_gittins;
extern const nb_policy_type_t nb_policy_dp;
extern const nb_policy_type_t nb_policy_reg_cb;
extern const nb_policy_type_t nb_policy_fast_cb;
extern const nb_policy_type_t nb_policy_epoch_greedy;
extern const nb_policy_type_t nb_policy_online_cover;
extern const nb_policy_type_t nb_policy_clu_b;

#endif
