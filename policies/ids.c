/*
 * Information-directed sampling of Bernoulli arms: play the mixture of two arms that makes the
 * square of the expected regret least against what is learned of which arm is best.
 *
 * Source: Russo & Van Roy (2014), "Learning to optimize via information-directed sampling",
 * algorithms 1 (BernoulliIDS: what is known of the best arm), 2 (information gain) and 3 (the
 * mixture). With p_k = P(k is best), M_jk = E(theta_j | k is best), m_j = E theta_j:
 *   delta_j = E max theta - m_j,   g_j = sum over k of p_k KL(Bernoulli(M_jk) || Bernoulli(m_j)),
 * and the mixture q of arms i, j minimizes (q delta_i + (1 - q) delta_j)^2 / (q g_i + (1 - q) g_j),
 * by its stationary point. policies/ids_posterior.h has the integrals and their error.
 *
 * Where actions are forbidden, the regret is against the best allowed arm, and what is learned is
 * of the best of all. Arms with the same posterior share their probability evenly. At slates the
 * arm that was drawn comes first, the others by their posterior means. What a period brings is
 * learned at its end. Rewards between 0 and 1 are fractional successes.
 */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "policies/ids_posterior.h"
#include "policies/library.h"
#include "policies/linear.h"
#include "policies/thompson.h"

typedef struct {
    nb_ids_beta_t prior;
    int grid;
} settings_t;

/* state: this, the statistics, what is known at every point */
typedef struct {
    nb_ids_beta_t prior;
    uint64_t n_points, n_grid;
    uint64_t known[NB_MAX_POINTS]; /* bytes from here */
} state_t;

#define IDS_PRIOR(name, field)                                                                     \
    {                                                                                              \
        .key = name, .type = NB_SETTING_REAL, .offset = offsetof(settings_t, prior.field),         \
        .def = 1.0, .low = 1e-2, .high = 1e6, .choices = "", .unit = "", .mark = "",               \
        .source = "Russo & Van Roy 2014, algorithm 2",                                             \
        .help = "parameter of the Beta prior of every arm"                                         \
    }

static const nb_setting_t table[] = {
    {
        .key = "grid",
        .type = NB_SETTING_INT,
        .offset = offsetof(settings_t, grid),
        .def = 1000,
        .low = 50,
        .high = 20000,
        .choices = "",
        .unit = "cells",
        .mark = "A",
        .source = "",
        .help =
            "cells of [0, 1] that integrals are taken over; differences of means below one cell "
            "are not seen",
    },
    IDS_PRIOR("prior.a", a),
    IDS_PRIOR("prior.b", b),
    {0},
};

static size_t known_bytes(const nb_point_t *point, int grid)
{
    return nb_ids_size(point->n_actions, (size_t)grid) * sizeof(double);
}

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    size_t size = sizeof(state_t) + nb_arms_size(spec);

    for (unsigned p = 0; p < spec->n_points; p++) {
        size += known_bytes(spec->points + p, ((const settings_t *)settings)->grid);
    }
    return size;
}

static nb_ids_t known_of(const state_t *self, unsigned point)
{
    return nb_ids_at((double *)((char *)(uintptr_t)self + self->known[point]),
                     nb_arms_count(self + 1, point), (size_t)self->n_grid);
}

static void refresh(state_t *self, double *work)
{
    for (unsigned p = 0; p < self->n_points; p++) {
        nb_ids_t known = known_of(self, p);

        nb_ids_refresh(&known, self->prior, nb_arms_at(self + 1, p), work);
    }
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;
    state_t *self = state;
    size_t end = sizeof *self + nb_arms_size(spec);
    double *work = NULL;

    self->prior = from->prior;
    self->n_points = spec->n_points;
    self->n_grid = (uint64_t)from->grid;
    nb_arms_init(self + 1, spec);
    for (unsigned p = 0; p < spec->n_points; p++) {
        self->known[p] = end;
        end += known_bytes(spec->points + p, from->grid);
    }
    NB_TRY(nb_alloc(&work, nb_ids_work(nb_linear_most_actions(spec)), sizeof *work));
    refresh(self, work);
    nb_free(work);
    return NB_OK;
}

