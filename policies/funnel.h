/*
 * The value of a contact factorized over what was seen of it: it was opened, it led to a visit, the
 * visit to a purchase.
 *
 *     value = P M1 + (1 - P) M0,   P = P(opened) P(visited | opened) P(bought | visited),
 *
 * M1 and M0 the mean money with and without a purchase. Money alone teaches little where a customer
 * buys a few times in her life; every contact teaches the first stage, every opened one the second.
 * Later signals imply earlier ones (a visit without an opened mail counts as opened), so that P is
 * the probability of a purchase exactly, also for actions that open nothing.
 *
 * Stage probabilities are normals, by whatever model, clipped to [0, 1]; their moments, and those
 * of the product of independent stages, are exact. Money is the same for all customers: per action
 * and outcome b the mean of its n_b rewards with one imaginary reward at the mean over all actions,
 * which in turn has one imaginary reward, 1 with a purchase and 0 without, its variance the running
 * variance over 1 + n_b.
 */
#ifndef NB_POLICIES_FUNNEL_H
#define NB_POLICIES_FUNNEL_H

#include <stddef.h>
#include <stdint.h>

enum { NB_FUNNEL_STAGES = 3 };

/** How far a decision came: 0 nothing seen, 1 opened, 2 visited, 3 bought.
 * @param signals NB_SIGNAL_* */
unsigned nb_funnel_reached(uint16_t signals);

/** A mean and a variance. */
typedef struct {
    double mean, variance;
} nb_moment_pair_t;

/** Moments of a normal clipped to [0, 1]. */
nb_moment_pair_t nb_funnel_clip(nb_moment_pair_t normal);

/** Moments of the product of independent stages. @param stages [NB_FUNNEL_STAGES] */
nb_moment_pair_t nb_funnel_product(const nb_moment_pair_t *stages);

/** Doubles that the money of a point's K actions takes. */
size_t nb_funnel_size(size_t n_actions);

/** Count a reward. @param money [nb_funnel_size(K)], zeroed at first */
void nb_funnel_add(double *money, unsigned action, int bought, double reward);

/** Mean money of an action where it is bought and where not, and how sure it is.
 * @param sd of a reward before any was seen */
nb_moment_pair_t nb_funnel_money(const double *money, unsigned action, int bought, double sd);

/** Moments of P M1 + (1 - P) M0. */
nb_moment_pair_t nb_funnel_value(nb_moment_pair_t p, nb_moment_pair_t with,
                                 nb_moment_pair_t without);

#endif
