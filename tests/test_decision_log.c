/* Figures on the toy environment are worked out by hand from the rule in tests/toy_environment.h.
 */
#include "bench/decision_log.h"

#include "tests/run_sample.h"
#include "tests/toy_environment.h"
#include "tests/toy_policies.h"

static const nb_credit_spec_t immediate = {.rule = NB_CREDIT_IMMEDIATE};
static const char experiment[] = "name: small\n"
                                 "scenario: everyday\n"
                                 "customers: 60\n"
                                 "periods: 8\n"
                                 "tail: false\n"
                                 "births: {organic: 0.02}\n"
                                 "strategies:\n"
                                 "  random: {all: {policy: random}}\n"
                                 "  lin_ts: {all: {policy: lin_ts, credit: window(2)}}\n"
                                 "  weekly: {recognize: {policy: schedule, action: email}}\n"
                                 "  never: {}\n";

typedef struct {
    nb_decision_log_t log;
    nb_loop_t loop;
} logged_t;

static void start(logged_t *self, nb_loop_spec_t spec, nb_log_t log)
{
    assert_ok(nb_decision_log_init(&self->log, &log, &spec));
    spec.watch = &self->log.watch;
    assert_ok(nb_loop_init(&self->loop, &spec));
}

static void run(logged_t *self, nb_loop_spec_t spec, nb_log_t log)
{
    start(self, spec, log);
    assert_ok(nb_loop_run(&self->loop));
    assert_ok(nb_decision_log_finish(&self->log));
}

static void stop(logged_t *self)
{
    nb_loop_free(&self->loop);
    nb_decision_log_free(&self->log);
    nb_decision_log_free(&self->log);
}

/* the row of a decision */
static size_t find_row(const nb_decisions_t *rows, int point, uint32_t customer, int period)
{
    for (size_t r = 0; r < rows->n; r++) {
        if (rows->point[r] == point && rows->customer[r] == customer && rows->period[r] == period) {
            return r;
        }
    }
    fail_msg("no decision at point %d for customer %u in period %d", point, customer, period);
    return 0;
}

static void check_row(const nb_decisions_t *rows, size_t r, double reward, double value)
{
    assert_close(rows->reward[r], reward, 1e-15, 0);
    assert_close(rows->value[r], value, 1e-15, 0);
}

/* e-mail to all, her product first on the shelf */
typedef struct {
    toy_world_t world;
    toy_settings_t email;
    nb_binding_t bindings[2];
    nb_strategy_t strategy;
    nb_loop_spec_t spec;
} toy_t;

static void make_toy(toy_t *self)
{
    memset(self, 0, sizeof *self);
    self->email.action = TOY_EMAIL;
    self->strategy = toy_nobody();
    toy_bind(&self->strategy, self->bindings, &toy_always, &self->email, TOY_CONTACT, immediate);
    toy_bind(&self->strategy, self->bindings, &toy_ranker, &self->email, TOY_SHELF, immediate);
    self->spec = (nb_loop_spec_t){.environment = &toy_environment,
                                  .world = &self->world,
                                  .strategy = &self->strategy,
                                  .n_customers = 2,
                                  .periods = 3,
                                  .tail = 1};
}

