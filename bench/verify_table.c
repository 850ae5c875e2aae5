/*
 * The calibration targets and the experiments behind them. Bands and their sources: docs/model.md.
 */
#include "bench/verify_table.h"

#include <math.h>
#include <string.h>

#define ONE_PERCENT_OF_SURVIVAL (-0.00019135250301284814) /* -ln(1.01) / 52 */

/* e-mail every second week by the weeks since the last contact, so that the strategy with automatic
 * orders keeps the same rhythm; -0.75 and 2.0833 are 1.5 weeks and a score of 3 as features are
 * standardized */
#define EMAIL_RULE "{if: {feature: weeks_since_contact, above: -0.75}, action: email}"
#define SHORTLIST "display: {policy: fixed, action: shortlist3}"
#define EMAIL(weeks) "recognize: {policy: schedule, action: email, every: " #weeks "}"

#define AUTO_STRATEGIES                                                                            \
    "{curated: {recognize: {policy: rules, rules: [" EMAIL_RULE "]}, " SHORTLIST "}, "             \
    "auto: {recognize: {policy: rules, rules: ["                                                   \
    "{if: {feature: max_detector, above: 2.0833}, action: auto_order}, " EMAIL_RULE                \
    "]}, " SHORTLIST "}, "                                                                         \
    "never: {}, once: {recognize: {policy: schedule, action: auto_order, every: 520, "             \
    "phase: same}}}"
#define COACH_STRATEGIES                                                                           \
    "{curated: {" EMAIL(                                                                           \
        2) ", " SHORTLIST "}, "                                                                    \
           "coach: {recognize: {policy: schedule, action: [coach, email], every: 2}, " SHORTLIST   \
           "}}"
#define DISPLAY_STRATEGIES "{catalogue: {" EMAIL(4) "}, shortlist: {" EMAIL(4) ", " SHORTLIST "}}"
#define LADDER                                                                                     \
    "{never: {}, email8: {" EMAIL(8) "}, monthly: {}, email2: {" EMAIL(2) "}, "                    \
                                                                          "email1: {" EMAIL(       \
                                                                              1) "}}"

#define ENROLLED "enrolled.at_birth=1", "consent.at_birth=1"

/* the first is the scenario as it is */
const nb_verify_run_t nb_verify_runs[] = {
    {.name = "ladder", .strategies = LADDER},
    {.name = "price_low",
     .strategies = "{monthly: {}}",
     .weeks = 52,
     .no_tail = 1,
     .derived = {{"catalogue.price_level", 0.9, 0}}},
    {.name = "price_mid", .strategies = "{monthly: {}}", .weeks = 52, .no_tail = 1},
    {.name = "price_high",
     .strategies = "{monthly: {}}",
     .weeks = 52,
     .no_tail = 1,
     .derived = {{"catalogue.price_level", 1.1, 0}}},
    {.name = "retention",
     .strategies = "{monthly: {}}",
     .derived = {{"churn.weekly", 1, ONE_PERCENT_OF_SURVIVAL}}},
    /* nobody needs anything again: what is left is the first purchase and its return */
    {.name = "first",
     .strategies = "{never: {}}",
     .weeks = 13,
     .no_tail = 1,
     .sets = {"need.rate=10000"}},
    {.name = "certain_low",
     .strategies = DISPLAY_STRATEGIES,
     .sets = {"certainty.a=10", "certainty.b=90", "certainty.learning=0"}},
    {.name = "certain_high",
     .strategies = DISPLAY_STRATEGIES,
     .sets = {"certainty.a=90", "certainty.b=10", "certainty.learning=0"}},
    {.name = "inert_low",
     .strategies = COACH_STRATEGIES,
     .sets = {"inertia.mean=-0.5", "inertia.sd=0", "consent.at_birth=1"}},
    {.name = "inert_high",
     .strategies = COACH_STRATEGIES,
     .sets = {"inertia.mean=1.8", "inertia.sd=0", "consent.at_birth=1"}},
    {.name = "agency_low",
     .strategies = AUTO_STRATEGIES,
     .sets = {ENROLLED, "agency.a=10", "agency.b=90"}},
    {.name = "agency_mid",
     .strategies = AUTO_STRATEGIES,
     .sets = {ENROLLED, "agency.a=50", "agency.b=50"}},
    {.name = "agency_high",
     .strategies = AUTO_STRATEGIES,
     .sets = {ENROLLED, "agency.a=90", "agency.b=10"}},
    {.name = "knowledge_low",
     .strategies = AUTO_STRATEGIES,
     .sets = {ENROLLED, "knowledge.population=0.2", "learning=none"}},
    {.name = "knowledge_high",
     .strategies = AUTO_STRATEGIES,
     .sets = {ENROLLED, "knowledge.population=0.8", "learning=none"}},
    {.name = "plain", .scenario = "plain", .strategies = "{never: {}}", .weeks = 156, .no_tail = 1},
    {.name = "arrivals",
     .scenario = "plain",
     .strategies = "{never: {}}",
     .weeks = 52,
     .no_tail = 1,
     .log = 1,
     .sets = {"churn.weekly=0"},
     .derived = {{"need.shape", 1, 0}, {"need.rate", 1, 0}, {"need.scale", 1, 0}}},
};
const size_t nb_verify_n_runs = sizeof nb_verify_runs / sizeof nb_verify_runs[0];

