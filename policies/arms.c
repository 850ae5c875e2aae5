#include "policies/arms.h"

#include <math.h>
#include <string.h>

/* a block: head, then the arms of all points */
typedef struct {
    uint32_t n_points;
    uint32_t first[NB_MAX_POINTS + 1];
} head_t;

/* a window: head, blocks of what it shows and of the period under way, and the ring: arms of every
 * period */
typedef struct {
    uint32_t window, next; /* place of the ring that is filled next */
    uint64_t block;        /* bytes */
} window_t;

enum { HEAD_BYTES = (sizeof(head_t) + 7) / 8 * 8 };

size_t nb_arms_size(const nb_spec_t *spec)
{
    size_t n = 0;

    for (unsigned p = 0; p < spec->n_points; p++) {
        n += spec->points[p].n_actions;
    }
    return HEAD_BYTES + n * sizeof(nb_arm_t);
}

void nb_arms_init(void *arms, const nb_spec_t *spec)
{
    head_t *head = arms;

    head->n_points = spec->n_points;
    for (unsigned p = 0; p < spec->n_points; p++) {
        head->first[p + 1] = head->first[p] + spec->points[p].n_actions;
    }
}

nb_arm_t *nb_arms_of(void *arms, unsigned point)
{
    return (nb_arm_t *)((char *)arms + HEAD_BYTES) + ((const head_t *)arms)->first[point];
}

const nb_arm_t *nb_arms_at(const void *arms, unsigned point)
{
    return (const nb_arm_t *)((const char *)arms + HEAD_BYTES) +
           ((const head_t *)arms)->first[point];
}

unsigned nb_arms_count(const void *arms, unsigned point)
{
    const head_t *head = arms;

    return head->first[point + 1] - head->first[point];
}

double nb_arms_total(const void *arms, unsigned point)
{
    const nb_arm_t *arm = nb_arms_at(arms, point);
    double total = 0.0;

    for (unsigned k = 0; k < nb_arms_count(arms, point); k++) {
        total += arm[k].n;
    }
    return total;
}

/* a row of several observations brings the sum of their rewards; one of less than an observation is
 * part of one, of which all may have come at once */
static double most_reward(const nb_transitions_t *finished, size_t i)
{
    return finished->weight ? fmax(1.0, finished->weight[i]) : 1.0;
}

static int check_row(const nb_transitions_t *finished, size_t i, int is_unit)
{
    int32_t k = finished->action[i];
    double reward = finished->reward[i];

    if (k < 0 || (unsigned)k >= finished->n_actions) {
        NB_FAIL(NB_ERR_RANGE, "transition %zu has action %d, expected 0 to %u", i, (int)k,
                finished->n_actions - 1);
    }
    if (!isfinite(reward)) {
        NB_FAIL(NB_ERR_NUMERIC, "transition %zu has reward %g, expected a finite number", i,
                reward);
    }
    if (finished->weight && !(finished->weight[i] >= 0.0 && isfinite(finished->weight[i]))) {
        NB_FAIL(NB_ERR_NUMERIC, "transition %zu has weight %g, expected 0 or more", i,
                finished->weight[i]);
    }
    if (is_unit && !(reward >= 0.0 && reward <= most_reward(finished, i))) {
        NB_FAIL(NB_ERR_RANGE,
                "transition %zu has reward %g, but this policy takes rewards from 0 "
                "to %g only",
                i, reward, most_reward(finished, i));
    }
    return NB_OK;
}

int nb_arms_check(const nb_transitions_t *finished, int is_unit)
{
    NB_ASSERT(finished->slate == 1);
    for (size_t i = 0; i < finished->n; i++) {
        NB_TRY(check_row(finished, i, is_unit));
    }
    return NB_OK;
}

int nb_arms_update(void *arms, const nb_transitions_t *finished, int is_unit)
{
    nb_arm_t *arm = nb_arms_of(arms, finished->point);

    NB_TRY(nb_arms_check(finished, is_unit));
    for (size_t i = 0; i < finished->n; i++) {
        nb_arm_t *of = arm + finished->action[i];
        double reward = finished->reward[i];

        of->n += finished->weight ? finished->weight[i] : 1.0;
        of->sum += reward;
        of->squares += reward * reward;
    }
    return NB_OK;
}

static size_t count_all(const void *arms)
{
    const head_t *head = arms;

    return head->first[head->n_points];
}

void nb_arms_discount(void *arms, double factor)
{
    nb_arm_t *arm = nb_arms_of(arms, 0);

    for (size_t a = 0; a < count_all(arms); a++) {
        arm[a].n *= factor;
        arm[a].sum *= factor;
        arm[a].squares *= factor;
    }
}

size_t nb_arms_window_size(const nb_spec_t *spec, unsigned window)
{
    size_t block = nb_arms_size(spec);

    return sizeof(window_t) + 2 * block + window * (block - HEAD_BYTES);
}

static void *shown_of(void *self)
{
    return (window_t *)self + 1;
}

static void *present_of(void *self)
{
    return (char *)shown_of(self) + ((const window_t *)self)->block;
}

/* arms of period i of the ring, all points in a row */
static nb_arm_t *past_of(void *self, size_t i)
{
    const window_t *window = self;

    return (nb_arm_t *)((char *)shown_of(self) + 2 * window->block) + i * count_all(shown_of(self));
}

void nb_arms_window_init(void *self, const nb_spec_t *spec, unsigned n_periods)
{
    window_t *window = self;

    window->window = n_periods;
    window->block = nb_arms_size(spec);
    nb_arms_init(shown_of(self), spec);
    nb_arms_init(present_of(self), spec);
}

const void *nb_arms_window_arms(const void *self)
{
    return (const window_t *)self + 1;
}

int nb_arms_window_update(void *self, const nb_transitions_t *finished, int is_unit)
{
    return nb_arms_update(present_of(self), finished, is_unit);
}

static void add_arms(nb_arm_t *to, const nb_arm_t *from, size_t n, double sign)
{
    for (size_t i = 0; i < n; i++) {
        to[i].n += sign * from[i].n;
        to[i].sum += sign * from[i].sum;
        to[i].squares += sign * from[i].squares;
    }
}

void nb_arms_absorb(void *to, void *from, double factor)
{
    size_t n = count_all(to);

    nb_arms_discount(to, factor);
    add_arms(nb_arms_of(to, 0), nb_arms_at(from, 0), n, 1.0);
    memset(nb_arms_of(from, 0), 0, n * sizeof(nb_arm_t));
}

/* sums are made anew each time the ring is full, so that what rounding leaves does not pile up */
void nb_arms_window_end_period(void *self)
{
    window_t *window = self;
    nb_arm_t *shown = nb_arms_of(shown_of(self), 0), *present = nb_arms_of(present_of(self), 0);
    nb_arm_t *oldest = past_of(self, window->next);
    size_t n = count_all(shown_of(self));

    add_arms(shown, oldest, n, -1.0);
    memcpy(oldest, present, n * sizeof *oldest);
    add_arms(shown, present, n, 1.0);
    memset(present, 0, n * sizeof *present);
    window->next = (window->next + 1) % window->window;
    if (window->next == 0) {
        memset(shown, 0, n * sizeof *shown);
        for (size_t i = 0; i < window->window; i++) {
            add_arms(shown, past_of(self, i), n, 1.0);
        }
    }
}
