/* Figures are worked out by hand from the rule in tests/toy_environment.h. */
#include "bench/loop.h"
#include "tests/testlib.h"
#include "tests/toy_environment.h"
#include "tests/toy_policies.h"

static const nb_credit_spec_t immediate = {.rule = NB_CREDIT_IMMEDIATE};
static const nb_credit_spec_t journey = {.rule = NB_CREDIT_JOURNEY};
static const nb_credit_spec_t smdp = {.rule = NB_CREDIT_SMDP};
static const nb_credit_spec_t window2 = {.rule = NB_CREDIT_WINDOW, .window = 2};

static toy_notes_t notes;

/* a run of 2 customers and 3 periods, to be changed by the test */
static nb_loop_spec_t spec_of(toy_world_t *world, const nb_strategy_t *strategy)
{
    memset(&notes, 0, sizeof notes);
    world->notes = &notes;
    return (nb_loop_spec_t){.environment = &toy_environment,
                            .world = world,
                            .strategy = strategy,
                            .key = {.seed = 1},
                            .policy_key = {.seed = 2},
                            .n_customers = 2,
                            .periods = 3,
                            .tail = 1};
}

static void run(nb_loop_t *loop, const nb_loop_spec_t *spec)
{
    assert_ok(nb_loop_init(loop, spec));
    assert_ok(nb_loop_run(loop));
}

static double equity_of(nb_loop_t *loop)
{
    nb_result_t result;

    assert_ok(toy_environment.result(loop->run, &result));
    return result.scalar[0];
}

static const toy_learner_t *learner_of(const nb_loop_t *loop, size_t i)
{
    return loop->players.instances[i].state;
}

static void test_loop_plays_a_strategy_for_its_money(void **state)
{
    toy_world_t world = {0};
    toy_settings_t email = {TOY_EMAIL};
    nb_binding_t bindings[2];
    nb_strategy_t strategy = toy_nobody();
    nb_loop_spec_t spec = spec_of(&world, &strategy);
    nb_result_t result;
    nb_loop_t loop;

    (void)state;
    toy_bind(&strategy, bindings, &toy_always, &email, TOY_CONTACT, immediate);
    run(&loop, &spec);
    assert_ok(toy_environment.result(loop.run, &result));
    assert_close(result.series_values[0], -0.50 + 4.0, 0, 0); /* her product is second */
    assert_close(result.series_values[1], -0.50, 0, 0);       /* not shown */
    assert_close(result.series_values[2], -0.75 + 4.0, 0, 0); /* one more customer */
    assert_close(result.scalar[0], (3.5 - 0.5 / 2 + 3.25 / 4) / 2, 1e-15, 0);
    assert_close(result.scalar[1], 7.0 / 2, 1e-15, 0);
    assert_close(loop.customer_periods, 2 + 3 + 3, 0, 0);
    nb_loop_free(&loop);
    assert_int_equal(notes.freed, 1);
    nb_loop_free(&loop);
}

static void test_loop_unbound_points_play_the_same_with_and_without_a_batch(void **state)
{
    toy_world_t world = {.noise = 1.0};
    toy_settings_t call = {TOY_CALL};
    nb_binding_t bindings[2];
    nb_strategy_t strategy = toy_nobody();
    nb_loop_spec_t spec = spec_of(&world, &strategy);
    nb_loop_t loop;
    double equity;

    (void)state;
    spec.n_customers = 30;
    toy_bind(&strategy, bindings, &toy_always, &call, TOY_CONTACT, immediate);
    run(&loop, &spec);
    equity = equity_of(&loop);
    assert_int_equal(notes.n_batches[TOY_SHELF], 3);
    nb_loop_free(&loop);
    world.skip_unbound = 1;
    memset(&notes, 0, sizeof notes);
    run(&loop, &spec);
    assert_int_equal(notes.n_batches[TOY_SHELF], 0);
    assert_int_equal(notes.n_batches[TOY_CONTACT], 3);
    assert_true(equity_of(&loop) == equity);
    nb_loop_free(&loop);
}

