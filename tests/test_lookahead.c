/* Which action is best in which state: an action that cannot pay is never best, one that must is.
 */
#include "bench/lookahead.h"
#include "bench/plan.h"
#include "tests/testlib.h"

static const char text[] = "name: lookahead\nscenario: everyday\ncustomers: 100\nperiods: 10\n"
                           "strategies: {never: {}}\n";

typedef struct {
    nb_plan_t plan;
    nb_action_share_t *shares;
    size_t n;
} fixture_t;

static int look(fixture_t *self, const char *const *sets, size_t n_sets, int n_threads)
{
    nb_lookahead_spec_t spec = {
        .n_customers = 150, .lucks = 4, .weeks = 13, .seed = 7, .n_threads = n_threads};

    memset(self, 0, sizeof *self);
    assert_ok(nb_plan_init_text(&self->plan, "lookahead", text, sets, n_sets));
    spec.world = &self->plan.worlds[0];
    return nb_lookahead_shares(&spec, &self->shares, &self->n);
}

static void stop(fixture_t *self)
{
    nb_free(self->shares);
    nb_plan_free(&self->plan);
}

/* share of an action, NaN where it was hardly ever allowed */
static double share_of(const fixture_t *self, const char *point, const char *action)
{
    for (size_t i = 0; i < self->n; i++) {
        if (strcmp(self->shares[i].point, point) == 0 &&
            strcmp(self->shares[i].action, action) == 0) {
            return self->shares[i].share;
        }
    }
    return NAN;
}

static void test_lookahead_shares_of_a_point_with_equal_masks_add_up(void **state)
{
    double sum = 0;
    fixture_t self;

    (void)state;
    assert_ok(look(&self, NULL, 0, 1));
    for (size_t i = 0; i < self.n; i++) {
        assert_true(self.shares[i].share >= 0 && self.shares[i].share <= 1);
        sum += strcmp(self.shares[i].point, "display") == 0 ? self.shares[i].share : 0;
    }
    assert_close(sum, 1, 1e-12, 0);
    stop(&self);
}

/* a call for a fortune is never best, and free service that delights always is */
static void test_lookahead_finds_what_cannot_and_what_must_pay(void **state)
{
    static const char *const sets[] = {
        "cost.call=1000",    "need.rate=0.3", "cost.white_glove=0", "service.white_glove=5",
        "return.quality=10", "return.base=6", "churn.purchase=-50"};
    fixture_t self;

    (void)state;
    assert_ok(look(&self, sets, 7, 1));
    assert_close(share_of(&self, "recognize", "call"), 0, 0, 0);
    assert_true(share_of(&self, "recognize", "wait") > 0);
    assert_true(share_of(&self, "respond", "white_glove") > 0.8);
    stop(&self);
}

static void test_lookahead_is_the_same_for_any_number_of_threads(void **state)
{
    fixture_t one, two;

    (void)state;
    assert_ok(look(&one, NULL, 0, 1));
    assert_ok(look(&two, NULL, 0, 2));
    assert_int_equal(one.n, two.n);
    for (size_t i = 0; i < one.n; i++) {
        assert_true(one.shares[i].share == two.shares[i].share);
    }
    stop(&one);
    stop(&two);
}

static void test_lookahead_is_refused_with_several_firms_or_a_past(void **state)
{
    static const char *const firms[] = {"firms=2"}, *const past[] = {"burn_in.periods=10"};
    fixture_t self;

    (void)state;
    assert_fails(look(&self, firms, 1, 1), NB_ERR_UNSUPPORTED, "customer");
    stop(&self);
    assert_fails(look(&self, past, 1, 1), NB_ERR_UNSUPPORTED, "burn-in");
    stop(&self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lookahead_shares_of_a_point_with_equal_masks_add_up),
        cmocka_unit_test(test_lookahead_finds_what_cannot_and_what_must_pay),
        cmocka_unit_test(test_lookahead_is_the_same_for_any_number_of_threads),
        cmocka_unit_test(test_lookahead_is_refused_with_several_firms_or_a_past),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
