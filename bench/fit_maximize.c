#include "bench/fit_maximize.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_multimin.h>
#include <math.h>
#include <string.h>

enum { MOST_STEPS = 300, MOST_NEWTON = 20 };

/* a parameter beyond exp(+-edge) of its start has run away */
static const double edge = 16;
static const double small_gradient = 1e-6;

/* minus the mean log-likelihood as a function of ln theta, as GSL wants it */
typedef struct {
    const nb_likelihood_t *likelihood;
    const double *start;
} objective_t;

/* out of reach or not finite: a large finite value, which the line search backs away from */
static double evaluate(const objective_t *self, const double *log_theta, double *gradient)
{
    const nb_likelihood_t *likelihood = self->likelihood;
    double theta[NB_FIT_MAX_PARAMETERS], value;
    int is_far = 0;

    for (size_t i = 0; i < likelihood->n; i++) {
        is_far |= !(fabs(log_theta[i] - log(self->start[i])) < 2 * edge);
        theta[i] = exp(log_theta[i]);
        gradient[i] = 0;
    }
    if (is_far) {
        return 1e10;
    }
    value = likelihood->value(theta, gradient, likelihood->data);
    for (size_t i = 0; i < likelihood->n; i++) {
        gradient[i] *= -theta[i] / likelihood->n_observations;
        is_far |= !isfinite(gradient[i]);
    }
    return isfinite(value) && !is_far ? -value / likelihood->n_observations : 1e10;
}

static double value_of(const gsl_vector *x, void *self)
{
    double gradient[NB_FIT_MAX_PARAMETERS];

    return evaluate(self, x->data, gradient);
}

static void gradient_of(const gsl_vector *x, void *self, gsl_vector *gradient)
{
    evaluate(self, x->data, gradient->data);
}

static void both_of(const gsl_vector *x, void *self, double *value, gsl_vector *gradient)
{
    *value = evaluate(self, x->data, gradient->data);
}

static double norm(const double *x, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        sum += x[i] * x[i];
    }
    return sqrt(sum);
}

/* BFGS from one start; its end [n] in ln theta. It ends with GSL_ENOPROG where rounding stops it:
 * what counts is the gradient, which the caller looks at. */
static int descend(objective_t *objective, double *log_theta, double *value)
{
    size_t n = objective->likelihood->n;
    gsl_multimin_function_fdf function = {value_of, gradient_of, both_of, n, objective};
    gsl_multimin_fdfminimizer *minimizer =
        gsl_multimin_fdfminimizer_alloc(gsl_multimin_fdfminimizer_vector_bfgs2, n);
    gsl_vector_view x = gsl_vector_view_array(log_theta, n);
    int status;

    if (!minimizer) {
        NB_FAIL(NB_ERR_MEMORY, "out of memory for the minimizer");
    }
    status = gsl_multimin_fdfminimizer_set(minimizer, &function, &x.vector, 0.1, 0.1);
    for (int i = 0; status == GSL_SUCCESS && i < MOST_STEPS; i++) {
        status = gsl_multimin_fdfminimizer_iterate(minimizer);
        if (gsl_multimin_test_gradient(minimizer->gradient, small_gradient) == GSL_SUCCESS) {
            break;
        }
    }
    gsl_vector_memcpy(&x.vector, minimizer->x);
    *value = minimizer->f;
    gsl_multimin_fdfminimizer_free(minimizer);
    return NB_OK;
}

/* Hessian [n x n] of the objective by central differences of its gradient */
static void differentiate(const objective_t *objective, const double *log_theta, double *hessian)
{
    size_t n = objective->likelihood->n;
    double high[NB_FIT_MAX_PARAMETERS], low[NB_FIT_MAX_PARAMETERS], at[NB_FIT_MAX_PARAMETERS];
    const double step = 1e-4;

    memcpy(at, log_theta, n * sizeof *at);
    for (size_t i = 0; i < n; i++) {
        at[i] = log_theta[i] + step;
        evaluate(objective, at, high);
        at[i] = log_theta[i] - step;
        evaluate(objective, at, low);
        at[i] = log_theta[i];
        for (size_t j = 0; j < n; j++) {
            hessian[i * n + j] = (high[j] - low[j]) / (2 * step);
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < i; j++) {
            double mean = (hessian[i * n + j] + hessian[j * n + i]) / 2;

            hessian[i * n + j] = hessian[j * n + i] = mean;
        }
    }
}