static void test_loop_two_copies_of_a_strategy_differ_by_nothing(void **state)
{
    toy_world_t world = {.noise = 1.0, .tail = 2};
    toy_settings_t none = {0};
    nb_binding_t bindings[2][2];
    nb_strategy_t strategy[2] = {toy_nobody(), toy_nobody()};
    double equity[3];
    nb_loop_t loop;

    (void)state;
    for (int copy = 0; copy < 3; copy++) {
        int i = copy % 2;
        nb_loop_spec_t spec = spec_of(&world, &strategy[i]);

        spec.n_customers = 100;
        spec.policy_key.seed = copy == 2 ? 3 : 2; /* the third has other luck */
        if (copy < 2) {
            strategy[i].name = i ? "one" : "other";
            toy_bind(&strategy[i], bindings[i], &toy_dice, &none, TOY_CONTACT, immediate);
            toy_bind(&strategy[i], bindings[i], &toy_ranker, &none, TOY_SHELF, immediate);
        }
        run(&loop, &spec);
        equity[copy] = equity_of(&loop);
        nb_loop_free(&loop);
    }
    assert_true(equity[0] == equity[1]);
    assert_true(equity[0] != equity[2]);
}

static void test_loop_ranks_slates_by_score(void **state)
{
    toy_world_t world = {0};
    toy_settings_t email = {TOY_EMAIL};
    nb_binding_t bindings[2];
    nb_strategy_t strategy = toy_nobody();
    nb_loop_spec_t spec = spec_of(&world, &strategy);
    nb_result_t result;
    nb_loop_t loop;

    (void)state;
    toy_bind(&strategy, bindings, &toy_always, &email, TOY_CONTACT, immediate);
    toy_bind(&strategy, bindings, &toy_ranker, &email, TOY_SHELF, immediate);
    run(&loop, &spec);
    assert_ok(toy_environment.result(loop.run, &result));
    assert_close(result.series_values[0], -0.50 + 8.0, 0, 0); /* her product comes first */
    assert_close(result.series_values[1], -0.50 + 8.0, 0, 0);
    assert_close(result.series_values[2], -0.75 + 2 * 8.0 - 6.0, 0, 0);
    nb_loop_free(&loop);
}

static void test_loop_all_gives_each_instance_its_own_decisions(void **state)
{
    toy_world_t world = {0};
    toy_settings_t email = {TOY_EMAIL};
    nb_binding_t bindings[2];
    nb_strategy_t strategy = toy_nobody();
    nb_loop_spec_t spec = spec_of(&world, &strategy);
    const toy_learner_t *contact, *shelf;
    nb_loop_t loop;

    (void)state;
    toy_bind(&strategy, bindings, &toy_sequential, &email, TOY_CONTACT, smdp);
    toy_bind(&strategy, bindings, &toy_learner, &email, TOY_SHELF, journey);
    run(&loop, &spec);
    contact = learner_of(&loop, 0);
    shelf = learner_of(&loop, 1);
    assert_int_equal(contact->spec.n_points, 1);
    assert_true(contact->spec.horizon == 0.0); /* the environment does not tell it */
    /* two customers, three periods, one born for the last; visits between are none of its own */
    assert_int_equal(contact->n, 7);
    for (size_t i = 0; i < contact->n; i++) {
        const toy_transition_t *seen = &contact->seen[i];

        assert_int_equal(seen->point, 0);
        assert_true(seen->customer_x == (float)seen->customer);
        assert_int_equal(seen->next_point, i < 4 ? 0 : -1);
        assert_int_equal(seen->truncated, i >= 4);
        assert_true(seen->elapsed == (i < 4 ? 1.0f : 0.0f));
    }
    assert_close(contact->seen[0].reward, -0.25 + 8.0, 0, 0);
    assert_close(contact->seen[1].reward, -0.25, 0, 0);
    /* customer 1 buys in period 1; what comes back at the start of period 2 is discounted */
    assert_close(contact->seen[3].reward, -0.25 + 8.0 - 6.0 / 2, 0, 0);
    /* slates of two become two transitions each; c0 in 0 and 2, c1 in 1 (returned), c2 in 2 */
    assert_int_equal(shelf->n, 8);
    assert_close(shelf->seen[0].reward, 8.0, 0, 0);
    assert_close(shelf->seen[1].reward, 0.0, 0, 0);
    assert_int_equal(shelf->seen[0].action, 0);
    assert_int_equal(shelf->seen[0].slate, 1);
    assert_int_equal(shelf->seen[2].customer, 1);
    assert_close(shelf->seen[2].reward, 8.0 - 6.0 / 2, 0, 0);
    assert_true(shelf->seen[2].elapsed == 1.0f);
    nb_loop_free(&loop);
}

