/* Checks of what a policy answers, see bench/conformance.h. */
#include "bench/conformance_checks.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"

/* chi-square quantile of Wilson and Hilferty (1931) at a probability of 1e-6 beyond */
static double chi_square_limit(double df)
{
    double z = 4.7534, t = 2.0 / (9.0 * df), cube = 1.0 - t + z * sqrt(t);

    return df * cube * cube * cube;
}

static int check_row(const nb_batch_t *batch, const int32_t *row, size_t i, const char *point)
{
    unsigned n_allowed = nb_policy_n_allowed(batch, i);

    for (unsigned j = 0; j < batch->slate; j++) {
        int is_action = row[j] >= 0 && (unsigned)row[j] < batch->n_actions;

        if (row[j] == -1 && j >= n_allowed) {
            continue;
        }
        if (!is_action || !nb_mask_allows(batch->mask, batch->mask_words, i, (unsigned)row[j])) {
            NB_FAIL(NB_ERR_DATA, "at point %s row %zu plays action %d, which is not allowed", point,
                    i, (int)row[j]);
        }
        for (unsigned before = 0; before < j; before++) {
            if (row[before] == row[j]) {
                NB_FAIL(NB_ERR_DATA, "at point %s row %zu plays action %d twice in a slate", point,
                        i, (int)row[j]);
            }
        }
    }
    return NB_OK;
}

int nb_check_masks(nb_subject_t *self, char *why)
{
    (void)why;
    for (unsigned p = 0; p < self->spec.n_points; p++) {
        nb_batch_t batch = nb_subject_batch(self, p, 400, 3);

        NB_TRY(nb_subject_choose(self, &batch, self->action, NULL));
        for (size_t i = 0; i < batch.n; i++) {
            NB_TRY(check_row(&batch, self->action + i * batch.slate, i, self->spec.points[p].name));
        }
    }
    return NB_OK;
}

/* one or two actions allowed a row, of those that were allowed before */
static void narrow_masks(nb_subject_t *self, const nb_batch_t *batch)
{
    for (size_t i = 0; i < batch->n; i++) {
        uint64_t *mask = self->mask + i * batch->mask_words;
        unsigned left = 1 + i % 2;

        for (unsigned k = 0; k < batch->n_actions; k++) {
            if (!(mask[k / 64] >> k % 64 & 1)) {
                continue;
            }
            if (left == 0) {
                mask[k / 64] &= ~((uint64_t)1 << k % 64);
            } else {
                left--;
            }
        }
    }
}

int nb_check_short_rows(nb_subject_t *self, char *why)
{
    int n_slates = 0;

    for (unsigned p = 0; p < self->spec.n_points; p++) {
        nb_batch_t batch = nb_subject_batch(self, p, 64, 4);

        if (batch.slate == 1 || !nb_subject_fills(self, p)) {
            continue;
        }
        n_slates++;
        narrow_masks(self, &batch);
        NB_TRY(nb_subject_choose(self, &batch, self->action, NULL));
        for (size_t i = 0; i < batch.n; i++) {
            NB_TRY(check_row(&batch, self->action + i * batch.slate, i, self->spec.points[p].name));
        }
    }
    return n_slates ? NB_OK : nb_check_skip(why, "it fills no slates itself");
}

int nb_check_same_bits(nb_subject_t *self, char *why)
{
    int32_t *again = self->action + NB_BLOCK_ROWS * NB_MAX_SLATE;

    (void)why;
    for (unsigned p = 0; p < self->spec.n_points; p++) {
        nb_batch_t batch = nb_subject_batch(self, p, 300, 5);

        NB_TRY(nb_subject_choose(self, &batch, self->action, NULL));
        NB_TRY(nb_subject_choose(self, &batch, again, NULL));
        if (memcmp(self->action, again, batch.n * batch.slate * sizeof *again) != 0) {
            NB_FAIL(NB_ERR_DATA, "at point %s the second answer differs from the first",
                    self->spec.points[p].name);
        }
    }
    return NB_OK;
}

int nb_check_blocks(nb_subject_t *self, char *why)
{
    int32_t *single = self->action + NB_BLOCK_ROWS * NB_MAX_SLATE;

    (void)why;
    for (unsigned p = 0; p < self->spec.n_points; p++) {
        nb_batch_t batch = nb_subject_batch(self, p, 100, 6);

        NB_TRY(nb_subject_choose(self, &batch, self->action, NULL));
        for (size_t i = 0; i < batch.n; i++) {
            nb_batch_t row = batch;

            row.n = 1;
            row.x = batch.x ? batch.x + i * batch.d : NULL;
            row.mask += i * batch.mask_words;
            row.customer += i;
            row.luck += i;
            row.episode += i;
            row.tenure += i;
            NB_TRY(nb_subject_choose(self, &row, single, NULL));
            if (memcmp(single, self->action + i * batch.slate, batch.slate * sizeof *single)) {
                NB_FAIL(NB_ERR_DATA,
                        "at point %s row %zu is answered otherwise alone than in a batch",
                        self->spec.points[p].name, i);
            }
        }
    }
    return NB_OK;
}

