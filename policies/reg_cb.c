/*
 * RegCB: the version space of a regression oracle gives every action a range of predictions;
 * optimistic plays the highest upper end, elimination any action uniformly whose upper end is not
 * below the highest lower end.
 *
 * Source: Foster, Agarwal, Dudik, Luo & Schapire (2018), "Practical contextual bandits with
 * regression oracles", algorithms 1 (elimination) and 2 (optimistic), with a class of its own for
 * every action. The range is that of x'w over all w whose penalized loss
 * L_k(w) = sum (y - x'w)^2 + lambda |w|^2 on the action's rows is within beta of the least. Since
 * L_k(w) - L_k(m) = (w - m)'A (w - m) with A = lambda I + sum x x', for ridge regression no binary
 * search is needed: the ends are
 *
 *     x'm_k +- sqrt(beta x'A_k^-1 x),    beta = c0 log(K t),
 *
 * t one more than the rows learned at the point. The schedule of beta is that of Bietti, Agarwal &
 * Langford (2021), "A contextual bandit bake-off", section 3.4, with their default grid of c0 (0.1,
 * 0.01, 0.001); it refers to rewards in a range of 1, and is in squared units of the reward. Known
 * limits: ends are not clipped to the range of rewards, which is not known here; the optimistic
 * form herds within a period as lin_ucb, of which it is one with alpha^2 = beta.
 */
#include <math.h>
#include <stddef.h>

#include "policies/library.h"
#include "policies/mixed.h"
#include "policies/regressors.h"

enum { OPTIMISTIC, ELIMINATION };

typedef struct {
    double lambda, c0;
    int form;
} settings_t;

/* head of the state, followed by the regressors */
typedef struct {
    double c0;
    int32_t form, unused[13];
} head_t;
_Static_assert(sizeof(head_t) == 64, "the regressors are aligned");

static const nb_setting_t table[] = {
    NB_REGRESSORS_LAMBDA(settings_t, ""),
    {
        .key = "c0",
        .type = NB_SETTING_REAL,
        .offset = offsetof(settings_t, c0),
        .def = 0.1,
        .low = 0.0,
        .high = 1e6,
        .choices = "",
        .unit = "squared reward",
        .mark = "",
        .source = "Bietti et al. 2021, section 3.4",
        .help = "loss within c0 log(K t) of the least is plausible; 0 is greedy",
    },
    {
        .key = "form",
        .type = NB_SETTING_CHOICE,
        .offset = offsetof(settings_t, form),
        .def = OPTIMISTIC,
        .choices = "optimistic|elimination",
        .unit = "",
        .mark = "",
        .source = "Foster et al. 2018, algorithms 1 and 2",
        .help = "play the highest upper end, or any action that is not surely worse than another",
    },
    {0},
};

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    (void)settings;
    return sizeof(head_t) + nb_regressors_size(spec);
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const settings_t *from = settings;
    head_t *head = state;

    head->c0 = from->c0;
    head->form = from->form;
    return nb_regressors_init(head + 1, spec, from->lambda);
}

/* mean and half the width of every range, 0 where not allowed. @param mean, half [n x K] */
static int find_ranges(const head_t *head, const nb_batch_t *batch, double *mean, double *half)
{
    double t = 1.0 + nb_regressors_seen(head + 1, batch->point);
    double beta = head->c0 * log(batch->n_actions * t);

    NB_TRY(nb_regressors_predict(head + 1, batch, mean, half));
    for (size_t at = 0; at < batch->n * batch->n_actions; at++) {
        half[at] = sqrt(beta * half[at]);
    }
    return NB_OK;
}

static double offset_of(const nb_batch_t *batch, size_t at)
{
    return batch->offset ? batch->offset[at] : 0.0;
}