static double first(const double *x, const nb_verify_work_t *work)
{
    (void)work;
    return x[0];
}

static double ratio(const double *x, const nb_verify_work_t *work)
{
    (void)work;
    return x[0] / x[1];
}

static void detail_ratio(const double *x, const nb_verify_work_t *work, char *out, size_t size)
{
    (void)work;
    snprintf(out, size, ": %.2f over %.2f", x[0], x[1]);
}

/* orders and retention at 0.9, 1 and 1.1 times the price */
static double elasticity(const double *x, const nb_verify_work_t *work)
{
    double orders[3];

    (void)work;
    for (int k = 0; k < 3; k++) {
        orders[k] = x[2 * k] / ((1 + x[2 * k + 1]) / 2);
    }
    return (orders[2] - orders[0]) / 0.2 / orders[1];
}

/* gamma r / (1 - gamma r), both a year */
static double retention_theory(double retention, const nb_verify_work_t *work)
{
    double kept = retention / (1 + nb_verify_setting(&work->plans[0], "discount.annual"));

    return kept / (1 - kept);
}

/* percent of clv, the first purchase left out, per percent of retention: x is clv and retention as
 * they are, the same with more retention, clv of the first purchase */
static double retention_gain(const double *x)
{
    return (x[2] - x[0]) / (x[0] - x[4]) / (x[3] / x[1] - 1);
}

static double retention_effect(const double *x, const nb_verify_work_t *work)
{
    return retention_gain(x) / retention_theory(x[1], work);
}

static void detail_retention(const double *x, const nb_verify_work_t *work, char *out, size_t size)
{
    snprintf(out, size, ": %.2f over %.2f", retention_gain(x), retention_theory(x[1], work));
}

/* the best of what lies between the ends of the ladder, less the better end */
static double interior(const double *x, const nb_verify_work_t *work)
{
    (void)work;
    return fmax(x[1], fmax(x[2], x[3])) - fmax(x[0], x[4]);
}

static void detail_ladder(const double *x, const nb_verify_work_t *work, char *out, size_t size)
{
    (void)work;
    snprintf(out, size, ": never %.2f, every 8 weeks %.2f, 4 %.2f, 2 %.2f, 1 %.2f", x[0], x[1],
             x[2], x[3], x[4]);
}

/* x is two strategies per level; the smallest step that their difference rises by */
static double rise(const double *x, int n_levels, int sign)
{
    double least = INFINITY;

    for (int k = 0; k + 1 < n_levels; k++) {
        least = fmin(least, sign * ((x[2 * k + 2] - x[2 * k + 3]) - (x[2 * k] - x[2 * k + 1])));
    }
    return least;
}

static double rises2(const double *x, const nb_verify_work_t *work)
{
    (void)work;
    return rise(x, 2, 1);
}

static double rises3(const double *x, const nb_verify_work_t *work)
{
    (void)work;
    return rise(x, 3, 1);
}

static double falls3(const double *x, const nb_verify_work_t *work)
{
    (void)work;
    return rise(x, 3, -1);
}

static void detail2(const double *x, const nb_verify_work_t *work, char *out, size_t size)
{
    (void)work;
    snprintf(out, size, ": %+.2f, %+.2f", x[0] - x[1], x[2] - x[3]);
}

static void detail3(const double *x, const nb_verify_work_t *work, char *out, size_t size)
{
    (void)work;
    snprintf(out, size, ": %+.2f, %+.2f, %+.2f", x[0] - x[1], x[2] - x[3], x[4] - x[5]);
}

#define MONTHLY(metric)                                                                            \
    {                                                                                              \
        "ladder", "monthly", metric                                                                \
    }
#define EQUITY(run, strategy)                                                                      \
    {                                                                                              \
        run, strategy, "equity"                                                                    \
    }

