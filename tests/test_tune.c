#define _POSIX_C_SOURCE 200809L
#include "bench/tune.h"

#include <unistd.h>

#include "core/memory.h"
#include "tests/store_sample.h"
#include "tests/testlib.h"
#include "tests/toy_environment.h"

enum { PATH_SIZE = 400, TEXT_SIZE = 4096 };

/* the toy environment with settings, so that an experiment file can name it */
typedef struct {
    double noise;
    int no_email;
} toy_settings_t;
static const nb_setting_t toy_settings[] = {
    {"noise", NB_SETTING_REAL, 0, 1, 0, 10, NULL, 0, "", "", "", "spread of prices"},
    {"no_email", NB_SETTING_BOOL, offsetof(toy_settings_t, no_email), 0, 0, 1, NULL, 0, "", "", "",
     "nobody can be written to"},
    {0},
};
static nb_environment_type_t toy;

static int make_toy(void **world, const void *settings)
{
    NB_TRY(nb_alloc(world, 1, sizeof(toy_world_t)));
    ((toy_world_t *)*world)->noise = ((const toy_settings_t *)settings)->noise;
    ((toy_world_t *)*world)->no_email = ((const toy_settings_t *)settings)->no_email;
    return NB_OK;
}

/* stands before the library's own: adds `toy` */
const nb_environment_type_t *nb_environment_find(const char *name)
{
    toy = toy_environment;
    toy.settings = toy_settings;
    toy.settings_size = sizeof(toy_settings_t);
    toy.world_init = make_toy;
    toy.world_free = nb_free;
    return strcmp(name, "toy") == 0 ? &toy : NULL;
}

static const char experiment[] =
    "environment: toy\n"
    "customers: 9\n"
    "periods: 8\n"
    "tail: false\n"
    "replications: 2\n"
    "strategies:\n"
    "  never: {}\n"
    "  mail: {recognize: {policy: schedule, action: email, every: 8}}\n"
    "  any: {recognize: {policy: random}}\n";

typedef struct {
    char folder[256], path[PATH_SIZE];
    nb_plan_t plan;
    volatile int stop;
    size_t n_reports, stop_after; /* reports until `stop` is set, 0 for never */
    size_t n_units;               /* of all rounds */
    int n_rounds;
    char complaint[256];
} fixture_t;

/* what both strategies choose among; the units of three candidates with 24 are 3x4 2x10 */
static const char choices[] =
    "tune:\n"
    "  budget: 24\n"
    "  strategies:\n"
    "    mail: {recognize.every: [8, 1, 2]}\n"
    "    any: {recognize: [{policy: random}, {policy: schedule, action: call, every: 1}]}\n";

static int make_plan(nb_plan_t *plan, const char *more, const char *set)
{
    char text[TEXT_SIZE];

    snprintf(text, sizeof text, "%s%s", experiment, more);
    return nb_plan_init_text(plan, "toy.yaml", text, &set, set ? 1 : 0);
}

static int set_up(void **state)
{
    fixture_t *self = calloc(1, sizeof *self);

    *state = self;
    if (sample_make_folder(self->folder, sample_fast_folder()) < 0) {
        return -1;
    }
    snprintf(self->path, sizeof self->path, "%s/toy.h5", self->folder);
    return 0;
}

static int tear_down(void **state)
{
    fixture_t *self = *state;
    int status = sample_remove_folder(self->folder);

    nb_plan_free(&self->plan);
    free(self);
    return status;
}

static void hear_report(void *context, const nb_progress_t *progress)
{
    fixture_t *self = context;

    (void)progress;
    if (++self->n_reports == self->stop_after) {
        self->stop = 1;
    }
}

static void hear_complaint(void *context, const char *cell, int replication, const char *sentence)
{
    fixture_t *self = context;

    snprintf(self->complaint, sizeof self->complaint, "%s %d %s", cell, replication, sentence);
}

static void hear_round(void *context, const nb_tune_step_t *step)
{
    fixture_t *self = context;

    self->n_units += step->n_units;
    self->n_rounds = step->n_rounds;
}

static nb_runner_spec_t make_spec(fixture_t *self, int n_threads)
{
    return (nb_runner_spec_t){
        .results_path = self->path,
        .n_threads = n_threads,
        .stop = &self->stop,
        .report = hear_report,
        .complain = hear_complaint,
        .context = self,
    };
}

static void tune(fixture_t *self, const char *more, const char *set)
{
    nb_runner_spec_t spec = make_spec(self, 1);

    nb_plan_free(&self->plan);
    assert_ok(make_plan(&self->plan, more, set));
    self->n_reports = self->n_units = 0;
    assert_ok(nb_tune_run(&self->plan, &spec, hear_round));
}

