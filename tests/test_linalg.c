#include "core/linalg.h"
#include "core/memory.h"
#include "core/rng.h"
#include "tests/testlib.h"

enum { MAX_D = 33, MAX_LD = 40 };

static nb_stream_t stream;

static void fill_normal(double *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        values[i] = nb_stream_normal(&stream);
    }
}

/* random X'X + I over n rows, [d x ld], the whole matrix */
static void make_moments(double *a, size_t d, size_t ld, size_t n)
{
    double x[MAX_D];

    memset(a, 0, d * ld * sizeof *a);
    for (size_t j = 0; j < d; j++) {
        a[j * ld + j] = 1.0;
    }
    for (size_t i = 0; i < n; i++) {
        fill_normal(x, d);
        for (size_t j = 0; j < d * d; j++) {
            a[j / d * ld + j % d] += x[j / d] * x[j % d];
        }
    }
}

/* reference: Gauss elimination with partial pivoting in long double */
static void solve_dense(const double *a, size_t d, size_t ld, const double *b, double *v)
{
    long double m[MAX_D][MAX_D + 1];

    for (size_t j = 0; j < d; j++) {
        for (size_t l = 0; l < d; l++) {
            m[j][l] = a[j * ld + l];
        }
        m[j][d] = b[j];
    }
    for (size_t j = 0; j < d; j++) {
        size_t pivot = j;

        for (size_t i = j + 1; i < d; i++) {
            pivot = fabsl(m[i][j]) > fabsl(m[pivot][j]) ? i : pivot;
        }
        for (size_t l = 0; l <= d; l++) {
            long double swap = m[j][l];

            m[j][l] = m[pivot][l];
            m[pivot][l] = swap;
        }
        for (size_t i = 0; i < d; i++) {
            long double factor = i == j ? 0.0L : m[i][j] / m[j][j];

            for (size_t l = 0; l <= d; l++) {
                m[i][l] -= factor * m[j][l];
            }
        }
    }
    for (size_t j = 0; j < d; j++) {
        v[j] = (double)(m[j][d] / m[j][j]);
    }
}

static void test_cholesky_solves_as_dense_elimination(void **state)
{
    static const size_t sizes[] = {1, 2, 7, 8, 16, 24, 33};
    double a[MAX_D * MAX_LD], l[MAX_D * MAX_LD], r[MAX_D * MAX_LD];
    double b[MAX_D], work[MAX_D], v[MAX_D], expected[MAX_D];

    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        size_t d = sizes[s], ld = nb_round_up(d, NB_MOMENT_PAD);

        make_moments(a, d, ld, 3 * d);
        fill_normal(b, d);
        memcpy(l, a, d * ld * sizeof *a);
        assert_ok(nb_cholesky(l, d, ld));
        nb_triangle_invert(l, d, ld, r);
        nb_triangle_solve(r, d, ld, b, work, v);
        solve_dense(a, d, ld, b, expected);
        for (size_t j = 0; j < d; j++) {
            assert_close(v[j], expected[j], 1e-10, 1e-12);
        }
    }
}

static void test_cholesky_factor_gives_the_matrix_back(void **state)
{
    double a[12 * 16], l[12 * 16];

    (void)state;
    make_moments(a, 12, 16, 40);
    memcpy(l, a, sizeof a);
    assert_ok(nb_cholesky(l, 12, 16));
    for (size_t i = 0; i < 12; i++) {
        for (size_t j = 0; j <= i; j++) {
            double sum = 0.0;

            for (size_t m = 0; m <= j; m++) {
                sum += l[i * 16 + m] * l[j * 16 + m];
            }
            assert_close(sum, a[i * 16 + j], 1e-13, 1e-12);
        }
    }
}

static void test_cholesky_refuses_what_is_not_positive_definite(void **state)
{
    double a[2 * 8] = {1.0, [8] = 2.0, [9] = 4.0};
    double nan[8] = {NAN};

    (void)state;
    assert_fails(nb_cholesky(a, 2, 8), NB_ERR_NUMERIC, "pivot 1 of 2");
    assert_fails(nb_cholesky(nan, 1, 8), NB_ERR_NUMERIC, "pivot 0");
}

/* (A + x x')^-1 = W - W x x'W / (1 + x'W x): Sherman & Morrison (1950) row after row, against one
 * factorization of the accumulated moments */
static void test_rank_update_equals_sherman_morrison(void **state)
{
    enum { D = 16, N = 200 };
    double a[D * D] = {0}, w[D * D] = {0}, r[D * D], x[D], wx[D];

    (void)state;
    for (size_t j = 0; j < D; j++) {
        a[j * D + j] = w[j * D + j] = 1.0;
    }
    for (size_t i = 0; i < N; i++) {
        double q = 1.0;

        fill_normal(x, D);
        nb_rank_update(a, D, x, 1);
        for (size_t j = 0; j < D; j++) {
            wx[j] = 0.0;
            for (size_t l = 0; l < D; l++) {
                wx[j] += w[j * D + l] * x[l];
            }
            q += wx[j] * x[j];
        }
        for (size_t j = 0; j < D * D; j++) {
            w[j] -= wx[j / D] * wx[j % D] / q;
        }
    }
    assert_ok(nb_cholesky(a, D, D));
    nb_triangle_invert(a, D, D, r);
    for (size_t j = 0; j < D * D; j++) {
        double sum = 0.0;

        for (size_t m = j / D > j % D ? j / D : j % D; m < D; m++) {
            sum += r[m * D + j / D] * r[m * D + j % D];
        }
        assert_close(sum, w[j], 1e-10, 1e-12);
    }
}

