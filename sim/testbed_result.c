/* Metrics of test beds, see sim/testbed.h. */
#include <math.h>

#include "core/memory.h"
#include "sim/testbed.h"

enum { EQUITY, REWARD, REGRET, NORMALIZED, OPTIMAL, REWARD_LAST, OPTIMAL_LAST, N_SCALARS };
enum { N_SERIES = 3 };

static const nb_metric_t scalars[N_SCALARS] = {
    [EQUITY] = {"equity", "reward", "discounted reward per customer"},
    [REWARD] = {"reward", "reward", "sum of rewards per customer, not discounted"},
    [REGRET] = {"regret", "reward",
                "pseudo-regret per customer: what the benchmark expects less what the actions "
                "played are expected to bring"},
    [NORMALIZED] = {"regret_normalized", "percent",
                    "regret in percent of that of an action drawn at random"},
    [OPTIMAL] = {"optimal", "share", "share of decisions that are as good as the benchmark"},
    [REWARD_LAST] = {"reward_last", "reward", "mean reward of a decision in the last 100 periods"},
    [OPTIMAL_LAST] = {"optimal_last", "share", "`optimal` of the last 100 periods"},
};
static const nb_metric_t series[N_SERIES] = {
    {"regret", "reward", "pseudo-regret per customer up to and including the period"},
    {"reward", "reward", "mean reward of a decision of the period"},
    {"optimal", "share", "share of the period's decisions that are as good as the benchmark"},
};

static double mean_of_last(const nb_testbed_run_t *run, const double *by_period)
{
    int first = run->periods > NB_BED_LAST ? run->periods - NB_BED_LAST : 0;
    double sum = 0.0;

    for (int t = first; t < run->periods; t++) {
        sum += by_period[t];
    }
    return sum / ((double)run->n * (run->periods - first));
}

static void fill_series(nb_testbed_run_t *run)
{
    size_t T = (size_t)run->periods;
    double n = (double)run->n, regret = 0.0;

    for (size_t t = 0; t < T; t++) {
        regret += run->regret_t[t];
        run->series[t] = regret / n;
        run->series[T + t] = run->reward_t[t] / n;
        run->series[2 * T + t] = run->optimal_t[t] / n;
    }
}

int nb_testbed_result(void *self, nb_result_t *out)
{
    nb_testbed_run_t *run = self;
    const nb_testbed_sums_t *sums = &run->sums;
    double n = (double)run->n;

    if (!run->series) {
        NB_TRY(nb_alloc(&run->series, N_SERIES * (size_t)run->periods, sizeof *run->series));
    }
    fill_series(run);
    run->scalar[EQUITY] = sums->equity / n;
    run->scalar[REWARD] = sums->reward / n;
    run->scalar[REGRET] = sums->regret / n;
    run->scalar[NORMALIZED] =
        sums->random_regret > 0.0 ? 100.0 * sums->regret / sums->random_regret : NAN;
    run->scalar[OPTIMAL] = sums->decisions > 0.0 ? sums->optimal / sums->decisions : NAN;
    run->scalar[REWARD_LAST] = mean_of_last(run, run->reward_t);
    run->scalar[OPTIMAL_LAST] = mean_of_last(run, run->optimal_t);
    *out = (nb_result_t){
        .n_scalars = N_SCALARS,
        .scalars = scalars,
        .scalar = run->scalar,
        .n_series = N_SERIES,
        .series = series,
        .series_values = run->series,
        .periods = run->periods,
    };
    return NB_OK;
}