static const nb_cell_t *cell_of(const nb_plan_t *plan, const char *label)
{
    for (size_t i = 0; i < plan->n_cells; i++) {
        if (strcmp(plan->cells[i].label, label) == 0) {
            return &plan->cells[i];
        }
    }
    fail_msg("no cell '%s'", label);
    return NULL;
}

static void assert_played(const nb_plan_t *plan, const char *label, const char *words)
{
    const char *canonical = cell_of(plan, label)->canonical;

    if (!strstr(canonical, words)) {
        fail_msg("'%s' lacks %s: %s", label, words, canonical);
    }
}

/* the cell of a swept experiment with the largest mean over all replications, run to the end */
static size_t find_best(fixture_t *self, const char *sweep)
{
    nb_runner_spec_t spec = make_spec(self, 2);
    nb_progress_t progress;
    nb_results_t results;
    nb_plan_t plan;
    double best = -INFINITY, *equity;
    size_t i_best = 0;

    snprintf(self->path, sizeof self->path, "%s/all.h5", self->folder);
    assert_ok(make_plan(&plan, sweep, "replications=200"));
    assert_ok(nb_runner_run(&plan, &spec, &progress));
    assert_ok(nb_results_open(&results, self->path));
    assert_ok(nb_alloc(&equity, results.n_cells * 200, sizeof *equity));
    assert_ok(nb_results_metric(&results, "equity", equity));
    for (size_t i = 0; i < results.n_cells; i++) {
        double sum = 0;

        for (size_t r = 0; r < 200; r++) {
            sum += equity[i * 200 + r];
        }
        if (strncmp(results.cell[i], "mail", 4) == 0 && sum > best) {
            best = sum;
            i_best = i;
        }
    }
    nb_free(equity);
    nb_results_close(&results);
    nb_plan_free(&plan);
    snprintf(self->path, sizeof self->path, "%s/toy.h5", self->folder);
    return i_best - 1; /* `never` is the first cell */
}

/* against every setting run 200 times on other seeds */
static void test_tune_finds_what_is_truly_best(void **state)
{
    fixture_t *self = *state;
    size_t best = find_best(self, "sweep:\n"
                                  "- {key: strategies.mail.recognize.every, values: [8, 4, 2, 1]}\n"
                                  "- {key: strategies.mail.recognize.action, "
                                  "values: [wait, call, email]}\n"
                                  "- {key: toy.noise, values: [6]}\n");
    char words[64];

    tune(self,
         "tune: {budget: 80, strategies: {mail: {recognize.every: [8, 4, 2, 1], "
         "recognize.action: [wait, call, email]}}}\n",
         "toy.noise=6");
    snprintf(words, sizeof words, "\"winner\": %zu,", best);
    assert_non_null(strstr(self->plan.tune->outcome, words));
    /* neither the first nor the default */
    assert_int_not_equal(best, 0);
    assert_int_not_equal(best, 2);
}

static size_t count_stored(fixture_t *self)
{
    nb_store_t store;
    char *path;
    size_t n;

    assert_ok(nb_store_path_of(&path, self->path));
    assert_ok(nb_store_open(&store, path, 1));
    n = store.n_present;
    nb_store_close(&store);
    nb_free(path);
    return n;
}

static void test_tune_spends_the_same_budget_on_every_strategy(void **state)
{
    fixture_t *self = *state;

    tune(self, choices, NULL);
    /* 3x4 2x10 = 12 + 12, and 2x12 */
    assert_int_equal(self->n_units, 48);
    assert_int_equal(self->n_rounds, 2);
    assert_int_equal(self->n_reports, 48);
    assert_int_equal(count_stored(self), 48);
    assert_non_null(strstr(self->plan.tune->outcome,
                           "\"units\": 24,\n   \"rounds\": [{\"candidates\": 3, "
                           "\"replications\": 4}, {\"candidates\": 2, \"replications\": 10}]"));
    /* found again, nothing is run */
    tune(self, choices, NULL);
    assert_int_equal(self->n_reports, 0);
    /* 3x5 2x10 and 2x13: more of a budget uses what is there */
    tune(self, choices, "tune.budget=26");
    assert_int_equal(self->n_units, 51);
    assert_int_equal(count_stored(self), 51);
}

static void test_tune_gives_cells_their_settings_and_keeps_the_defaults(void **state)
{
    fixture_t *self = *state;

    tune(self, choices, NULL);
    assert_int_equal(self->plan.n_cells, 5);
    assert_string_equal(self->plan.cells[1].label, "mail");
    assert_string_equal(self->plan.cells[2].label, "mail (default)");
    assert_played(&self->plan, "mail (default)", "\"every\":8");
    assert_played(&self->plan, "mail", "\"every\":1");
    assert_played(&self->plan, "any (default)", "\"policy\":\"random\"");
    assert_played(&self->plan, "never", "\"strategy\":[]");
    tune(self, choices, "tune.defaults=drop");
    assert_int_equal(self->plan.n_cells, 3);
    assert_played(&self->plan, "mail", "\"every\":1");
}

