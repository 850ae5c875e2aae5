#include "bench/tune_schedule.h"

/* the best of a round that go on, at least one */
static size_t cut(size_t n, int eta)
{
    return (n + (size_t)eta - 1) / (size_t)eta;
}

/* replications of the first round that leave room for all the growth, 1 at least */
static long long find_first(size_t n, int eta, int budget)
{
    long long cost = (long long)n, replications = 1;

    for (size_t left = cut(n, eta); left > 1; left = cut(left, eta)) {
        cost += (long long)left * replications * (eta - 1);
        replications *= eta;
    }
    return budget / cost > 1 ? budget / cost : 1;
}

int nb_tune_schedule(size_t n, int eta, int budget, nb_tune_round_t out[NB_TUNE_MAX_ROUNDS])
{
    long long replications = 0, left = budget, step = find_first(n, eta, budget);
    int n_rounds = 0;

    for (; n > 1; n = cut(n, eta)) {
        long long affordable = left / (long long)n;

        step = cut(n, eta) == 1 || step > affordable ? affordable : step;
        if (step == 0) {
            break;
        }
        replications += step;
        left -= step * (long long)n;
        out[n_rounds++] = (nb_tune_round_t){n, (int)replications};
        step = replications * (eta - 1);
    }
    return n_rounds;
}

size_t nb_tune_cost(const nb_tune_round_t *rounds, int n_rounds)
{
    size_t cost = 0;
    int before = 0;

    for (int i = 0; i < n_rounds; i++) {
        cost += rounds[i].n_candidates * (size_t)(rounds[i].replications - before);
        before = rounds[i].replications;
    }
    return cost;
}
