/*
 * A contact as experiment files write it, and policies that choose between a few contacts.
 *
 *   email                              the action; whoever must not get it gets the unbound play
 *   [message, email]                   the first allowed one
 *   {action: [call, email], every: 8}  once in 8 weeks, staggered by customer as schedule is
 *   never                              the unbound play
 *
 * A policy that chooses between contacts says for every row which of them it plays with which
 * probability (a mix), and is a policy by nb_contact_choose and nb_contact_probabilities: masks,
 * slates and exact propensities are written here once. Serves rfm_table, btyd_priority,
 * propensity_topn, ab_rollout and risk_target.
 */
#ifndef NB_POLICIES_CONTACT_H
#define NB_POLICIES_CONTACT_H

#include "core/config.h"
#include "core/error.h"
#include "core/settings.h"
#include "core/types.h"

enum {
    NB_CONTACT_MAX_EVERY = 520, /* weeks */
    NB_CONTACT_MAX_MIX = 16,    /* contacts that a row is drawn from */
};

/** Row of a policy's table of settings for `every`, an int field of that name. */
#define NB_CONTACT_EVERY(settings_type, the_help)                                                  \
    {                                                                                              \
        .key = "every", .type = NB_SETTING_INT, .offset = offsetof(settings_type, every),          \
        .def = 4, .low = 1, .high = NB_CONTACT_MAX_EVERY, .choices = "", .unit = "weeks",          \
        .mark = "", .source = "", .help = the_help                                                 \
    }

/** Row for a contact, a field of type const nb_node_t *. */
#define NB_CONTACT_NODE(settings_type, field, the_help)                                            \
    {                                                                                              \
        .key = #field, .type = NB_SETTING_NODE, .offset = offsetof(settings_type, field),          \
        .choices = "", .unit = "", .mark = "", .source = "", .help = the_help                      \
    }

/** Bytes of a compiled contact: flat, without pointers, a multiple of 8. */
size_t nb_contact_size(const nb_spec_t *spec);

/**
 * Compile a contact into `memory` of nb_contact_size bytes.
 * @param node may be NULL: never   @param every weeks where the node says none
 * @return NB_ERR_CONFIG, NB_ERR_RANGE with the node's mark: unknown action or key, every out of
 * range
 */
int nb_contact_init(void *memory, const nb_spec_t *spec, const nb_node_t *node,
                    int every) NB_MUST_CHECK;

/**
 * Of `n` contacts that stand one after the other, one must have an action of a point whose features
 * are told.
 * @param told [n_points]   @return NB_ERR_CONFIG naming the policy where none has
 */
int nb_contact_check_served(const nb_spec_t *spec, const char *policy, const uint8_t *told,
                            const void *contacts, size_t n) NB_MUST_CHECK;

/** 1 where the contact has an action of the point. */
int nb_contact_serves(const void *memory, unsigned point);

/** First allowed action of row i, whether it is its turn or not; -1 where none is. */
int32_t nb_contact_first(const void *memory, const nb_batch_t *batch, size_t i);

/** 1 where `action` is one of the contact's actions at the point. */
int nb_contact_has(const void *memory, unsigned point, int32_t action);

/** 1 where row i is contacted in this period: its turn, and an action is allowed. */
int nb_contact_is_made(const void *memory, const nb_batch_t *batch, size_t i);

/** Which contacts a row is drawn from. */
typedef struct {
    unsigned n;
    const void *contact[NB_CONTACT_MAX_MIX];
    double weight[NB_CONTACT_MAX_MIX]; /* 0 or more, sum 1 */
    double u; /* in (0, 1), what draws; below 0: the row's own uniform of this decision */
} nb_mix_t;

/** Mix of two: the first with probability `share`, else the other. */
void nb_contact_either(nb_mix_t *out, const void *first, const void *other, double share);

/** The mix of row i, for a cleared `out` with u < 0. @param score [n] as the policy handed it to
 * choose or probabilities, may be NULL */
typedef void (*nb_mix_fn_t)(const void *state, const nb_batch_t *batch, size_t i,
                            const double *score, nb_mix_t *out);

/** Draw every row's contact and play it; propensities where wanted, along slates conditional on the
 * positions before. */
int nb_contact_choose(const void *state, const nb_batch_t *batch, const double *score,
                      nb_mix_fn_t mix, nb_choice_t *out) NB_MUST_CHECK;

/** Probabilities of the first position. @param p [n x K] */
int nb_contact_probabilities(const void *state, const nb_batch_t *batch, const double *score,
                             nb_mix_fn_t mix, double *p) NB_MUST_CHECK;

/** Bytes of scratch that nb_contact_choose takes at most. */
size_t nb_contact_scratch(void);

#endif