/* what the loop would rank the batch to, against what choose() answers */
static int compare_ranks(nb_subject_t *self, nb_batch_t *batch, const double *s, nb_arena_t *own)
{
    int32_t *ranked = self->action + NB_BLOCK_ROWS * NB_MAX_SLATE;
    nb_choice_t out = {ranked, NULL};
    const char *point = self->spec.points[batch->point].name;

    for (size_t at = 0; at < batch->n * batch->n_actions; at++) {
        size_t i = at / batch->n_actions;
        unsigned k = (unsigned)(at % batch->n_actions);

        if (nb_mask_allows(batch->mask, batch->mask_words, i, k) && !isfinite(s[at])) {
            NB_FAIL(NB_ERR_DATA, "at point %s the score of action %u in row %zu is %g", point, k, i,
                    s[at]);
        }
    }
    NB_TRY(nb_subject_choose(self, batch, self->action, NULL));
    batch->scratch = own; /* ranking is the loop's, and so is its scratch */
    NB_TRY(nb_policy_rank(batch, s, &out));
    for (size_t at = 0; at < batch->n * batch->slate; at++) {
        if (ranked[at] != self->action[at]) {
            NB_FAIL(NB_ERR_DATA, "at point %s choose() plays action %d in row %zu, its scores %d",
                    point, (int)self->action[at], at / batch->slate, (int)ranked[at]);
        }
    }
    return NB_OK;
}

static int check_scores_of_points(nb_subject_t *self, double *s, nb_arena_t *own)
{
    for (unsigned p = 0; p < self->spec.n_points; p++) {
        nb_batch_t batch = nb_subject_batch(self, p, 200, 7);

        if (!nb_subject_fills(self, p)) {
            batch.slate = 1;
        }
        NB_TRY(self->type->score(self->state, &batch, s));
        NB_TRY(compare_ranks(self, &batch, s, own));
    }
    return NB_OK;
}

int nb_check_scores(nb_subject_t *self, char *why)
{
    nb_arena_t own = {NULL, 0, 0};
    unsigned most = 0;
    double *s = NULL;
    int code;

    if (!self->type->score) {
        return nb_check_skip(why, "it has no score()");
    }
    for (unsigned p = 0; p < self->spec.n_points; p++) {
        unsigned K = self->spec.points[p].n_actions;

        most = K > most ? K : most;
    }
    NB_TRY(nb_alloc(&s, 200 * (size_t)most, sizeof *s));
    code = nb_arena_init(&own, NB_BLOCK_ROWS * ((size_t)most + 8) * sizeof(double));
    code = code < 0 ? code : check_scores_of_points(self, s, &own);
    nb_arena_free(&own);
    nb_free(s);
    return code;
}

static int check_distribution(nb_subject_t *self, const nb_batch_t *batch, const double *p)
{
    const char *point = self->spec.points[batch->point].name;

    for (size_t i = 0; i < batch->n; i++) {
        double sum = 0.0, played = p[i * batch->n_actions + (size_t)self->action[i]];

        for (unsigned k = 0; k < batch->n_actions; k++) {
            double here = p[i * batch->n_actions + k];

            sum += here;
            if (!(here >= 0.0) ||
                (here > 0.0 && !nb_mask_allows(batch->mask, batch->mask_words, i, k))) {
                NB_FAIL(NB_ERR_DATA, "at point %s action %u of row %zu has probability %g", point,
                        k, i, here);
            }
        }
        if (!(fabs(sum - 1.0) < 1e-6)) {
            NB_FAIL(NB_ERR_DATA, "at point %s the probabilities of row %zu sum to %.9g", point, i,
                    sum);
        }
        if (!(fabs(self->propensity[i] - played) <= 1e-9) || !(played > 0.0)) {
            NB_FAIL(NB_ERR_DATA,
                    "at point %s row %zu plays action %d with propensity %.9g, its probability is "
                    "%.9g",
                    point, i, (int)self->action[i], self->propensity[i], played);
        }
    }
    return NB_OK;
}

int nb_check_probabilities(nb_subject_t *self, char *why)
{
    int code = NB_OK;

    if (!self->type->probabilities) {
        return nb_check_skip(why, "it has no probabilities()");
    }
    for (unsigned point = 0; point < self->spec.n_points && code >= 0; point++) {
        nb_batch_t batch = nb_subject_batch(self, point, 40, 8);
        double *p = NULL;

        batch.slate = 1;
        NB_TRY(nb_alloc(&p, batch.n * batch.n_actions, sizeof *p));
        code = self->type->probabilities(self->state, &batch, p);
        if (code >= 0) {
            code = nb_subject_choose(self, &batch, self->action, self->propensity);
        }
        code = code < 0 ? code : check_distribution(self, &batch, p);
        nb_free(p);
    }
    return code;
}

