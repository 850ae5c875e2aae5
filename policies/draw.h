/*
 * How long a sample of a sampling policy is held: seed sampling. One draw per decision is classic
 * Thompson sampling; a draw that is held explores consistently over the decisions that share it.
 *
 * Source: Dimakopoulou & Van Roy (2018), "Coordinated exploration in concurrent reinforcement
 * learning", section 3 (seeds held by an agent). A draw is named by what holds it, and so is held
 * without being stored: the decision, the point and period, the journey, or the customer. What is
 * held are the random numbers; where the posterior moves, so does what is sampled by them.
 *
 * Marginally every single decision follows the same law in all modes; decisions that share a hold
 * depend on each other. Probabilities and propensities are those of one decision alone.
 */
#ifndef NB_POLICIES_DRAW_H
#define NB_POLICIES_DRAW_H

#include "core/settings.h"
#include "core/types.h"

typedef enum {
    NB_DRAW_DECISION, /* its own for every decision */
    NB_DRAW_PERIOD,   /* one for all rows of a point and period */
    NB_DRAW_JOURNEY,  /* one for all decisions of a journey; without one, as DECISION */
    NB_DRAW_CUSTOMER, /* one for all decisions of a customer at a point */
} nb_draw_t;

/** Row of a policy's table of settings, for an int field. */
#define NB_DRAW_SETTING(settings_type, field)                                                      \
    {                                                                                              \
        .key = "draw", .type = NB_SETTING_CHOICE, .offset = offsetof(settings_type, field),        \
        .def = NB_DRAW_DECISION, .choices = "decision|period|journey|customer", .unit = "",        \
        .mark = "", .source = "Dimakopoulou & Van Roy 2018",                                       \
        .help = "how long a sample is held: drawn anew for every decision, or one for all "        \
                "decisions of a point and period, of a journey, of a customer"                     \
    }

/** Name of block `block` (below 2^30) of row i's draws; where a stream starts there, its later
 * blocks are held too. Blocks of one mode never meet those of another. */
nb_counter_t nb_draw_counter(const nb_batch_t *batch, nb_draw_t draw, size_t i, unsigned block);

/** nb_policy_uniforms with held draws: the same bits for DECISION.
 * @param out [4 x n], structure of arrays */
void nb_draw_uniforms(const nb_batch_t *batch, nb_draw_t draw, unsigned block, double *out);

/** nb_policy_normals with held draws: the same bits for DECISION.
 * @param out [4 x n], structure of arrays */
void nb_draw_normals(const nb_batch_t *batch, nb_draw_t draw, unsigned block, float *out);

/** All normals of one row: four from every one of `n_blocks` blocks from `block` on, the words that
 * nb_draw_normals gives it.
 * @param words [4 x n_blocks] scratch   @param out [4 x n_blocks], block after block */
void nb_draw_row_normals(const nb_batch_t *batch, const nb_counter_t *first, size_t n_blocks,
                         uint32_t *words, float *out);

#endif