static void test_loop_joint_gives_one_instance_the_whole_journey(void **state)
{
    toy_world_t world = {.one_leaves = 1};
    toy_settings_t email = {TOY_EMAIL};
    nb_binding_t bindings[2];
    nb_strategy_t strategy = toy_nobody();
    nb_loop_spec_t spec = spec_of(&world, &strategy);
    const toy_learner_t *joint;
    const toy_transition_t *last;
    nb_loop_t loop;

    (void)state;
    spec.periods = 4;
    toy_bind(&strategy, bindings, &toy_sequential, &email, -1, smdp);
    run(&loop, &spec);
    joint = learner_of(&loop, 0);
    assert_int_equal(joint->spec.n_points, 2);
    /* period 0: recognize of customer 0, then her shelf in the same period */
    assert_int_equal(joint->seen[0].point, TOY_CONTACT);
    assert_int_equal(joint->seen[0].next_point, TOY_SHELF);
    assert_true(joint->seen[0].elapsed == 0.0f);
    assert_close(joint->seen[0].reward, -0.25, 0, 0);
    assert_int_equal(joint->seen[0].signals, NB_SIGNAL_OPENED);
    /* period 1: recognize closes the shelf of period 0, which is two rows by item */
    assert_int_equal(joint->seen[1].point, TOY_CONTACT);
    assert_int_equal(joint->seen[3].point, TOY_SHELF);
    assert_close(joint->seen[3].reward, 8.0, 0, 0);
    assert_int_equal(joint->seen[3].next_point, TOY_CONTACT);
    assert_true(joint->seen[3].elapsed == 1.0f);
    /* customer 2 left at the end of period 3: terminated, the others truncated */
    last = &joint->seen[joint->n - 1];
    for (size_t i = 0; i < joint->n; i++) {
        assert_int_equal(joint->seen[i].terminated,
                         joint->seen[i].customer == 2 && joint->seen[i].next_point < 0);
    }
    assert_int_equal(last->next_point, -1);
    nb_loop_free(&loop);
}

static void test_loop_learns_in_the_horizon_only(void **state)
{
    toy_world_t world = {.tail = 4};
    toy_settings_t email = {TOY_EMAIL};
    nb_binding_t bindings[2];
    nb_strategy_t strategy = toy_nobody();
    nb_loop_spec_t spec = spec_of(&world, &strategy);
    nb_loop_t loop;

    (void)state;
    toy_bind(&strategy, bindings, &toy_learner, &email, TOY_CONTACT, window2);
    run(&loop, &spec);
    assert_int_equal(notes.n_begun, 7);
    assert_int_equal(notes.tail_from, 3);
    assert_int_equal(learner_of(&loop, 0)->n_periods, 3);
    assert_int_equal(learner_of(&loop, 0)->n, 4); /* of periods 0 and 1; 2 reaches beyond */
    nb_loop_free(&loop);
    spec.tail = 0;
    memset(&notes, 0, sizeof notes);
    run(&loop, &spec);
    assert_int_equal(notes.n_begun, 3);
    assert_int_equal(notes.tail_from, 0);
    nb_loop_free(&loop);
}

static void test_loop_burn_in_is_played_by_its_strategy(void **state)
{
    toy_settings_t email = {TOY_EMAIL}, call = {TOY_CALL};
    nb_binding_t bindings[2], others[2];
    nb_strategy_t strategy = toy_nobody(), monthly = toy_nobody();
    nb_loop_t loop;

    (void)state;
    toy_bind(&strategy, bindings, &toy_learner, &call, TOY_CONTACT, immediate);
    toy_bind(&monthly, others, &toy_always, &email, TOY_CONTACT, immediate);
    for (int warm = 0; warm < 2; warm++) {
        toy_world_t world = {.burn_in = 2, .warm_start = warm};
        nb_loop_spec_t spec = spec_of(&world, &strategy);
        const toy_learner_t *learner;

        assert_fails(nb_loop_init(&loop, &spec), NB_ERR_CONFIG, "burn-in");
        nb_loop_free(&loop);
        memset(&notes, 0, sizeof notes);
        spec.burn_in = &monthly;
        run(&loop, &spec);
        learner = learner_of(&loop, 0);
        assert_int_equal(notes.period[0], -2);
        assert_int_equal(notes.n_begun, 5);
        assert_int_equal(learner->n, warm ? 7 + 4 : 7);
        for (size_t i = 0; i < learner->n; i++) {
            assert_int_equal(learner->seen[i].action,
                             learner->seen[i].tenure_x < 0.0f ? TOY_EMAIL : TOY_CALL);
        }
        nb_loop_free(&loop);
    }
}