const nb_verify_target_t nb_verify_targets[] = {
    {"open_rate",
     0.15,
     0.30,
     "opened share of contacts under monthly",
     {MONTHLY("open_rate")},
     first,
     NULL,
     NULL},
    {"unsubscribe_rate",
     0.001,
     0.005,
     "unsubscribes a send under monthly",
     {MONTHLY("unsubscribe_rate")},
     first,
     NULL,
     NULL},
    {"return_rate",
     0.10,
     0.20,
     "returned share of orders under monthly",
     {MONTHLY("return_rate")},
     first,
     NULL,
     NULL},
    {"retention",
     0.70,
     0.85,
     "alive after 52 weeks under monthly",
     {MONTHLY("retention")},
     first,
     NULL,
     NULL},
    {"ltv_cac",
     2,
     5,
     "clv over the cost of acquisition under monthly",
     {MONTHLY("ltv_cac")},
     first,
     NULL,
     NULL},
    {"elasticity",
     -3,
     -1.5,
     "simple arc of +-10 % in price, orders of the first year per living customer under monthly",
     {{"price_low", "monthly", "orders"},
      {"price_low", "monthly", "retention"},
      {"price_mid", "monthly", "orders"},
      {"price_mid", "monthly", "retention"},
      {"price_high", "monthly", "orders"},
      {"price_high", "monthly", "retention"}},
     elasticity,
     NULL,
     NULL},
    {"retention_effect",
     0.85,
     1.15,
     "percent of clv per percent of retention, first purchase left out, over gamma r / (1 - gamma "
     "r) of Gupta et al. 2004",
     {MONTHLY("clv"),
      MONTHLY("retention"),
      {"retention", "monthly", "clv"},
      {"retention", "monthly", "retention"},
      {"first", "never", "clv"}},
     retention_effect,
     detail_retention,
     NULL},
    {"contact_optimum",
     0,
     INFINITY,
     "equity of the best e-mail frequency less never and weekly",
     {EQUITY("ladder", "never"), EQUITY("ladder", "email8"), EQUITY("ladder", "monthly"),
      EQUITY("ladder", "email2"), EQUITY("ladder", "email1")},
     interior,
     detail_ladder,
     NULL},
    {"referred",
     1.10,
     1.25,
     "clv of referred customers over that of organic ones at 156 weeks",
     {MONTHLY("clv_referred_156"), MONTHLY("clv_organic_156")},
     ratio,
     detail_ratio,
     NULL},
    {"arrivals", 1e-3, 1, "", {{"arrivals", "never", "clv"}}, NULL, NULL, nb_verify_arrivals},
    {"plain", -4, 4, "", {{"plain", "never", "clv_in_horizon"}}, NULL, NULL, nb_verify_plain},
    {"error_agency",
     0,
     INFINITY,
     "cost of one automatic order for all in the first week rises with agency 0.1, 0.5, 0.9",
     {EQUITY("agency_low", "never"), EQUITY("agency_low", "once"), EQUITY("agency_mid", "never"),
      EQUITY("agency_mid", "once"), EQUITY("agency_high", "never"), EQUITY("agency_high", "once")},
     rises3,
     detail3,
     NULL},
    {"crossing_auto_agency",
     0,
     INFINITY,
     "automatic over curated in equity falls with agency 0.1, 0.5, 0.9",
     {EQUITY("agency_low", "auto"), EQUITY("agency_low", "curated"), EQUITY("agency_mid", "auto"),
      EQUITY("agency_mid", "curated"), EQUITY("agency_high", "auto"),
      EQUITY("agency_high", "curated")},
     falls3,
     detail3,
     NULL},
    {"crossing_auto_knowledge",
     0,
     INFINITY,
     "automatic over curated in equity rises with knowledge 0.2, 0.8",
     {EQUITY("knowledge_low", "auto"), EQUITY("knowledge_low", "curated"),
      EQUITY("knowledge_high", "auto"), EQUITY("knowledge_high", "curated")},
     rises2,
     detail2,
     NULL},
    {"crossing_coach",
     0,
     INFINITY,
     "coach over curated in equity rises with inertia -0.5, 1.8",
     {EQUITY("inert_low", "coach"), EQUITY("inert_low", "curated"), EQUITY("inert_high", "coach"),
      EQUITY("inert_high", "curated")},
     rises2,
     detail2,
     NULL},
    {"crossing_shortlist",
     0,
     INFINITY,
     "catalogue over shortlist in equity rises with certainty 0.1, 0.9",
     {EQUITY("certain_low", "catalogue"), EQUITY("certain_low", "shortlist"),
      EQUITY("certain_high", "catalogue"), EQUITY("certain_high", "shortlist")},
     rises2,
     detail2,
     NULL},
    {"actions", 0, 0, "", {{NULL, NULL, NULL}}, NULL, NULL, nb_verify_actions},
};
const size_t nb_verify_n_targets = sizeof nb_verify_targets / sizeof nb_verify_targets[0];

size_t nb_verify_names(const char **out)
{
    NB_ASSERT(nb_verify_n_targets <= NB_VERIFY_MAX_TARGETS);
    NB_ASSERT(nb_verify_n_runs <= NB_VERIFY_MAX_RUNS);
    for (size_t i = 0; i < nb_verify_n_targets; i++) {
        out[i] = nb_verify_targets[i].name;
    }
    return nb_verify_n_targets;
}

size_t nb_verify_find_run(const char *name)
{
    size_t i = 0;

    while (i + 1 < nb_verify_n_runs && strcmp(nb_verify_runs[i].name, name) != 0) {
        i++;
    }
    return i;
}