/* Cholesky factor of the Hessian in its place; 0 where it is not positive definite */
static int factor(const objective_t *objective, const double *log_theta, double *hessian)
{
    size_t n = objective->likelihood->n;
    gsl_matrix_view matrix = gsl_matrix_view_array(hessian, n, n);

    differentiate(objective, log_theta, hessian);
    for (size_t i = 0; i < n * n; i++) {
        if (!isfinite(hessian[i])) {
            return 0;
        }
    }
    return gsl_linalg_cholesky_decomp1(&matrix.matrix) == GSL_SUCCESS;
}

/* Newton steps while they shrink the gradient: to the last digits that BFGS leaves open */
static void polish(const objective_t *objective, double *log_theta, double *value)
{
    size_t n = objective->likelihood->n;
    double hessian[NB_FIT_MAX_PARAMETERS * NB_FIT_MAX_PARAMETERS];
    double gradient[NB_FIT_MAX_PARAMETERS], next[NB_FIT_MAX_PARAMETERS], size;

    *value = evaluate(objective, log_theta, gradient);
    for (int i = 0; i < MOST_NEWTON && factor(objective, log_theta, hessian); i++) {
        gsl_matrix_view matrix = gsl_matrix_view_array(hessian, n, n);
        gsl_vector_view step = gsl_vector_view_array(gradient, n);
        double next_value;

        size = norm(gradient, n);
        if (gsl_linalg_cholesky_svx(&matrix.matrix, &step.vector) != GSL_SUCCESS) {
            return;
        }
        for (size_t j = 0; j < n; j++) {
            next[j] = log_theta[j] - gradient[j];
        }
        next_value = evaluate(objective, next, gradient);
        if (!(norm(gradient, n) < size) || !(next_value <= *value + 1e-12 * fabs(*value))) {
            return;
        }
        *value = next_value;
        memcpy(log_theta, next, n * sizeof *next);
    }
}

/* errors, gradient and verdict at the end */
static void judge(const objective_t *objective, const double *log_theta, nb_maximum_t *out)
{
    size_t n = objective->likelihood->n;
    double hessian[NB_FIT_MAX_PARAMETERS * NB_FIT_MAX_PARAMETERS];
    double gradient[NB_FIT_MAX_PARAMETERS];
    gsl_matrix_view matrix = gsl_matrix_view_array(hessian, n, n);
    int is_definite;

    evaluate(objective, log_theta, gradient);
    out->gradient = norm(gradient, n);
    is_definite = factor(objective, log_theta, hessian) &&
                  gsl_linalg_cholesky_invert(&matrix.matrix) == GSL_SUCCESS;
    out->converged = is_definite && out->gradient < small_gradient;
    for (size_t i = 0; i < n; i++) {
        double variance = hessian[i * n + i] / objective->likelihood->n_observations;

        /* the delta method back from ln theta; exact at a maximum */
        out->error[i] = is_definite ? out->theta[i] * sqrt(variance) : NAN;
        if (fabs(log_theta[i] - log(objective->start[i])) > edge) {
            out->converged = 0;
        }
    }
}

int nb_maximize(const nb_likelihood_t *likelihood, const double *starts, size_t n_starts,
                nb_maximum_t *out)
{
    size_t n = likelihood->n;
    double log_theta[NB_FIT_MAX_PARAMETERS], best[NB_FIT_MAX_PARAMETERS];
    double value = INFINITY, best_value = INFINITY;
    objective_t objective = {likelihood, starts};

    NB_ASSERT(n <= NB_FIT_MAX_PARAMETERS);
    gsl_set_error_handler_off();
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < n_starts; i++) {
        for (size_t j = 0; j < n; j++) {
            log_theta[j] = log(starts[i * n + j]);
        }
        NB_TRY(descend(&objective, log_theta, &value));
        if (value < best_value) {
            best_value = value;
            memcpy(best, log_theta, n * sizeof *best);
        }
    }
    if (!(best_value < 1e9)) {
        NB_FAIL(NB_ERR_NUMERIC, "the likelihood is not finite at any start");
    }
    polish(&objective, best, &best_value);
    out->value = -best_value * likelihood->n_observations;
    for (size_t i = 0; i < n; i++) {
        out->theta[i] = exp(best[i]);
    }
    judge(&objective, best, out);
    return NB_OK;
}
