/*
 * Customer-weeks per CPU second of the journey, one thread, horizon only: what a strategy costs
 * beside the simulator.
 *
 * A customer-week is a row of the population in a week, the silently churned included: they stay on
 * the books and are contacted. Each strategy is run three times and the fastest counts; the ratio
 * is to `never` in the same run, which decides nothing.
 */
#include <stdio.h>
#include <time.h>

#include "bench/plan.h"
#include "bench/unit.h"

enum { N_RUNS = 3 };

typedef struct {
    const char *name;
    const char *strategy; /* YAML */
    int tail;             /* the whole life, tail included */
} contender_t;

#define EMAIL(every) "{recognize: {policy: schedule, action: email, every: " every "}}"

static const contender_t contenders[] = {
    {"never", "{}", 0},
    {"email every 4 weeks", EMAIL("4"), 0},
    {"the same, whole life", EMAIL("4"), 1},
    {"email every 2 weeks", EMAIL("2"), 0},
    {"the same, whole life", EMAIL("2"), 1},
    {"lin_ts, recognize, window(8)", "{recognize: {policy: lin_ts, credit: window(8)}}", 0},
    {"lin_ts, all points, window(8)", "{all: {policy: lin_ts, credit: window(8)}}", 0},
};

static double cpu_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

/* fastest of N_RUNS, customer-weeks per CPU second; negative where it failed */
static double measure(const contender_t *contender)
{
    char text[512];
    double best = 0;
    nb_plan_t plan;
    int code;

    snprintf(text, sizeof text,
             "name: speed\nscenario: everyday\ncustomers: 20000\nperiods: 156\nreplications: %d\n"
             "tail: %s\nstrategies: {contender: %s}\n",
             N_RUNS, contender->tail ? "true" : "false", contender->strategy);
    code = nb_plan_init_text(&plan, "speed", text, NULL, 0);
    for (int r = 0; code >= 0 && r < N_RUNS; r++) {
        double start = cpu_seconds();
        nb_unit_t unit;

        code = nb_unit_run(&unit, &plan, 0, r, NULL);
        double speed = unit.customer_periods / (cpu_seconds() - start);
        best = speed > best ? speed : best;
        nb_unit_free(&unit);
    }
    nb_plan_free(&plan);
    return code < 0 ? -1 : best;
}

int main(void)
{
    double base = 0;

    printf("%-36s %24s %10s\n", "everyday, 20,000 x 156 weeks", "M customer-weeks / CPU s",
           "ratio");
    for (size_t k = 0; k < sizeof contenders / sizeof contenders[0]; k++) {
        double speed = measure(&contenders[k]);

        if (speed < 0) {
            fprintf(stderr, "%s: %s\n", contenders[k].name, nb_error_detail());
            return 1;
        }
        base = k == 0 ? speed : base;
        printf("%-36s %24.2f %10.2f\n", contenders[k].name, speed / 1e6, speed / base);
        fflush(stdout);
    }
    return 0;
}
