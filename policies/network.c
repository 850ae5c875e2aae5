#include "policies/network.h"

#include <math.h>
#include <string.h>

#include "policies/rows.h"

static size_t bias_of(const nb_network_t *self)
{
    return self->hidden * self->d;
}

static size_t output_of(const nb_network_t *self)
{
    return self->hidden * (self->d + 1);
}

void nb_network_init(const nb_network_t *self, nb_stream_t *stream, double *theta)
{
    size_t size = nb_network_size(self);

    for (size_t at = 0; at < size; at++) {
        double variance = at < bias_of(self)     ? 2.0 / (double)self->d
                          : at < output_of(self) ? 0.0
                                                 : 1.0 / (double)self->hidden;

        theta[at] = sqrt(variance) * nb_stream_normal(stream);
    }
}

void nb_network_features(const nb_network_t *self, const double *theta, const double *x, double *z)
{
    const double *bias = theta + bias_of(self);

    for (size_t h = 0; h < self->hidden; h++) {
        const double *w = theta + h * self->d;
        double sum = bias[h];

        for (size_t j = 0; j < self->d; j++) {
            sum += w[j] * x[j];
        }
        z[h] = fmax(sum, 0.0);
    }
    z[self->hidden] = 1.0;
}

/* a row as its gradient needs it; it counts `share` */
typedef struct {
    const double *x, *z;
    size_t action;
    double y, share;
} seen_t;

/* share of its squared error / 2, and of the gradient of that, added */
static double add_row(const nb_network_t *self, const double *theta, const seen_t *seen,
                      double *gradient)
{
    size_t from = output_of(self) + seen->action * (self->hidden + 1);
    const double *u = theta + from, *z = seen->z;
    double off = -seen->y;

    for (size_t h = 0; h <= self->hidden; h++) {
        off += u[h] * z[h];
    }
    for (size_t h = 0; h <= self->hidden; h++) {
        gradient[from + h] += seen->share * off * z[h];
    }
    for (size_t h = 0; h < self->hidden; h++) {
        double back = z[h] > 0.0 ? seen->share * off * u[h] : 0.0;

        gradient[bias_of(self) + h] += back;
        for (size_t j = 0; back != 0.0 && j < self->d; j++) {
            gradient[h * self->d + j] += back * seen->x[j];
        }
    }
    return 0.5 * seen->share * off * off;
}

double nb_network_gradient(const nb_network_t *self, const double *theta,
                           const nb_network_rows_t *rows, double *gradient, double *work)
{
    double *x = work, *z = work + self->d, loss = 0.0, share = 1.0 / (double)rows->n;

    memset(gradient, 0, nb_network_size(self) * sizeof *gradient);
    for (size_t i = 0; i < rows->n; i++) {
        size_t at = rows->row[i];

        nb_rows_widen(rows->x, at, rows->d_given, x);
        nb_network_features(self, theta, x, z);
        seen_t seen = {x, z, (size_t)rows->action[at], rows->y[at], share};

        loss += add_row(self, theta, &seen, gradient);
    }
    return loss;
}

void nb_network_adam(const nb_network_t *self, double *theta, double *moments,
                     const double *gradient, double rate, double t)
{
    static const double keep = 0.9, keep_square = 0.999, epsilon = 1e-8;
    size_t size = nb_network_size(self);
    double *first = moments, *second = moments + size;
    double unbias = 1.0 - pow(keep, t), unbias_square = 1.0 - pow(keep_square, t);

    for (size_t at = 0; at < size; at++) {
        double g = gradient[at];

        first[at] = keep * first[at] + (1.0 - keep) * g;
        second[at] = keep_square * second[at] + (1.0 - keep_square) * g * g;
        theta[at] -= rate * (first[at] / unbias) / (sqrt(second[at] / unbias_square) + epsilon);
    }
}