static int end_period(void *state, nb_arena_t *scratch)
{
    state_t *self = state;
    size_t mark = nb_arena_mark(scratch), most = 0;

    for (unsigned p = 0; p < self->n_points; p++) {
        most = nb_arms_count(self + 1, p) > most ? nb_arms_count(self + 1, p) : most;
    }
    refresh(self, nb_arena_take(scratch, nb_ids_work(most), sizeof(double)));
    nb_arena_release(scratch, mark);
    return NB_OK;
}

static int update(void *state, const nb_transitions_t *finished)
{
    return nb_arms_update((state_t *)state + 1, finished, 1);
}

/* arms that share one posterior count as one */
typedef struct {
    double delta, gain;
    unsigned first; /* arm */
    unsigned n;     /* allowed arms with its posterior */
} class_t;

static double mean_of(const nb_ids_t *known, unsigned k)
{
    return known->posterior[k].a / (known->posterior[k].a + known->posterior[k].b);
}

static int is_same(const nb_ids_t *known, unsigned i, unsigned j)
{
    return known->posterior[i].a == known->posterior[j].a &&
           known->posterior[i].b == known->posterior[j].b;
}

/* classes of the allowed arms of row i; how many */
static unsigned find_classes(const nb_ids_t *known, const nb_batch_t *batch, size_t i,
                             class_t *classes)
{
    double best = nb_ids_best(known, batch->mask + i * batch->mask_words);
    unsigned n = 0;

    for (unsigned k = 0; k < batch->n_actions; k++) {
        unsigned c = 0;

        if (!nb_mask_allows(batch->mask, batch->mask_words, i, k)) {
            continue;
        }
        while (c < n && !is_same(known, classes[c].first, k)) {
            c++;
        }
        if (c == n) {
            classes[n++] = (class_t){fmax(0.0, best - known->mean[k]), known->gain[k], k, 0};
        }
        classes[c].n++;
    }
    return n;
}

static double ratio_of(const class_t *i, const class_t *j, double q)
{
    double delta = q * i->delta + (1.0 - q) * j->delta, gain = q * i->gain + (1.0 - q) * j->gain;

    return delta == 0.0 ? 0.0 : gain > 0.0 ? delta * delta / gain : INFINITY;
}

/* share of i in the best mixture with j: an end, or where the derivative of the ratio is 0 */
static double mix(const class_t *i, const class_t *j, double *ratio)
{
    double step = i->delta - j->delta, rise = i->gain - j->gain, best = 1.0;

    *ratio = ratio_of(i, j, 1.0);
    if (ratio_of(i, j, 0.0) < *ratio) {
        best = 0.0;
        *ratio = ratio_of(i, j, 0.0);
    }
    if (step != 0.0 && rise != 0.0) {
        double q = j->delta / step - 2.0 * j->gain / rise;

        if (q > 0.0 && q < 1.0 && ratio_of(i, j, q) < *ratio) {
            best = q;
            *ratio = ratio_of(i, j, q);
        }
    }
    return best;
}

/* algorithm 3: shares of the classes; where nothing can be learned, the least regret has all */
static void fill_shares(const class_t *classes, unsigned n, double *share)
{
    unsigned first = 0, second = 0;
    double least = INFINITY, q = 1.0;

    for (unsigned i = 0; i < n; i++) {
        share[i] = 0.0;
        first = classes[i].delta < classes[first].delta ? i : first;
    }
    second = first;
    for (unsigned i = 0; i < n; i++) {
        for (unsigned j = i; j < n; j++) {
            double ratio, here = mix(classes + i, classes + j, &ratio);

            if (ratio < least) {
                least = ratio;
                first = i;
                second = j;
                q = here;
            }
        }
    }
    share[first] += q;
    share[second] += 1.0 - q;
}

