/*
 * Customers of L hidden segments, one linear regression per segment l and action k of each point:
 *
 *     y = x'theta_lk + noise,   theta_lk ~ N(mu_lk, 1/lambda I),   noise ~ N(0, sd^2).
 *
 * A customer's shares of the segments are gamma_l ~ pi_l exp(e_l), e_l the log of the density that
 * segment l's posterior predicted of each of her rewards, N(y; x'm_l, sd^2 + x'P_l x), at any point
 * and under any action. Models are learned at the same time by soft assignment: a row counts
 * gamma_l, with the row itself already in it, in segment l; pi is the mean of the shares of all
 * customers with rows and of one imaginary customer of each segment. Models and pi change in
 * refresh only, so within a period the shares are Bayes's rule under known models.
 *
 * Early shares come from poor models. As in online EM, what came before is faded: after t periods
 * of learning the moments weigh as much as t^step periods, and so does the evidence of customers;
 * step = 1 forgets nothing. Segments begin apart: mu is 0 for the first and a draw from
 * N(0, 1/lambda) for the others, the same in every run.
 *
 * Source: Hong, Kveton, Zaheer, Chow, Ahmed & Boutilier (2020), "Latent bandits revisited" (mmTS,
 * there with models learned offline); Cappe & Moulines (2009), "On-line expectation-maximization
 * algorithm for latent data models". Known limits: soft assignment is one pass, not the joint
 * posterior of models and segments, and may settle in a local optimum; a customer's past rows keep
 * the shares they had. Records of customers end the block and are zero for a new one: 2 L + 2
 * numbers.
 */
#ifndef NB_POLICIES_LATENT_H
#define NB_POLICIES_LATENT_H

#include "policies/gaussian.h"
#include "policies/policy.h"

enum { NB_MAX_SEGMENTS = 16 };

typedef struct {
    double lambda; /* > 0 */
    double sd;     /* > 0 */
    double step;   /* (0.5, 1] */
    int n_segments;
} nb_latent_settings_t;

/** Bytes of the block. A block for fewer customers is its begin. */
size_t nb_latent_size(const nb_spec_t *spec, const nb_latent_settings_t *settings);

/** Prior. @param self zeroed, nb_latent_size bytes */
int nb_latent_init(void *self, const nb_spec_t *spec,
                   const nb_latent_settings_t *settings) NB_MUST_CHECK;

/** An arm, as one customer meets it. */
typedef struct {
    unsigned point, action;
    uint32_t customer;
} nb_latent_arm_t;

/** Add a reward. @param x [d, at least 1] finite   @param work [nb_latent_work(self)] */
void nb_latent_add(void *self, nb_latent_arm_t arm, const double *x, double y, double *work);

/** End of a period: models and pi anew, if there was anything to learn. */
int nb_latent_refresh(void *self, double *work) NB_MUST_CHECK;

unsigned nb_latent_segments(const void *self);

/** A customer's shares of the segments. @param shares [L], they sum to 1 */
void nb_latent_shares(const void *self, uint32_t customer, double *shares);

/** Mean and variance of x'theta_lk. @param work [nb_latent_work(self)]   @param out {mean,
 * variance} */
void nb_latent_predict(const void *self, nb_latent_arm_t arm, unsigned segment, const double *x,
                       double *work, double out[2]);

/** Posterior mean of theta_lk as of the last refresh, [d, at least 1]. */
const double *nb_latent_weights(const void *self, unsigned point, unsigned action,
                                unsigned segment);

/** Doubles of work of the functions above, and the same before there is a block. */
size_t nb_latent_work(const void *self);
size_t nb_latent_spec_work(const nb_spec_t *spec);

#endif
