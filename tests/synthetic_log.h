/*
 * A purchase log drawn from BG/NBD and Gamma-Gamma with known parameters, as text: customer, date,
 * spend.
 */
#ifndef NB_TESTS_SYNTHETIC_LOG_H
#define NB_TESTS_SYNTHETIC_LOG_H

#include <math.h>
#include <stdio.h>

#include "bench/calendar.h"
#include "core/dist.h"
#include "sim/bgnbd.h"
#include "sim/gammagamma.h"

typedef struct {
    nb_bgnbd_t purchases; /* time in days */
    nb_gammagamma_t spend;
    unsigned n_customers;
    int birth_days, days; /* births spread over the first, observed for the second */
    uint32_t seed;
} synthetic_t;

/* purchases of customer i: rate and coin drawn once, an exponential gap and a coin each time */
static inline void write_synthetic_customer(const synthetic_t *self, unsigned i, FILE *out)
{
    nb_stream_t stream;

    nb_stream_init(&stream, (nb_key_t){self->seed, 0}, (nb_counter_t){.luck = i});
    double rate = nb_dist_gamma(&stream, self->purchases.r, self->purchases.alpha);
    double coin = nb_dist_beta(&stream, self->purchases.a, self->purchases.b);
    double nu = nb_dist_gamma(&stream, self->spend.q, self->spend.v);
    long birth = (long)(nb_stream_uniform(&stream) * self->birth_days);

    for (double t = 0; birth + lround(t) < self->days;) {
        char date[NB_DATE_SIZE];

        nb_date_write(18262 + birth + lround(t), date); /* from 2020-01-01 on */
        fprintf(out, "c%u,%s,%.2f\n", i, date, nb_dist_gamma(&stream, self->spend.p, nu));
        if (t > 0 && nb_stream_uniform(&stream) < coin) {
            return;
        }
        uint32_t high = nb_stream_next(&stream);
        t += nb_dist_exponential(high, nb_stream_next(&stream)) / rate;
    }
}

static inline void write_synthetic_log(const synthetic_t *self, FILE *out)
{
    fputs("customer,date,spend\n", out);
    for (unsigned i = 0; i < self->n_customers; i++) {
        write_synthetic_customer(self, i, out);
    }
}

#endif