/* probabilities of row i. @param work [class_t x K, then K] */
static void fill_row(const nb_ids_t *known, const nb_batch_t *batch, size_t i, class_t *classes,
                     double *p)
{
    unsigned K = batch->n_actions, n = find_classes(known, batch, i, classes);
    double *share = (double *)(classes + K);

    fill_shares(classes, n, share);
    memset(p, 0, K * sizeof *p);
    for (unsigned k = 0; k < K; k++) {
        for (unsigned c = 0; nb_mask_allows(batch->mask, batch->mask_words, i, k) && c < n; c++) {
            if (is_same(known, classes[c].first, k)) {
                p[k] = share[c] / classes[c].n;
            }
        }
    }
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions, words = batch->mask_words;
    class_t *classes =
        nb_arena_take(batch->scratch, K, sizeof(class_t) + sizeof(double)); /* and shares */
    nb_ids_t known = known_of(state, batch->point);

    for (size_t i = 0; i < batch->n; i++) {
        const uint64_t *row = batch->mask + i * words;

        if (i > 0 && memcmp(row, row - words, words * sizeof *row) == 0) {
            memcpy(p + i * K, p + (i - 1) * K, K * sizeof *p);
        } else {
            fill_row(&known, batch, i, classes, p + i * K);
        }
    }
    nb_arena_release(batch->scratch, mark);
    return NB_OK;
}

/* the arm that u falls on */
static unsigned draw(const double *p, unsigned K, double u)
{
    unsigned last = 0;
    double sum = 0.0;

    for (unsigned k = 0; k < K; k++) {
        if (p[k] > 0.0) {
            last = k;
            sum += p[k];
            if (u < sum) {
                return k;
            }
        }
    }
    return last;
}

/* posterior means, lifted by 1 where drawn */
static int score(const void *state, const nb_batch_t *batch, double *s)
{
    size_t mark = nb_arena_mark(batch->scratch), n = batch->n;
    double *uniforms = nb_arena_take(batch->scratch, 4 * n, sizeof *uniforms);
    nb_ids_t known = known_of(state, batch->point);
    unsigned K = batch->n_actions;
    int code = probabilities(state, batch, s);

    nb_policy_uniforms(batch, 0, uniforms);
    for (size_t i = 0; code == NB_OK && i < n; i++) {
        double *row = s + i * K;
        unsigned drawn = draw(row, K, uniforms[n + i]); /* word 0 breaks ties */

        for (unsigned k = 0; k < K; k++) {
            row[k] = nb_mask_allows(batch->mask, batch->mask_words, i, k)
                         ? mean_of(&known, k) + (k == drawn)
                         : -INFINITY;
        }
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    static const nb_thompson_policy_t policy = {"ids", score, probabilities};

    return nb_thompson_choose(&policy, state, batch, out);
}

static int value(const void *state, const nb_batch_t *batch, double *v)
{
    size_t mark = nb_arena_mark(batch->scratch), K = batch->n_actions;
    double *p = nb_arena_take(batch->scratch, batch->n * K, sizeof *p);
    nb_ids_t known = known_of(state, batch->point);
    int code = probabilities(state, batch, p);

    for (size_t i = 0; code == NB_OK && i < batch->n; i++) {
        v[i] = 0.0;
        for (unsigned k = 0; k < K; k++) {
            v[i] += p[i * K + k] * mean_of(&known, k);
        }
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    size_t most = nb_linear_most_actions(spec);
    size_t row = (4 * NB_BLOCK_ROWS + 6 * most) * sizeof(double);

    (void)settings;
    /* a table, and the uniforms and classes of choose() or the work of end_period() */
    return (most * NB_BLOCK_ROWS + nb_ids_work(most)) * sizeof(double) + row + 6 * 64;
}

const nb_policy_type_t nb_policy_ids = {
    .abi = NB_POLICY_ABI,
    .version = 2,
    .name = "ids",
    .summary = "least squared regret per bit learned of the best arm (Russo & Van Roy 2014)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_LEARNS | NB_TRAIT_UNIT_REWARD | NB_TRAIT_WEIGHTED | NB_TRAIT_TEST_BED,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .update = update,
    .end_period = end_period,
    .probabilities = probabilities,
    .value = value,
    .score = score,
    .scratch_size = scratch_size,
};