static void test_loop_scales_rewards_by_their_running_deviation(void **state)
{
    toy_world_t world = {0};
    toy_settings_t email = {TOY_EMAIL};
    nb_binding_t bindings[2];
    nb_strategy_t strategy = toy_nobody();
    nb_loop_spec_t spec = spec_of(&world, &strategy);
    nb_moments_t moments = {0};
    const toy_learner_t *learner;
    nb_loop_t loop;

    (void)state;
    toy_bind(&strategy, bindings, &toy_learner, &email, TOY_CONTACT, immediate);
    bindings[0].reward_scale = NB_SCALE_AUTO;
    run(&loop, &spec);
    learner = learner_of(&loop, 0);
    /* period 0: 3.75 and -0.25, whose deviation is sqrt(8); period 1: -0.25 twice more */
    assert_close(learner->seen[0].reward, 3.75 / sqrt(8.0), 1e-14, 0);
    assert_close(learner->seen[1].reward, -0.25 / sqrt(8.0), 1e-14, 0);
    nb_moments_add(&moments, 3.75);
    for (int i = 0; i < 3; i++) {
        nb_moments_add(&moments, -0.25);
    }
    assert_close(learner->seen[2].reward, -0.25 / nb_moments_sd(&moments), 1e-14, 0);
    nb_loop_free(&loop);
}

static void test_loop_equal_rewards_are_not_scaled(void **state)
{
    toy_world_t world = {0};
    toy_settings_t wait = {TOY_WAIT};
    nb_binding_t bindings[2];
    nb_strategy_t strategy = toy_nobody();
    nb_loop_spec_t spec = spec_of(&world, &strategy);
    nb_loop_t loop;

    (void)state;
    toy_bind(&strategy, bindings, &toy_learner, &wait, TOY_CONTACT, immediate);
    bindings[0].reward_scale = NB_SCALE_AUTO;
    run(&loop, &spec);
    assert_close(nb_instance_reward_scale(&loop.players.instances[0]), 1.0, 0, 0);
    assert_close(learner_of(&loop, 0)->seen[0].reward, 0.0, 0, 0);
    nb_loop_free(&loop);
}

static void test_loop_does_not_allocate_once_it_is_warm(void **state)
{
    const nb_policy_type_t *const types[] = {&toy_always, &toy_learner};

    (void)state;
    for (int i = 0; i < 2; i++) {
        toy_world_t world = {.tail = 3};
        toy_settings_t email = {TOY_EMAIL};
        nb_binding_t bindings[2];
        nb_strategy_t strategy = toy_nobody();
        nb_loop_spec_t spec = spec_of(&world, &strategy);
        int warm = i ? 8 : 0; /* storage of pending decisions grows first */
        nb_loop_t loop;

        spec.n_customers = 12;
        spec.periods = 30;
        toy_bind(&strategy, bindings, types[i], &email, TOY_CONTACT, window2);
        run(&loop, &spec);
        assert_int_equal(notes.n_begun, 33);
        assert_true(notes.allocations[32] == notes.allocations[warm]);
        nb_loop_free(&loop);
    }
}

static void test_loop_names_a_policy_that_breaks_the_rules(void **state)
{
    toy_world_t world = {.no_email = 1};
    toy_settings_t email = {TOY_EMAIL}, wild = {7}, call = {TOY_CALL};
    nb_binding_t bindings[2];
    nb_strategy_t strategy = toy_nobody();
    nb_loop_spec_t spec = spec_of(&world, &strategy);
    nb_loop_t loop;

    (void)state;
    toy_bind(&strategy, bindings, &toy_always, &email, TOY_CONTACT, immediate);
    assert_ok(nb_loop_init(&loop, &spec));
    assert_fails(nb_loop_run(&loop), NB_ERR_DATA,
                 "policy toy_always at point recognize in period 0: action 1 (email)");
    nb_loop_free(&loop);
    bindings[0].policy.settings = &wild;
    assert_ok(nb_loop_init(&loop, &spec));
    assert_fails(nb_loop_run(&loop), NB_ERR_DATA, "action 7 (no action of this point)");
    nb_loop_free(&loop);
    bindings[0].policy.settings = &call;
    toy_bind(&strategy, bindings, &toy_always, &call, TOY_SHELF, immediate);
    assert_ok(nb_loop_init(&loop, &spec)); /* the same product three times */
    assert_fails(nb_loop_run(&loop), NB_ERR_DATA, "action 2 (p2) in position 1");
    nb_loop_free(&loop);
    bindings[1].policy.type = &toy_nan;
    assert_ok(nb_loop_init(&loop, &spec));
    assert_fails(nb_loop_run(&loop), NB_ERR_NUMERIC,
                 "policy toy_nan at point shelf in period 0: score of action 0");
    nb_loop_free(&loop);
    bindings[1].policy.type = &toy_dice;
    assert_ok(nb_loop_init(&loop, &spec));
    assert_fails(nb_loop_run(&loop), NB_ERR_UNSUPPORTED, "policy toy_dice at point shelf");
    nb_loop_free(&loop);
}

