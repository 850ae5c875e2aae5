/*
 * Every mechanism switched off where it is at work: paired differences over replications. Each
 * row's metric must move by more than 4 standard errors in the direction that the mechanism says,
 * whatever it does to equity. With NB_MECHANISM_TABLE the table is written there as Markdown, for
 * docs/mechanisms.
 */
#include "bench/unit.h"
#include "core/parallel.h"
#include "core/stats.h"
#include "tests/mechanism_rows.h"
#include "tests/testlib.h"

enum { REPLICATIONS = 8, CUSTOMERS = 1000, MAX_SETS = 16, TEXT = 1024 };

/* both metrics of a row, on and off, by replication */
typedef struct {
    double metric[2][REPLICATIONS], equity[2][REPLICATIONS];
} outcome_t;

static outcome_t outcomes[N_MECHANISMS];

/* parts of `text` apart by spaces, behind the n_sets that are there */
static size_t split(char *text, const char **sets, size_t n_sets)
{
    while (*text && n_sets < MAX_SETS) {
        sets[n_sets++] = text;
        text += strcspn(text, " ");
        if (*text) {
            *text++ = '\0';
        }
    }
    return n_sets;
}

static int plan_row(nb_plan_t *plan, const mechanism_t *row, int is_off)
{
    char text[TEXT], world[TEXT], off[TEXT];
    const char *sets[MAX_SETS];
    size_t n_sets;

    snprintf(text, sizeof text,
             "name: mechanism\nscenario: everyday\ncustomers: %d\nperiods: 156\n"
             "replications: %d\nstrategies:\n  it: {%s}\n",
             CUSTOMERS, REPLICATIONS, row->strategy);
    snprintf(world, sizeof world, "%s", row->world);
    snprintf(off, sizeof off, "%s", is_off ? row->off : "");
    n_sets = split(world, sets, 0);
    n_sets = split(off, sets, n_sets);
    return nb_plan_init_text(plan, "mechanism.yaml", text, sets, n_sets);
}

static double find(const nb_unit_t *unit, const char *name)
{
    for (size_t k = 0; k < unit->shard.n_vars; k++) {
        if (strcmp(unit->shard.vars[k].name, name) == 0) {
            return unit->shard.vars[k].data[0];
        }
    }
    return NAN;
}

static int run_side(size_t i, int is_off)
{
    const mechanism_t *row = &mechanisms[i];
    nb_plan_t plan;
    int code = NB_OK;

    NB_TRY(plan_row(&plan, row, is_off));
    for (int r = 0; r < REPLICATIONS && code >= 0; r++) {
        nb_unit_t unit;

        code = nb_unit_run(&unit, &plan, 0, r, NULL);
        outcomes[i].metric[is_off][r] = code < 0 ? NAN : find(&unit, row->metric);
        outcomes[i].equity[is_off][r] = code < 0 ? NAN : find(&unit, "equity");
        nb_unit_free(&unit);
    }
    nb_plan_free(&plan);
    return code;
}

static int work(void *context, size_t i, int worker)
{
    (void)context;
    (void)worker;
    NB_TRY(run_side(i, 0));
    return run_side(i, 1);
}

typedef struct {
    double on, off, mean, se;
} difference_t;

static difference_t compare(double values[2][REPLICATIONS])
{
    nb_moments_t moments = {0}, on = {0}, off = {0};

    for (int r = 0; r < REPLICATIONS; r++) {
        nb_moments_add(&on, values[0][r]);
        nb_moments_add(&off, values[1][r]);
        nb_moments_add(&moments, values[0][r] - values[1][r]);
    }
    return (difference_t){on.mean, off.mean, moments.mean,
                          nb_moments_sd(&moments) / sqrt(REPLICATIONS)};
}

static void write_table(const char *path)
{
    FILE *out = fopen(path, "w");
    double t = nb_t_quantile(0.975, REPLICATIONS - 1);

    assert_non_null(out);
    fprintf(out,
            "| mechanism | at work in | off by | metric | on | off | on - off (SE) | equity: on "
            "- off [95 %%] |\n|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < N_MECHANISMS; i++) {
        const mechanism_t *row = &mechanisms[i];
        difference_t m = compare(outcomes[i].metric), e = compare(outcomes[i].equity);

        fprintf(out,
                "| %s | %s%s%s`%s` | `%s` | %s | %.4g | %.4g | %+.3g (%.1g) | %+.2f [%+.2f, %+.2f] "
                "|\n",
                row->name, row->world[0] ? "`" : "", row->world, row->world[0] ? "` " : "",
                row->strategy, row->off, row->metric, m.on, m.off, m.mean, m.se, e.mean,
                e.mean - t * e.se, e.mean + t * e.se);
    }
    assert_int_equal(fclose(out), 0);
}

static void test_mechanisms_change_what_they_say(void **state)
{
    const char *path = getenv("NB_MECHANISM_TABLE");
    int n_missed = 0;

    (void)state;
    assert_ok(nb_parallel_for(nb_parallel_processors(), N_MECHANISMS, work, NULL));
    for (size_t i = 0; i < N_MECHANISMS; i++) {
        const mechanism_t *row = &mechanisms[i];
        difference_t m = compare(outcomes[i].metric);
        double toward = row->sign == '+' ? m.mean : -m.mean;

        if (!(toward > 4 * m.se)) {
            print_error("%s: %s %+.4g with SE %.2g, expected %c by more than 4 SE\n", row->name,
                        row->metric, m.mean, m.se, row->sign);
            n_missed++;
        }
    }
    if (path) {
        write_table(path);
    }
    assert_int_equal(n_missed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mechanisms_change_what_they_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