static void test_decision_log_keeps_decisions_and_what_they_brought(void **state)
{
    toy_t toy;
    logged_t it;
    const nb_decisions_t *rows = &it.log.rows;
    size_t r;

    (void)state;
    make_toy(&toy);
    toy.world.tail = 4;
    run(&it, toy.spec, (nb_log_t){.decisions = 1});
    /* nothing of the tail: seven contacts, and visits of 0 in 0 and 2, 1 in 1, 2 in 2 */
    assert_int_equal(rows->n, 7 + 4);
    r = find_row(rows, TOY_CONTACT, 0, 0);
    check_row(rows, r, 7.75, 7.75 - 0.25 / 2 + 7.75 / 4);
    assert_int_equal(rows->action[r * it.log.slate], TOY_EMAIL);
    assert_int_equal(rows->action[r * it.log.slate + 1], -1);
    assert_true(isnan(rows->propensity[r * it.log.slate])); /* toy_always gives none */
    assert_int_equal(rows->mask[r], 7);
    assert_true(rows->x[r * 3] == 1.0f && rows->x[r * 3 + 1] == 0.0f);
    /* what comes back before the decision is money of its period, but none of its value */
    r = find_row(rows, TOY_CONTACT, 1, 1);
    check_row(rows, r, 7.75, 7.75 - 6.25 / 2);
    assert_true(rows->x[r * 3 + 1] == 1.0f && rows->x[r * 3 + 2] == 1.0f);
    check_row(rows, find_row(rows, TOY_CONTACT, 1, 2), -6.25, -0.25);
    /* the shelf comes after the e-mail was paid; it has no third feature */
    r = find_row(rows, TOY_SHELF, 1, 1);
    check_row(rows, r, 7.75, 8.0 - 6.25 / 2);
    assert_int_equal(rows->action[r * it.log.slate], 1);
    assert_true(rows->action[r * it.log.slate + 1] >= 0);
    assert_int_equal(rows->action[r * it.log.slate + 2], -1);
    assert_true(rows->propensity[r * it.log.slate] == 1.0);
    assert_true(isnan(rows->x[r * 3 + 2]));
    assert_true(rows->journey[r] > 0);
    stop(&it);
}

static void test_decision_log_leaves_out_burn_in_and_unbound_points(void **state)
{
    toy_settings_t wait = {TOY_WAIT};
    nb_strategy_t monthly = toy_nobody();
    nb_binding_t others[2];
    logged_t it;
    toy_t toy;

    (void)state;
    make_toy(&toy);
    toy.world.burn_in = 4;
    toy.strategy.owner[TOY_SHELF] = -1;
    toy_bind(&monthly, others, &toy_always, &wait, -1, immediate);
    toy.spec.burn_in = &monthly;
    run(&it, toy.spec, (nb_log_t){.decisions = 1});
    for (size_t r = 0; r < it.log.rows.n; r++) {
        assert_int_equal(it.log.rows.point[r], TOY_CONTACT);
        assert_true(it.log.rows.period[r] >= 0);
    }
    assert_int_equal(it.log.slate, 1);
    assert_true(it.log.rows.n >= 7);
    stop(&it);
}

static void test_decision_log_samples_whole_customers(void **state)
{
    size_t n_of[400] = {0}, n_customers = 0;
    logged_t it;
    toy_t toy;

    (void)state;
    make_toy(&toy);
    toy.spec.n_customers = 400;
    run(&it, toy.spec, (nb_log_t){.decisions = 0.25});
    for (size_t r = 0; r < it.log.rows.n; r++) {
        uint32_t c = it.log.rows.customer[r];

        assert_true(nb_decision_is_sampled(0.25, c)); /* luck is the row here */
        n_of[c % 400] += it.log.rows.point[r] == TOY_CONTACT && c < 400;
    }
    for (size_t c = 0; c < 400; c++) {
        assert_int_equal(n_of[c], nb_decision_is_sampled(0.25, (uint32_t)c) ? 3 : 0);
        n_customers += n_of[c] > 0;
    }
    /* 5 standard deviations of the binomial */
    assert_in_range(n_customers, 100 - 44, 100 + 44);
    assert_true(nb_decision_is_sampled(1, 0xffffffffu) && !nb_decision_is_sampled(0, 0));
    stop(&it);
}