static void test_tune_is_the_same_for_any_number_of_threads(void **state)
{
    fixture_t *self = *state;
    nb_runner_spec_t spec = make_spec(self, 2);
    nb_plan_t plan;

    tune(self, choices, "toy.noise=9");
    snprintf(self->path, sizeof self->path, "%s/two.h5", self->folder);
    assert_ok(make_plan(&plan, choices, "toy.noise=9"));
    assert_ok(nb_tune_run(&plan, &spec, NULL));
    assert_string_equal(plan.tune->outcome, self->plan.tune->outcome);
    assert_string_equal(plan.plan_hash, self->plan.plan_hash);
    nb_plan_free(&plan);
}

static void test_tune_stops_and_goes_on(void **state)
{
    fixture_t *self = *state;
    nb_runner_spec_t spec = make_spec(self, 1);
    char *whole;

    tune(self, choices, NULL);
    assert_ok(nb_strdup(&whole, self->plan.tune->outcome));
    snprintf(self->path, sizeof self->path, "%s/again.h5", self->folder);
    nb_plan_free(&self->plan);
    assert_ok(make_plan(&self->plan, choices, NULL));
    /* in the second round: the first has 12 + 24 units */
    self->n_reports = 0;
    self->stop_after = 40;
    assert_fails(nb_tune_run(&self->plan, &spec, hear_round), NB_ERR_INTERRUPTED,
                 "tuning, round 2 of 2: interrupted: 4 of 12 units are kept; run again to go on");
    assert_null(self->plan.tune->outcome);
    self->stop = 0;
    self->stop_after = 0;
    tune(self, choices, NULL);
    assert_int_equal(self->n_reports, 8);
    assert_string_equal(self->plan.tune->outcome, whole);
    nb_free(whole);
}

static void test_tune_breaks_ties_by_the_order_of_the_file(void **state)
{
    fixture_t *self = *state;

    /* who waits waits, how often so ever */
    tune(self, "tune: {strategies: {mail: {recognize.every: [3, 1, 2]}}}\n",
         "strategies.mail.recognize.action=wait");
    assert_played(&self->plan, "mail", "\"every\":3");
}

static void test_tune_runs_a_default_that_is_the_best_only_once(void **state)
{
    fixture_t *self = *state;
    nb_runner_spec_t spec = make_spec(self, 1);
    nb_progress_t progress;

    tune(self, "tune: {strategies: {mail: {recognize.every: [8]}}}\n", NULL);
    assert_string_equal(self->plan.keys[2], self->plan.keys[4]);
    assert_ok(nb_runner_run(&self->plan, &spec, &progress));
    assert_int_equal(progress.n_done, 8);
    assert_int_equal(progress.n_ran, 6);
}

/* calls reach everybody, e-mail is cheaper where it does */
static const char two_worlds[] = "tune: {strategies: {mail: {recognize.action: [email, call]}}}\n"
                                 "sweep: [{key: toy.no_email, values: [false, true]}]\n";

static void test_tune_in_each_world_or_in_the_first(void **state)
{
    fixture_t *self = *state;

    tune(self, two_worlds, NULL);
    assert_int_equal(self->n_units, 2 * 64);
    assert_played(&self->plan, "mail | toy.no_email=false", "\"action\":\"email\"");
    assert_played(&self->plan, "mail | toy.no_email=true", "\"action\":\"call\"");
    assert_played(&self->plan, "mail (default) | toy.no_email=true", "\"every\":8");
    tune(self, two_worlds, "tune.scenario=first");
    assert_int_equal(self->n_units, 64);
    assert_played(&self->plan, "mail | toy.no_email=false", "\"action\":\"email\"");
    assert_played(&self->plan, "mail | toy.no_email=true", "\"action\":\"email\"");
}

/* a text with the path, written in two ways, of the plug-in that fails in replication 1 */
static void make_failing(char *text, const char *format)
{
    const char *root = getenv("NB_BUILD_ROOT");
    char plugin[PATH_SIZE], same[PATH_SIZE];

    snprintf(plugin, sizeof plugin, "%s/tests/plugin_failing.so", root ? root : ".");
    snprintf(same, sizeof same, "%s/./tests/plugin_failing.so", root ? root : ".");
    snprintf(text, TEXT_SIZE / 2, format, plugin, same);
    setenv("NB_TEST_FAIL", "1", 1);
}

