/*
 * What the tests of hier_ts share: rows of a few customers at NARROW, and the dense joint posterior
 * of the population and all of them.
 */
#ifndef NB_TESTS_HIER_ROWS_H
#define NB_TESTS_HIER_ROWS_H

#include "tests/dense_regression.h"
#include "tests/fixture_policy.h"

enum { D = 5, K = 6, C = 8, N_ROWS = 1000, MOST = DENSE_MOST };
_Static_assert(D + C * D <= MOST, "the joint model of all customers fits");

/* rows of C customers at NARROW, as the tests teach them */
typedef struct {
    float x[N_ROWS][D];
    double y[N_ROWS];
    uint32_t customer[N_ROWS];
    int32_t action[N_ROWS];
    uint16_t signals[N_ROWS];
    const double *weight; /* NULL where every row counts one */
    size_t n;
} rows_t;

static rows_t rows;

/* customer 0 has no rows, customer c has more the higher c; action 5 is never played */
static inline void make_rows(size_t n, unsigned seed)
{
    nb_stream_t stream;

    nb_stream_init(&stream, (nb_key_t){seed, 5}, (nb_counter_t){0});
    rows.n = n;
    rows.weight = NULL;
    for (size_t i = 0; i < n; i++) {
        rows.customer[i] = (uint32_t)(1.0 + (C - 1) * sqrt(nb_stream_uniform(&stream)));
        rows.action[i] = (int32_t)(5.0 * nb_stream_uniform(&stream));
        rows.y[i] = 0.5 * rows.customer[i] - 0.3 * rows.action[i] + nb_stream_normal(&stream);
        for (int j = 0; j < D; j++) {
            rows.x[i][j] = j ? (float)nb_stream_normal(&stream) : 1.0f;
            rows.y[i] += 0.4 * (j - 2) * (double)rows.x[i][j];
        }
        rows.signals[i] = (uint16_t)(8.0 * nb_stream_uniform(&stream));
    }
}

/* in blocks of 64 rows, a refresh after every second one */
static inline void teach_rows(fixture_t *fixture)
{
    for (size_t start = 0; start < rows.n; start += 64) {
        nb_transitions_t finished = {.point = NARROW,
                                     .n = rows.n - start < 64 ? rows.n - start : 64,
                                     .d = D,
                                     .x = rows.x[start],
                                     .n_actions = K,
                                     .mask_words = 1,
                                     .customer = rows.customer + start,
                                     .slate = 1,
                                     .action = rows.action + start,
                                     .reward = rows.y + start,
                                     .weight = rows.weight ? rows.weight + start : NULL,
                                     .signals = rows.signals + start,
                                     .scratch = &fixture->arena};

        assert_ok(fixture->type->update(fixture->state, &finished));
        if (start % 128 == 0) {
            assert_ok(fixture->type->end_period(fixture->state, &fixture->arena));
        }
    }
    assert_ok(fixture->type->end_period(fixture->state, &fixture->arena));
}

/* a row's place in the joint vector (theta, delta_0, ..., delta_C-1), q deviations each */
static inline void widen(const float *x, uint32_t customer, int q, double *out)
{
    memset(out, 0, MOST * sizeof *out);
    for (int j = 0; j < D; j++) {
        out[j] = x[j];
        out[D + (int)customer * q + (q > 1 ? j : 0)] = q > 1 ? (double)x[j] : 1.0;
    }
}

/* outcome of stage s of a row: -1 where the decision did not come so far; see policies/funnel.h */
static inline double stage_outcome(size_t i, unsigned stage)
{
    int bought = rows.signals[i] >> 2 & 1, visited = bought | (rows.signals[i] >> 1 & 1);
    int opened = visited | (rows.signals[i] & 1);
    const int outcome[] = {opened, visited, bought}, before[] = {1, opened, visited};

    return before[stage] ? 2.0 * outcome[stage] : -1.0;
}

/* the joint posterior of one arm; `stage` < 0 learns the reward */
static inline void make_dense(dense_t *self, unsigned k, int stage, int q, double lambda, double s,
                              double sd)
{
    double wide[MOST];

    dense_init(self, D + C * q);
    for (int j = 0; j < self->n; j++) {
        self->a[j][j] = j < D ? lambda : 1.0 / (s * s);
    }
    for (size_t i = 0; i < rows.n; i++) {
        double y = stage < 0 ? rows.y[i] : stage_outcome(i, (unsigned)stage);

        if (rows.action[i] == (int32_t)k && (stage < 0 || y >= 0.0)) {
            widen(rows.x[i], rows.customer[i], q, wide);
            dense_add(self, wide, y, sd * sd);
        }
    }
}

#endif
