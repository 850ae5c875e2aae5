/*
 * Customer-weeks per CPU second of the journey, one thread, horizon only: what a strategy costs
 * beside the simulator. `everything` is a strategy that uses every point and a scenario that leaves
 * no mechanism out: three categories with complements, closed at first, learning, consent,
 * automatic orders, a second segment, platform customers, referrals, a shock and drift.
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
    const char *settings; /* of the scenario, lines of YAML; NULL: everyday as it is */
} contender_t;

#define EMAIL(every) "{recognize: {policy: schedule, action: email, every: " every "}}"

/* consent is asked for, then automatic orders and coaching, else e-mail; all points act */
#define EVERYTHING                                                                                 \
    "{recognize: {policy: schedule, action: [auto_order, coach, ask_consent, email], every: 4}, "  \
    "display: {policy: fixed, action: shortlist3}, offer: {policy: fixed, action: "                \
    "[complement, personal_upsell]}, respond: {policy: fixed, action: express}, repeat: "          \
    "{policy: fixed, action: [adjacent, ask_referral, survey]}}"

static const char all_mechanisms[] =
    "categories: 3\npermission: {start: -0.5}\ncomplement: {need: 0.05}\nsegment: {share: 0.3, "
    "rate: 1.3}\nplatform: {share: 0.1}\nshock: {week: 78, taste: 0.5}\ndrift: {outside: 0.1}\n"
    "need: {season: 0.3}\nstate: {visible: true}\nview: {lost: 0.05}\n"
    "consent: {at_birth: 0.3}\nenrolled: {at_birth: 0.5}\n";

static const contender_t contenders[] = {
    {"never", "{}", 0, NULL},
    {"email every 4 weeks", EMAIL("4"), 0, NULL},
    {"the same, whole life", EMAIL("4"), 1, NULL},
    {"email every 2 weeks", EMAIL("2"), 0, NULL},
    {"the same, whole life", EMAIL("2"), 1, NULL},
    {"everything", EVERYTHING, 0, all_mechanisms},
    {"the same, whole life", EVERYTHING, 1, all_mechanisms},
    {"lin_ts, recognize, window(8)", "{recognize: {policy: lin_ts, credit: window(8)}}", 0, NULL},
    {"lin_ts, all points, window(8)", "{all: {policy: lin_ts, credit: window(8)}}", 0, NULL},
};

static double cpu_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

/* fastest of N_RUNS, customer-weeks per CPU second; negative where it failed */
static double measure(const contender_t *contender)
{
    char text[2048];
    double best = 0;
    nb_plan_t plan;
    int code;

    snprintf(text, sizeof text,
             "name: speed\nscenario: everyday\ncustomers: 20000\nperiods: 156\nreplications: %d\n"
             "tail: %s\nstrategies: {contender: %s}\n%s",
             N_RUNS, contender->tail ? "true" : "false", contender->strategy,
             contender->settings ? contender->settings : "");
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