static void test_decision_log_changes_nothing_of_the_run(void **state)
{
    const nb_log_t logs[] = {{.decisions = 1}, {.decisions = 0.3, .truth = 1}};
    nb_plan_t plan;

    (void)state;
    assert_ok(nb_plan_init_text(&plan, "small.yaml", experiment, NULL, 0));
    for (size_t cell = 0; cell < plan.n_cells; cell++) {
        nb_loop_spec_t spec = run_sample_spec(&plan, cell);
        run_numbers_t expected;
        nb_loop_t loop;

        assert_ok(nb_loop_init(&loop, &spec));
        assert_ok(nb_loop_run(&loop));
        expected = run_numbers(&loop);
        for (int i = 0; i < 2; i++) {
            logged_t it;

            run(&it, spec, logs[i]);
            run_numbers_check(&it.loop, expected);
            assert_true((it.log.rows.n > 0) == (cell < 3));
            for (size_t r = 0; r < it.log.rows.n; r++) {
                double p = it.log.rows.propensity[r * it.log.slate];

                assert_true(p > 0 && p <= 1);
            }
            stop(&it);
        }
        nb_free(expected.values);
        nb_loop_free(&loop);
    }
    nb_plan_free(&plan);
}

/* Customers of a random policy do not touch each other, so a fork in which one plays what she
 * played anyway must bring her the same to the bit. */
static void test_decision_truth_of_the_chosen_action_is_its_value(void **state)
{
    size_t n_forked = 0, n_points[NB_MAX_POINTS] = {0};
    nb_plan_t plan;
    logged_t it;
    const nb_decisions_t *rows = &it.log.rows;
    double *forked;

    (void)state;
    assert_ok(nb_plan_init_text(&plan, "small.yaml", experiment, NULL, 0));
    start(&it, run_sample_spec(&plan, 0), (nb_log_t){.decisions = 1, .truth = 1});
    assert_ok(nb_loop_run(&it.loop));
    assert_ok(nb_alloc(&forked, rows->n * it.log.n_truth, sizeof *forked));
    memcpy(forked, rows->truth, rows->n * it.log.n_truth * sizeof *forked);
    assert_ok(nb_decision_log_finish(&it.log));
    for (size_t r = 0; r < rows->n; r++) {
        const nb_point_t *point = &it.log.spec->points[rows->point[r]];
        size_t chosen = r * it.log.n_truth + (size_t)rows->action[r * it.log.slate];

        for (unsigned k = 0; k < it.log.n_truth; k++) {
            int is_there = k < point->n_actions && point->max_slate == 1 &&
                           nb_mask_allows(rows->mask, it.log.words, r, k);

            assert_int_equal(!isnan(rows->truth[r * it.log.n_truth + k]), is_there);
        }
        if (point->max_slate > 1) {
            continue;
        }
        assert_true(rows->truth[chosen] == rows->value[r]);
        if (!isnan(forked[chosen])) {
            assert_true(forked[chosen] == rows->value[r]);
            n_forked++;
            n_points[rows->point[r]]++;
        }
    }
    assert_true(n_forked > 300);
    assert_true(n_points[0] && n_points[1] && n_points[3] && n_points[4] && n_points[5]);
    nb_free(forked);
    stop(&it);
    nb_plan_free(&plan);
}

/* money of every customer by period, as a watch hears it */
typedef struct {
    double money[400][8];
} heard_t;

static int hear(void *context, int period, nb_events_t events, size_t n_customers)
{
    heard_t *self = context;

    assert_true(n_customers <= 400);
    for (size_t i = 0; i < events.n; i++) {
        if (events.events[i].kind == NB_EVENT_MONEY) {
            self->money[events.events[i].customer][period] += events.events[i].money;
        }
    }
    return NB_OK;
}

/* the whole run by hand, action k for whoever may play it in the first batch of a point in a period
 */
