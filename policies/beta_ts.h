/*
 * Thompson sampling of Beta posteriors, and what its forms share: ts_beta, discounted_ts and sw_ts
 * differ in the statistics that they keep.
 *
 * A draw is exact in distribution up to the 32 bits of its words: the generator of gamma variables
 * of Marsaglia & Tsang (2000), or of Joehnk (1964) where neither parameter is above 1, reads a
 * stream of counter-based words that begins at a block of its own for every row and arm. Draws that
 * are held (policies/draw.h) keep that stream: where the posterior moves a little, so does the
 * draw, unless a proposal is now refused.
 */
#ifndef NB_POLICIES_BETA_TS_H
#define NB_POLICIES_BETA_TS_H

#include "policies/beta.h"
#include "policies/draw.h"

/** Settings that all begin with. */
typedef struct {
    nb_beta_t prior;
    int draw; /* nb_draw_t */
} nb_beta_ts_settings_t;

/** What a state begins with. */
typedef struct {
    nb_beta_t prior;
    uint64_t shown; /* bytes from here to the arms that posteriors are made of */
    int32_t draw;
} nb_beta_ts_t;

/** Begin of a state, whose arms `shown` lie so many bytes behind it. */
void nb_beta_ts_init(void *state, const nb_beta_ts_settings_t *settings, size_t shown);

/** Functions of the policy interface. */
int nb_beta_ts_score(const void *state, const nb_batch_t *batch, double *s);
int nb_beta_ts_probabilities(const void *state, const nb_batch_t *batch, double *p);
int nb_beta_ts_choose(const void *state, const nb_batch_t *batch, nb_choice_t *out);
int nb_beta_ts_value(const void *state, const nb_batch_t *batch, double *v);
size_t nb_beta_ts_scratch_size(const nb_spec_t *spec, const void *settings);

#endif
