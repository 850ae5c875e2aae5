#include "policies/arms.h"

#include <math.h>
#include <string.h>

/* a block: head, then the arms of all points */
typedef struct {
    uint32_t n_points;
    uint32_t first[NB_MAX_POINTS + 1];
} head_t;

/* a window: head, then blocks: what it shows, the period under way, the ring of periods */
typedef struct {
    uint32_t window, next; /* place of the ring that is filled next */
    uint64_t block;        /* bytes */
} window_t;

size_t nb_arms_size(const nb_spec_t *spec)
{
    size_t n = 0;

    for (unsigned p = 0; p < spec->n_points; p++) {
        n += spec->points[p].n_actions;
    }
    return (sizeof(head_t) + 7) / 8 * 8 + n * sizeof(nb_arm_t);
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
    return (nb_arm_t *)((char *)arms + (sizeof(head_t) + 7) / 8 * 8) +
           ((const head_t *)arms)->first[point];
}

const nb_arm_t *nb_arms_at(const void *arms, unsigned point)
{
    return (const nb_arm_t *)((const char *)arms + (sizeof(head_t) + 7) / 8 * 8) +
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
    if (is_unit && !(reward >= 0.0 && reward <= 1.0)) {
        NB_FAIL(NB_ERR_RANGE,
                "transition %zu has reward %g, but this policy takes rewards from 0 "
                "to 1 only",
                i, reward);
    }
    if (finished->weight && !(finished->weight[i] >= 0.0 && isfinite(finished->weight[i]))) {
        NB_FAIL(NB_ERR_NUMERIC, "transition %zu has weight %g, expected 0 or more", i,
                finished->weight[i]);
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
    return sizeof(window_t) + (2 + (size_t)window) * nb_arms_size(spec);
}

static void *block_of(void *self, size_t i)
{
    window_t *window = self;

    return (char *)(window + 1) + i * window->block;
}

void nb_arms_window_init(void *self, const nb_spec_t *spec, unsigned n_periods)
{
    window_t *window = self;

    window->window = n_periods;
    window->block = nb_arms_size(spec);
    for (size_t i = 0; i < 2 + (size_t)n_periods; i++) {
        nb_arms_init(block_of(self, i), spec);
    }
}

const void *nb_arms_window_arms(const void *self)
{
    return (const window_t *)self + 1;
}

int nb_arms_window_update(void *self, const nb_transitions_t *finished, int is_unit)
{
    return nb_arms_update(block_of(self, 1), finished, is_unit);
}

static void add_block(void *to, const void *from, double sign)
{
    nb_arm_t *a = nb_arms_of(to, 0);
    const nb_arm_t *b = nb_arms_at(from, 0);

    for (size_t i = 0; i < count_all(from); i++) {
        a[i].n += sign * b[i].n;
        a[i].sum += sign * b[i].sum;
        a[i].squares += sign * b[i].squares;
    }
}

static void clear_block(void *block)
{
    memset(nb_arms_of(block, 0), 0, count_all(block) * sizeof(nb_arm_t));
}

/* sums are made anew each time the ring is full, so that what rounding leaves does not pile up */
void nb_arms_window_end_period(void *self)
{
    window_t *window = self;
    void *shown = block_of(self, 0), *present = block_of(self, 1);
    void *oldest = block_of(self, 2 + window->next);

    add_block(shown, oldest, -1.0);
    memcpy(oldest, present, window->block);
    add_block(shown, present, 1.0);
    clear_block(present);
    window->next = (window->next + 1) % window->window;
    if (window->next == 0) {
        clear_block(shown);
        for (size_t i = 0; i < window->window; i++) {
            add_block(shown, block_of(self, 2 + i), 1.0);
        }
    }
}