static void test_tune_leaves_out_what_fails(void **state)
{
    fixture_t *self = *state;
    nb_runner_spec_t spec = make_spec(self, 1);
    char more[TEXT_SIZE / 2];

    make_failing(more, "tune: {strategies: {mail: {recognize: [{policy: '%s'}, {policy: random}, "
                       "{policy: schedule, action: wait}]}}}\n");
    tune(self, more, NULL);
    unsetenv("NB_TEST_FAIL");
    assert_non_null(strstr(self->complaint, " 1 tuning: left out, since this unit failed"));
    assert_non_null(strstr(self->plan.tune->outcome, "\"rank\": null"));
    assert_null(strstr(self->plan.tune->outcome, "\"winner\": 0"));
    nb_plan_free(&self->plan);
    make_failing(more, "tune: {strategies: {any: {recognize.policy: ['%s', '%s']}}}\n");
    assert_ok(make_plan(&self->plan, more, NULL));
    assert_fails(nb_tune_run(&self->plan, &spec, NULL), NB_ERR_NUMERIC,
                 "every setting of 'any' failed; --retry-failed runs them again");
    unsetenv("NB_TEST_FAIL");
    spec.retry_failed = 1;
    assert_ok(nb_tune_run(&self->plan, &spec, NULL));
}

static void test_tune_outcome_settles_the_same_plan(void **state)
{
    fixture_t *self = *state;
    nb_runner_spec_t spec = make_spec(self, 1);
    nb_progress_t progress;
    nb_results_t results;
    nb_plan_t again;
    size_t n_missing;

    assert_ok(make_plan(&again, choices, NULL));
    assert_fails(nb_runner_run(&again, &spec, &progress), NB_ERR_UNSUPPORTED, "is to be tuned");
    assert_fails(nb_runner_survey(&again, self->path, &progress, NULL), NB_ERR_UNSUPPORTED,
                 "is to be tuned");
    assert_ok(nb_tune_survey(&again, self->path, &n_missing));
    assert_int_equal(n_missing, 12 + 24);
    assert_fails(nb_plan_settle(&again, "{\"cells\": []}"), NB_ERR_FORMAT,
                 "says nothing of 'mail'");
    assert_fails(nb_plan_settle(&again, "{\"cells\": [{\"cell\": \"mail\", \"winner\": 3}]}"),
                 NB_ERR_FORMAT, "says nothing of 'mail'");
    nb_plan_free(&again);
    tune(self, choices, NULL);
    assert_ok(nb_runner_run(&self->plan, &spec, &progress));
    assert_int_equal(progress.n_units, 10);
    assert_ok(nb_results_open(&results, self->path));
    assert_int_equal(results.n_cells, 5);
    assert_string_equal(nb_results_attribute(&results, "tuned"), self->plan.tune->outcome);
    assert_ok(nb_plan_init_text(&again, "again", results.config_text, NULL, 0));
    nb_results_close(&results);
    assert_ok(nb_tune_survey(&again, self->path, &n_missing));
    assert_int_equal(n_missing, 0);
    assert_string_equal(again.plan_hash, self->plan.plan_hash);
    assert_string_equal(again.config_text, self->plan.config_text);
    nb_plan_free(&again);
}

static void test_tune_lets_an_experiment_grow_and_refuses_another(void **state)
{
    fixture_t *self = *state;
    nb_runner_spec_t spec = make_spec(self, 1);
    nb_progress_t progress;

    tune(self, choices, NULL);
    assert_ok(nb_runner_run(&self->plan, &spec, &progress));
    tune(self, choices, "replications=3");
    assert_ok(nb_runner_run(&self->plan, &spec, &progress));
    assert_int_equal(progress.n_done, 15);
    nb_plan_free(&self->plan);
    assert_ok(make_plan(&self->plan, choices, "tune.seed=9"));
    assert_fails(nb_tune_run(&self->plan, &spec, NULL), NB_ERR_EXISTS, "holds another tuning");
}

#define TUNE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TUNE_TEST(test_tune_finds_what_is_truly_best),
        TUNE_TEST(test_tune_spends_the_same_budget_on_every_strategy),
        TUNE_TEST(test_tune_gives_cells_their_settings_and_keeps_the_defaults),
        TUNE_TEST(test_tune_is_the_same_for_any_number_of_threads),
        TUNE_TEST(test_tune_stops_and_goes_on),
        TUNE_TEST(test_tune_breaks_ties_by_the_order_of_the_file),
        TUNE_TEST(test_tune_runs_a_default_that_is_the_best_only_once),
        TUNE_TEST(test_tune_in_each_world_or_in_the_first),
        TUNE_TEST(test_tune_leaves_out_what_fails),
        TUNE_TEST(test_tune_outcome_settles_the_same_plan),
        TUNE_TEST(test_tune_lets_an_experiment_grow_and_refuses_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