static void test_rank_update_has_the_same_bits_however_rows_are_split(void **state)
{
    enum { D = 11, LD = 16, N = 50 };
    double x[N * LD] = {0}, whole[D * LD] = {0}, split[D * LD] = {0};

    (void)state;
    for (size_t i = 0; i < N; i++) {
        fill_normal(x + i * LD, D);
    }
    nb_rank_update(whole, D, x, N);
    for (size_t i = 0; i < N; i += 7) {
        nb_rank_update(split, D, x + i * LD, i + 7 < N ? 7 : N - i);
    }
    for (size_t j = 0; j < D; j++) {
        assert_memory_equal(whole + j * LD, split + j * LD, (j + 1) * sizeof *whole);
    }
}

/* random rows, vectors and triangles of n_groups groups, scored */
typedef struct {
    float x[100 * MAX_D];
    float means[2 * MAX_D * NB_ARM_GROUP];
    float factors[2 * MAX_D * (MAX_D + 1) / 2 * NB_ARM_GROUP];
    float mean[8 * 128], variance[8 * 128];
    float scratch[MAX_D * NB_TILE_ROWS];
} scores_t;

static void fill_float(float *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        values[i] = (float)nb_stream_normal(&stream);
    }
}

static nb_linear_scores_t make_scores(scores_t *self, size_t n, size_t d)
{
    fill_float(self->x, n * d);
    fill_float(self->means, 2 * d * NB_ARM_GROUP);
    fill_float(self->factors, 2 * nb_triangle_size(d) * NB_ARM_GROUP);
    return (nb_linear_scores_t){self->x,
                                n,
                                d,
                                2,
                                self->means,
                                self->factors,
                                self->mean,
                                self->variance,
                                nb_linear_stride(n),
                                self->scratch};
}

static void test_linear_scores_equal_the_naive_sums(void **state)
{
    static const size_t sizes[] = {1, 5, 16, 33};
    static scores_t data;

    (void)state;
    for (size_t s = 0; s < 4; s++) {
        size_t d = sizes[s];
        nb_linear_scores_t job = make_scores(&data, 100, d);

        nb_linear_scores(&job);
        for (size_t at = 0; at < 100 * 8; at++) {
            size_t i = at / 8, k = at % 8, lane = k % 4;
            const float *factor = data.factors + (k - lane) * nb_triangle_size(d) + lane;
            double mean = 0.0, variance = 0.0;

            for (size_t j = 0; j < d; j++) {
                double u = 0.0;

                for (size_t l = 0; l <= j; l++, factor += 4) {
                    u += (double)*factor * (double)data.x[i * d + l];
                }
                variance += u * u;
                mean +=
                    (double)data.means[(k - lane) * d + 4 * j + lane] * (double)data.x[i * d + j];
            }
            assert_close((double)data.mean[k * job.stride + i], mean, 1e-5, 1e-5);
            assert_close((double)data.variance[k * job.stride + i], variance, 1e-5, 1e-5);
        }
    }
}

static void test_linear_scores_of_a_row_do_not_depend_on_its_block(void **state)
{
    static scores_t data;
    static float whole[8 * 128];
    nb_linear_scores_t job = make_scores(&data, 100, 24);

    (void)state;
    nb_linear_scores(&job);
    memcpy(whole, data.variance, sizeof whole);
    for (size_t i = 0; i < 100; i++) {
        nb_linear_scores_t one = job;

        one.x = data.x + i * 24;
        one.n = 1;
        one.stride = nb_linear_stride(1);
        nb_linear_scores(&one);
        for (size_t k = 0; k < 8; k++) {
            assert_memory_equal(data.variance + k * one.stride, whole + k * job.stride + i,
                                sizeof(float));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cholesky_solves_as_dense_elimination),
        cmocka_unit_test(test_cholesky_factor_gives_the_matrix_back),
        cmocka_unit_test(test_cholesky_refuses_what_is_not_positive_definite),
        cmocka_unit_test(test_rank_update_equals_sherman_morrison),
        cmocka_unit_test(test_rank_update_has_the_same_bits_however_rows_are_split),
        cmocka_unit_test(test_linear_scores_equal_the_naive_sums),
        cmocka_unit_test(test_linear_scores_of_a_row_do_not_depend_on_its_block),
    };

    nb_stream_init(&stream, (nb_key_t){5, 0}, (nb_counter_t){0});
    return cmocka_run_group_tests(tests, NULL, NULL);
}