/* expected counts below 5 are pooled; beyond the limit once in a million */
static int compare_counts(const char *point, const double *p, const double *count, unsigned K,
                          double n)
{
    double statistic = 0.0, rare = 0.0, rare_count = 0.0;
    unsigned cells = 0;

    for (unsigned k = 0; k < K; k++) {
        double expected = n * p[k];

        if (expected < 5.0) {
            rare += expected;
            rare_count += count[k];
            continue;
        }
        statistic += (count[k] - expected) * (count[k] - expected) / expected;
        cells++;
    }
    if (rare >= 5.0) {
        statistic += (rare_count - rare) * (rare_count - rare) / rare;
        cells++;
    } else if (rare_count > rare + 10.0 * sqrt(rare + 1.0)) {
        NB_FAIL(NB_ERR_DATA, "at point %s actions expected %.2f times were played %.0f times",
                point, rare, rare_count);
    }
    if (cells > 1 && statistic > chi_square_limit(cells - 1.0)) {
        NB_FAIL(NB_ERR_DATA, "at point %s chi-square of %.0f choices is %.1f, expected below %.1f",
                point, n, statistic, chi_square_limit(cells - 1.0));
    }
    return NB_OK;
}

enum { N_PERIODS = 12, N_ROWS = 1000, N_TRIED = 16 };

/* rows of one customer and context, each with a luck of its own, which names what is drawn */
static nb_batch_t repeat_row(nb_subject_t *self, unsigned point)
{
    nb_batch_t batch = nb_subject_batch(self, point, N_ROWS, 9);

    batch.slate = 1;
    batch.luck = self->episode;
    batch.episode = NULL;
    for (size_t i = 0; i < N_ROWS; i++) {
        self->episode[i] = (uint32_t)i;
        memcpy(self->x + i * batch.d, self->x, batch.d * sizeof *self->x);
        memcpy(self->mask + i * batch.mask_words, self->mask,
               batch.mask_words * sizeof *self->mask);
        self->customer[i] = self->customer[0];
        self->tenure[i] = self->tenure[0];
    }
    return batch;
}

/* 1 where the first rows have equal probabilities: lucks and periods change nothing but the draw */
static int is_same_for_all(const double *p, unsigned K)
{
    for (size_t i = 1; i < N_TRIED; i++) {
        if (memcmp(p, p + i * K, K * sizeof *p) != 0) {
            return 0;
        }
    }
    return 1;
}

/* p [N_TRIED x K], count [K] */
static int count_choices(nb_subject_t *self, unsigned point, double *p, double *count)
{
    nb_batch_t batch = repeat_row(self, point);

    batch.n = N_TRIED;
    NB_TRY(self->type->probabilities(self->state, &batch, p));
    if (!is_same_for_all(p, batch.n_actions)) {
        return NB_CHECK_SKIP;
    }
    batch.n = N_ROWS;
    for (int period = 0; period < N_PERIODS; period++) {
        batch.period = 9 + 7 * period;
        /* nobody twice: what is drawn once a customer is not drawn again */
        for (size_t i = 0; i < N_ROWS; i++) {
            self->episode[i] = (uint32_t)(period * N_ROWS + (int)i);
        }
        NB_TRY(nb_subject_choose(self, &batch, self->action, NULL));
        for (size_t i = 0; i < N_ROWS; i++) {
            count[self->action[i]] += 1.0;
        }
    }
    return compare_counts(self->spec.points[point].name, p, count, batch.n_actions,
                          N_PERIODS * (double)N_ROWS);
}

int nb_check_frequencies(nb_subject_t *self, char *why)
{
    int code = NB_OK;

    if (!self->type->probabilities || (self->policy->traits & NB_TRAIT_ORACLE)) {
        return nb_check_skip(why, "it has no probabilities(), or an oracle's");
    }
    for (unsigned point = 0; point < self->spec.n_points && code == NB_OK; point++) {
        size_t K = self->spec.points[point].n_actions;
        double *p = NULL;

        NB_TRY(nb_alloc(&p, (N_TRIED + 1) * K, sizeof *p));
        code = count_choices(self, point, p, p + N_TRIED * K);
        nb_free(p);
    }
    return code == NB_CHECK_SKIP
               ? nb_check_skip(why, "its probabilities differ between equal customers: what it "
                                    "plays is settled by who they are")
               : code;
}

int nb_check_values(nb_subject_t *self, char *why)
{
    double *v = self->propensity;

    if (!self->type->value) {
        return nb_check_skip(why, "it has no value()");
    }
    for (unsigned p = 0; p < self->spec.n_points; p++) {
        nb_batch_t batch = nb_subject_batch(self, p, 50, 10);

        batch.slate = 1;
        NB_TRY(self->type->value(self->state, &batch, v));
        for (size_t i = 0; i < batch.n; i++) {
            if (!isfinite(v[i])) {
                NB_FAIL(NB_ERR_DATA, "at point %s the value of row %zu is %g",
                        self->spec.points[p].name, i, v[i]);
            }
        }
    }
    return NB_OK;
}
