#include "policies/slate.h"

#include <math.h>
#include <string.h>

enum { MAX_STEPS = 64 /* Dinkelbach converges faster than linearly: some 5 are usual */ };

int nb_slate_check(const nb_transitions_t *finished)
{
    for (size_t i = 0; i < finished->n; i++) {
        if (!isfinite(finished->reward[i])) {
            NB_FAIL(NB_ERR_NUMERIC, "transition %zu has reward %g, expected a finite number", i,
                    finished->reward[i]);
        }
        for (unsigned j = 0; j < finished->slate; j++) {
            int32_t k = finished->action[i * finished->slate + j];

            if (k >= (int32_t)finished->n_actions || k < -1 || (k < 0 && j == 0)) {
                NB_FAIL(NB_ERR_RANGE, "transition %zu has action %d, expected 0 to %u", i, (int)k,
                        finished->n_actions - 1);
            }
        }
    }
    return NB_OK;
}

void nb_slate_position(const nb_transitions_t *finished, unsigned j, nb_transitions_t *out)
{
    nb_arena_t *scratch = finished->scratch;
    size_t n = finished->n, d = finished->d;
    float *x = finished->x ? nb_arena_take(scratch, n * d, sizeof *x) : NULL;
    int32_t *action = nb_arena_take(scratch, n, sizeof *action);
    double *reward = nb_arena_take(scratch, n, sizeof *reward);

    *out = *finished;
    out->n = 0;
    out->slate = 1;
    out->item = NULL;
    out->x = x;
    out->action = action;
    out->reward = reward;
    for (size_t i = 0; i < n; i++) {
        int32_t k = finished->action[i * finished->slate + j];
        int is_chosen = finished->slate == 1 || finished->item[i] == k;

        if (k < 0) {
            continue;
        }
        if (x) {
            memcpy(x + out->n * d, finished->x + i * d, d * sizeof *x);
        }
        action[out->n] = k;
        reward[out->n++] = is_chosen ? finished->reward[i] : 0.0;
    }
}

/* value of a slate */
static double ratio_of(const int32_t *action, unsigned n, const double *w, const double *q,
                       double w0, double q0)
{
    double sum = w0 * q0, weight = w0;

    for (unsigned j = 0; j < n && action[j] >= 0; j++) {
        sum += w[action[j]] * q[action[j]];
        weight += w[action[j]];
    }
    return sum / weight;
}

int nb_slate_best_ratio(const nb_batch_t *batch, size_t i, const double *w, const double *q,
                        double w0, double q0, double tie, double *s, int32_t *action)
{
    nb_batch_t row = *batch;
    double z = q0, better;

    row.n = 1;
    row.mask = batch->mask + i * batch->mask_words;
    for (int step = 0; step < MAX_STEPS; step++, z = better) {
        for (unsigned k = 0; k < batch->n_actions; k++) {
            s[k] = w[k] * (q[k] - z);
        }
        NB_TRY(nb_policy_top(&row, s, &tie, action));
        better = ratio_of(action, batch->slate, w, q, w0, q0);
        if (fabs(better - z) <= 1e-14 * (1.0 + fabs(z))) {
            break;
        }
    }
    return NB_OK;
}
