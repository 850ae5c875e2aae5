/* Figures are worked out by hand from the rule in tests/toy_environment.h, as in test_loop.c. */
#include "bench/unit.h"
#include "tests/testlib.h"
#include "tests/toy_environment.h"
#include "tests/toy_policies.h"

static const nb_credit_spec_t immediate = {.rule = NB_CREDIT_IMMEDIATE};

/* a plan of one cell, e-mail to all, 2 customers and 3 periods */
typedef struct {
    toy_world_t world;
    toy_notes_t notes;
    toy_settings_t settings;
    nb_binding_t bindings[2];
    nb_cell_t cell;
    nb_plan_world_t plan_world;
    nb_plan_t plan;
} fixture_t;

static nb_plan_t *start(fixture_t *fixture)
{
    memset(fixture, 0, sizeof *fixture);
    fixture->world.notes = &fixture->notes;
    fixture->settings.action = TOY_EMAIL;
    fixture->cell.strategy = toy_nobody();
    toy_bind(&fixture->cell.strategy, fixture->bindings, &toy_always, &fixture->settings,
             TOY_CONTACT, immediate);
    fixture->plan_world.environment = &toy_environment;
    fixture->plan_world.world = &fixture->world;
    fixture->plan = (nb_plan_t){.n_worlds = 1,
                                .worlds = &fixture->plan_world,
                                .n_cells = 1,
                                .cells = &fixture->cell,
                                .customers = 2,
                                .periods = 3,
                                .replications = 2,
                                .seed = 1,
                                .policy_seed = 2,
                                .tail = 1};
    return &fixture->plan;
}

static const nb_var_t *find_var(const nb_unit_t *unit, const char *name)
{
    for (size_t i = 0; i < unit->shard.n_vars; i++) {
        if (strcmp(unit->shard.vars[i].name, name) == 0) {
            return &unit->shard.vars[i];
        }
    }
    fail_msg("the shard lacks %s", name);
    return NULL;
}

static void check_axis(const nb_unit_t *unit, const char *name, const char *axis, size_t n)
{
    const nb_var_t *var = find_var(unit, name);

    assert_int_equal(var->n, n);
    if (axis) {
        assert_string_equal(var->axis, axis);
    } else {
        assert_null(var->axis);
    }
}

static void test_unit_leaves_every_metric_by_name(void **state)
{
    fixture_t fixture;
    nb_plan_t *plan = start(&fixture);
    const nb_var_t *equity, *money;
    nb_unit_t unit;

    (void)state;
    assert_ok(nb_unit_run(&unit, plan, 0, 0, NULL));
    assert_int_equal(unit.shard.n_vars, 3 * 3 + 1);
    check_axis(&unit, "equity", NULL, 1);
    check_axis(&unit, "contacts_by_segment", "segment", 2);
    check_axis(&unit, "mean_order_by_cohort", "cohort", 1);
    check_axis(&unit, "money_t", "period", 3);
    equity = find_var(&unit, "equity");
    money = find_var(&unit, "money_t");
    assert_string_equal(equity->unit, "money");
    assert_string_equal(equity->help, "discounted money per initial customer");
    assert_close(equity->data[0], (3.5 - 0.5 / 2 + 3.25 / 4) / 2, 1e-15, 0);
    assert_close(money->data[2], 3.25, 0, 0);
    assert_close(unit.customer_periods, 8.0, 0, 0);
    assert_null(unit.purchases);
    assert_int_equal(fixture.notes.freed, 1);
    nb_unit_free(&unit);
    nb_unit_free(&unit);
}

static void test_unit_is_the_same_again_and_differs_by_replication(void **state)
{
    fixture_t fixture;
    nb_plan_t *plan = start(&fixture);
    nb_unit_t units[3];
    double equity[3];

    (void)state;
    fixture.world.noise = 1.0;
    for (int i = 0; i < 3; i++) {
        fixture.notes.n_begun = 0;
        assert_ok(nb_unit_run(&units[i], plan, 0, i == 2, NULL));
        equity[i] = find_var(&units[i], "equity")->data[0];
        nb_unit_free(&units[i]);
    }
    assert_true(equity[0] == equity[1]);
    assert_true(equity[0] != equity[2]);
}

static void test_unit_writes_the_purchase_log_where_asked(void **state)
{
    fixture_t fixture;
    nb_plan_t *plan = start(&fixture);
    nb_unit_t unit;

    (void)state;
    plan->log.purchases = 1;
    assert_ok(nb_unit_run(&unit, plan, 0, 0, NULL));
    assert_string_equal(unit.purchases, "customer,period,spend\n0,0,4\n0,2,4\n");
    assert_int_equal(unit.n_purchases_bytes, strlen(unit.purchases));
    nb_unit_free(&unit);
}

static void test_unit_lets_monthly_play_the_burn_in(void **state)
{
    fixture_t fixture;
    nb_plan_t *plan = start(&fixture);
    nb_unit_t unit;

    (void)state;
    fixture.world.burn_in = 8;
    plan->log.purchases = 1;
    assert_ok(nb_unit_run(&unit, plan, 0, 0, NULL));
    assert_int_equal(fixture.notes.n_begun, 11);
    assert_int_equal(fixture.notes.period[0], -8);
    nb_unit_free(&unit);
}

static void test_unit_fails_with_a_sentence_and_leaves_nothing(void **state)
{
    fixture_t fixture;
    nb_plan_t *plan = start(&fixture);
    volatile int stop = 1;
    nb_unit_t unit;

    (void)state;
    assert_fails(nb_unit_run(&unit, plan, 0, 0, &stop), NB_ERR_INTERRUPTED, "period 0");
    assert_null(unit.shard.vars);
    fixture.world.no_email = 1;
    assert_fails(nb_unit_run(&unit, plan, 0, 0, NULL), NB_ERR_DATA, "email");
    fixture.world.no_email = 0;
    fixture.world.huge = 1;
    fixture.settings.action = TOY_CALL; /* her product is among the three */
    plan->customers = 40;
    assert_fails(nb_unit_run(&unit, plan, 0, 0, NULL), NB_ERR_NUMERIC,
                 "environment toy: metric mean_order is inf");
}

static void test_unit_every_allocation_may_fail(void **state)
{
    fixture_t fixture;
    nb_plan_t *plan = start(&fixture);
    int code = NB_ERR_MEMORY, n = 0;
    nb_unit_t unit;

    (void)state;
    plan->log.purchases = 1;
    while (code == NB_ERR_MEMORY) {
        fixture.notes.n_begun = 0;
        nb_alloc_fail_at((uint64_t)++n);
        code = nb_unit_run(&unit, plan, 0, 0, NULL);
        nb_alloc_fail_at(0);
        nb_unit_free(&unit);
    }
    assert_ok(code);
    assert_true(n > 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unit_leaves_every_metric_by_name),
        cmocka_unit_test(test_unit_is_the_same_again_and_differs_by_replication),
        cmocka_unit_test(test_unit_writes_the_purchase_log_where_asked),
        cmocka_unit_test(test_unit_lets_monthly_play_the_burn_in),
        cmocka_unit_test(test_unit_fails_with_a_sentence_and_leaves_nothing),
        cmocka_unit_test(test_unit_every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