/* from halves of ranges to upper ends. @param half [n x K] in, -infinity where not allowed */
static void find_upper(const nb_batch_t *batch, const double *mean, double *half)
{
    for (size_t at = 0; at < batch->n * batch->n_actions; at++) {
        size_t i = at / batch->n_actions, k = at % batch->n_actions;

        half[at] = nb_mask_allows(batch->mask, batch->mask_words, i, (unsigned)k)
                       ? mean[at] + half[at] + offset_of(batch, at)
                       : -INFINITY;
    }
}

/* uniform over those of row i whose upper end reaches the highest lower end; half -> p */
static void eliminate_row(const nb_batch_t *batch, size_t i, const double *mean, double *half)
{
    double lowest = -INFINITY;
    size_t K = batch->n_actions, n_left = 0;

    for (unsigned k = 0; k < K; k++) {
        double low = mean[k] - half[k] + offset_of(batch, i * K + k);

        if (nb_mask_allows(batch->mask, batch->mask_words, i, k) && low > lowest) {
            lowest = low;
        }
    }
    for (unsigned k = 0; k < K; k++) {
        double high = mean[k] + half[k] + offset_of(batch, i * K + k);

        half[k] = nb_mask_allows(batch->mask, batch->mask_words, i, k) && high >= lowest;
        n_left += half[k] > 0.0;
    }
    for (unsigned k = 0; k < K; k++) {
        half[k] /= (double)n_left;
    }
}

static int fill(const void *state, const nb_batch_t *batch, double *p, double *mean)
{
    const head_t *head = state;

    NB_TRY(find_ranges(head, batch, mean, p));
    if (head->form == OPTIMISTIC) {
        find_upper(batch, mean, p);
        return nb_policy_rank_probabilities(batch, p, p);
    }
    for (size_t i = 0; i < batch->n; i++) {
        eliminate_row(batch, i, mean + i * batch->n_actions, p + i * batch->n_actions);
    }
    return NB_OK;
}

static int score_upper(const head_t *head, const nb_batch_t *batch, double *s)
{
    size_t mark = nb_arena_mark(batch->scratch);
    double *mean = nb_arena_take(batch->scratch, batch->n * batch->n_actions, sizeof *mean);
    int code = find_ranges(head, batch, mean, s);

    if (code == NB_OK) {
        find_upper(batch, mean, s);
    }
    nb_arena_release(batch->scratch, mark);
    return code;
}

static int score(const void *state, const nb_batch_t *batch, double *s)
{
    const head_t *head = state;

    return head->form == OPTIMISTIC ? score_upper(head, batch, s)
                                    : nb_mixed_score(state, batch, fill, s);
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    const head_t *head = state;
    size_t mark = nb_arena_mark(batch->scratch);

    if (head->form == ELIMINATION) {
        return nb_mixed_choose(state, batch, fill, out);
    }
    double *s = nb_arena_take(batch->scratch, batch->n * batch->n_actions, sizeof *s);
    int code = score_upper(head, batch, s);

    code = code < 0 ? code : nb_policy_rank(batch, s, out);
    nb_arena_release(batch->scratch, mark);
    return code;
}

static int update(void *state, const nb_transitions_t *finished)
{
    return nb_regressors_update((head_t *)state + 1, finished);
}

static int end_period(void *state, nb_arena_t *scratch)
{
    return nb_regressors_refresh((head_t *)state + 1, scratch);
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    return nb_mixed_probabilities(state, batch, fill, p);
}

static int value(const void *state, const nb_batch_t *batch, double *v)
{
    return nb_mixed_value(state, batch, fill, v);
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    (void)settings;
    return nb_mixed_scratch(spec) + nb_regressors_scratch(spec);
}

const nb_policy_type_t nb_policy_reg_cb = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "reg_cb",
    .summary = "ranges of predictions over the version space of a regression (Foster et al. 2018)",
    .settings = table,
    .settings_size = sizeof(settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_LEARNS | NB_TRAIT_OFFSETS | NB_TRAIT_TEST_BED,
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