static void play_by_hand(nb_loop_spec_t spec, const nb_decisions_t *rows, size_t row, unsigned k,
                         heard_t *heard, double *before)
{
    const nb_loop_watch_t watch = {.context = heard, .needs = NB_NEED_CONTEXT, .moved = hear};
    nb_choice_t choice;
    nb_batch_t batch;
    nb_loop_t loop;
    int is_played = 0;

    memset(heard, 0, sizeof *heard);
    spec.watch = &watch;
    assert_ok(nb_loop_init(&loop, &spec));
    while (loop.period < spec.periods) {
        assert_ok(nb_loop_next(&loop, &batch, &choice));
        if (!batch.n) {
            continue;
        }
        if (!is_played && (int)batch.point == rows->point[row] &&
            batch.period == rows->period[row]) {
            is_played = 1;
            for (size_t i = 0; i < batch.n; i++) {
                before[batch.customer[i]] = heard->money[batch.customer[i]][batch.period];
                if (nb_mask_allows(batch.mask, batch.mask_words, i, k)) {
                    choice.action[i * batch.slate] = (int32_t)k;
                }
            }
        }
        assert_ok(nb_loop_act(&loop, &batch, &choice));
    }
    nb_loop_free(&loop);
}

/* first row of its point in its period */
static size_t find_row_of_batch(const nb_decisions_t *rows, size_t row)
{
    size_t first = row;

    for (size_t r = row; r > 0 && rows->period[r - 1] == rows->period[row]; r--) {
        first = rows->point[r - 1] == rows->point[row] ? r - 1 : first;
    }
    return first;
}

/* A fork is what the run would have been: a whole run in which the batch plays the action brings
 * the same, also through what the learner then learns. */
static void test_decision_truth_is_what_a_run_with_that_action_brings(void **state)
{
    static heard_t heard;
    static double before[400];
    size_t first = 0, n_checked = 0;
    nb_plan_t plan;
    nb_loop_spec_t spec;
    logged_t it;
    const nb_decisions_t *rows = &it.log.rows;

    (void)state;
    assert_ok(nb_plan_init_text(&plan, "small.yaml", experiment, NULL, 0));
    spec = run_sample_spec(&plan, 1);
    run(&it, spec, (nb_log_t){.decisions = 1, .truth = 1});
    for (size_t end; first < rows->n && rows->period[first] < 2; first = end) {
        const nb_point_t *point = &it.log.spec->points[rows->point[first]];

        for (end = first + 1; end < rows->n && rows->point[end] == rows->point[first] &&
                              rows->period[end] == rows->period[first];
             end++) {
        }
        if (find_row_of_batch(rows, first) != first) {
            continue; /* a later round of the period */
        }
        for (unsigned k = 0; point->max_slate == 1 && k < point->n_actions; k++) {
            play_by_hand(spec, rows, first, k, &heard, before);
            for (size_t r = first; r < end; r++) {
                uint32_t c = rows->customer[r];

                if (nb_mask_allows(rows->mask, 1, r, k) &&
                    rows->action[r * it.log.slate] != (int)k) {
                    assert_true(
                        rows->truth[r * it.log.n_truth + k] ==
                        nb_decision_sum(&it.log, heard.money[c], rows->period[r], 8, before[c]));
                    n_checked++;
                }
            }
        }
    }
    assert_true(n_checked > 100);
    stop(&it);
    nb_plan_free(&plan);
}

static void test_decision_truth_follows_for_the_weeks_asked(void **state)
{
    size_t n_differ = 0;
    logged_t whole, weeks;
    nb_plan_t plan;

    (void)state;
    assert_ok(nb_plan_init_text(&plan, "small.yaml", experiment, NULL, 0));
    run(&whole, run_sample_spec(&plan, 0), (nb_log_t){.decisions = 1, .truth = 1});
    run(&weeks, run_sample_spec(&plan, 0), (nb_log_t){.decisions = 1, .truth = 1, .weeks = 1.5});
    assert_int_equal(whole.log.n_forward, 8);
    assert_int_equal(weeks.log.n_forward, 2);
    assert_int_equal(whole.log.rows.n, weeks.log.rows.n);
    for (size_t r = 0; r < whole.log.rows.n; r++) {
        size_t at = r * whole.log.n_truth; /* action 0 is always allowed */
        double a = whole.log.rows.truth[at], b = weeks.log.rows.truth[at];

        assert_true(whole.log.rows.value[r] == weeks.log.rows.value[r]);
        if (whole.log.rows.period[r] >= 6) {
            assert_true(a == b || (isnan(a) && isnan(b)));
        } else {
            n_differ += a != b && !isnan(a);
        }
    }
    assert_true(n_differ > 50);
    stop(&whole);
    stop(&weeks);
    nb_plan_free(&plan);
}