static void test_loop_money_must_be_finite(void **state)
{
    toy_world_t world = {.broken_period = 2};
    toy_settings_t email = {TOY_EMAIL};
    nb_binding_t bindings[2];
    nb_strategy_t strategy = toy_nobody();
    nb_loop_spec_t spec = spec_of(&world, &strategy);
    nb_loop_t loop;

    (void)state;
    toy_bind(&strategy, bindings, &toy_learner, &email, TOY_CONTACT, window2);
    bindings[0].gamma = 1.0;
    toy_bind(&strategy, bindings, &toy_ranker, &email, TOY_SHELF, immediate);
    assert_ok(nb_loop_init(&loop, &spec));
    assert_fails(nb_loop_run(&loop), NB_ERR_NUMERIC, "environment toy in period 2: money");
    nb_loop_free(&loop);
    /* two orders of 1e308 in one window are too much for a double */
    world = (toy_world_t){.huge = 1};
    bindings[0].credit.window = 3;
    assert_ok(nb_loop_init(&loop, &spec));
    assert_fails(nb_loop_run(&loop), NB_ERR_NUMERIC,
                 "policy toy_learner at point recognize in period 2: reward of customer 0 is inf");
    nb_loop_free(&loop);
}

static void test_loop_stops_when_asked(void **state)
{
    toy_world_t world = {0};
    nb_strategy_t strategy = toy_nobody();
    nb_loop_spec_t spec = spec_of(&world, &strategy);
    volatile int stop = 1;
    nb_loop_t loop;

    (void)state;
    spec.stop = &stop;
    assert_ok(nb_loop_init(&loop, &spec));
    assert_fails(nb_loop_run(&loop), NB_ERR_INTERRUPTED, "period 0");
    nb_loop_free(&loop);
}

static void test_loop_every_allocation_may_fail(void **state)
{
    toy_world_t world = {.burn_in = 2, .warm_start = 1};
    toy_settings_t email = {TOY_EMAIL};
    nb_binding_t bindings[2];
    nb_strategy_t strategy = toy_nobody();
    nb_loop_spec_t spec = spec_of(&world, &strategy);
    int code = NB_ERR_MEMORY, n = 0;
    nb_loop_t loop;

    (void)state;
    toy_bind(&strategy, bindings, &toy_learner, &email, TOY_CONTACT, window2);
    spec.burn_in = &strategy;
    while (code == NB_ERR_MEMORY) {
        memset(&notes, 0, sizeof notes);
        nb_alloc_fail_at((uint64_t)++n);
        code = nb_loop_init(&loop, &spec);
        if (code == NB_OK) {
            code = nb_loop_run(&loop);
        }
        nb_alloc_fail_at(0);
        nb_loop_free(&loop);
    }
    assert_ok(code);
    assert_true(n > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loop_plays_a_strategy_for_its_money),
        cmocka_unit_test(test_loop_unbound_points_play_the_same_with_and_without_a_batch),
        cmocka_unit_test(test_loop_two_copies_of_a_strategy_differ_by_nothing),
        cmocka_unit_test(test_loop_ranks_slates_by_score),
        cmocka_unit_test(test_loop_all_gives_each_instance_its_own_decisions),
        cmocka_unit_test(test_loop_joint_gives_one_instance_the_whole_journey),
        cmocka_unit_test(test_loop_learns_in_the_horizon_only),
        cmocka_unit_test(test_loop_burn_in_is_played_by_its_strategy),
        cmocka_unit_test(test_loop_scales_rewards_by_their_running_deviation),
        cmocka_unit_test(test_loop_equal_rewards_are_not_scaled),
        cmocka_unit_test(test_loop_does_not_allocate_once_it_is_warm),
        cmocka_unit_test(test_loop_names_a_policy_that_breaks_the_rules),
        cmocka_unit_test(test_loop_money_must_be_finite),
        cmocka_unit_test(test_loop_stops_when_asked),
        cmocka_unit_test(test_loop_every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