static void test_decision_forks_do_not_allocate(void **state)
{
    uint64_t before, plain, forked;
    logged_t it;
    nb_plan_t plan;

    (void)state;
    assert_ok(nb_plan_init_text(&plan, "small.yaml", experiment, NULL, 0));
    before = nb_alloc_count();
    run(&it, run_sample_spec(&plan, 1), (nb_log_t){.decisions = 1});
    plain = nb_alloc_count() - before;
    stop(&it);
    before = nb_alloc_count();
    run(&it, run_sample_spec(&plan, 1), (nb_log_t){.decisions = 1, .truth = 1});
    forked = nb_alloc_count() - before;
    stop(&it);
    assert_true(forked > plain);
    /* the fork itself with its arrays, once: some hundred forks were run */
    assert_true(forked < 2 * plain + 100);
    nb_plan_free(&plan);
}

static void test_decision_truth_needs_runs_that_can_be_saved(void **state)
{
    const nb_log_t log = {.decisions = 1, .truth = 1};
    nb_environment_type_t unsaved = toy_environment;
    nb_decision_log_t it;
    toy_t toy;

    (void)state;
    unsaved.archive = NULL;
    make_toy(&toy);
    toy.spec.environment = &unsaved;
    assert_fails(nb_decision_log_init(&it, &log, &toy.spec), NB_ERR_UNSUPPORTED,
                 "runs of environment toy cannot be saved");
    nb_decision_log_free(&it);
}

static int run_and_encode(toy_t *toy, const nb_log_t *log)
{
    nb_loop_spec_t spec = toy->spec;
    nb_decision_log_t it;
    nb_loop_t loop = {.run = NULL};
    char *bytes = NULL;
    size_t n;
    int code = nb_decision_log_init(&it, log, &spec);

    spec.watch = &it.watch;
    code = code < 0 ? code : nb_loop_init(&loop, &spec);
    code = code < 0 ? code : nb_loop_run(&loop);
    code = code < 0 ? code : nb_decision_log_finish(&it);
    code = code < 0 ? code : nb_decision_log_encode(&it, "key", &bytes, &n);
    nb_free(bytes);
    nb_loop_free(&loop);
    nb_decision_log_free(&it);
    return code;
}

static void test_decision_log_every_allocation_may_fail(void **state)
{
    const nb_log_t log = {.decisions = 1, .truth = 1};
    int code = NB_ERR_MEMORY, n = 0;
    toy_t toy;

    (void)state;
    make_toy(&toy);
    while (code == NB_ERR_MEMORY) {
        nb_alloc_fail_at((uint64_t)++n);
        code = run_and_encode(&toy, &log);
        nb_alloc_fail_at(0);
    }
    assert_ok(code);
    assert_true(n > 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decision_log_keeps_decisions_and_what_they_brought),
        cmocka_unit_test(test_decision_log_leaves_out_burn_in_and_unbound_points),
        cmocka_unit_test(test_decision_log_samples_whole_customers),
        cmocka_unit_test(test_decision_log_changes_nothing_of_the_run),
        cmocka_unit_test(test_decision_truth_of_the_chosen_action_is_its_value),
        cmocka_unit_test(test_decision_truth_is_what_a_run_with_that_action_brings),
        cmocka_unit_test(test_decision_truth_follows_for_the_weeks_asked),
        cmocka_unit_test(test_decision_forks_do_not_allocate),
        cmocka_unit_test(test_decision_truth_needs_runs_that_can_be_saved),
        cmocka_unit_test(test_decision_log_every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
