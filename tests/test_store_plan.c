#include "tests/testlib.h"

#include "core/store.h"
#include "tests/store_sample.h"

static const char head[] = "{\"plan\":\"p\"}\n";
static const char cell_a[] = "{\"cell\":\"a\",\"hash\":\"1\",\"keys\":[\"x\",\"y\"]}\n";
static const char cell_b[] = "{\"cell\":\"b \\\"q\\\"\",\"hash\":\"2\",\"keys\":[\"z\"]}\n";

static int bind(nb_store_t *store, const char *first, const char *second, const char *third)
{
    char plan[1024];

    snprintf(plan, sizeof plan, "%s%s%s", first, second, third);
    return nb_store_bind_plan(store, plan);
}

static void test_plan_may_grow_in_cells_and_replications(void **state)
{
    sample_store_t *self = *state;

    assert_ok(bind(&self->store, head, cell_a, ""));
    assert_ok(bind(&self->store, head, cell_a, ""));
    assert_ok(bind(&self->store, "{\"plan\":\"grown\"}\n", cell_b, cell_a));
    assert_ok(bind(&self->store, head,
                   "{\"cell\":\"a\",\"hash\":\"1\",\"keys\":[\"x\",\"y\",\"v\"]}\n", cell_b));
}

static void test_plan_may_not_change(void **state)
{
    static const char *const others[] = {
        "{\"cell\":\"a\",\"hash\":\"3\",\"keys\":[\"x\",\"y\"]}\n", /* another hash */
        "{\"cell\":\"a\",\"hash\":\"1\",\"keys\":[\"y\",\"x\"]}\n", /* other keys */
        "{\"cell\":\"a\",\"hash\":\"1\",\"keys\":[\"x\"]}\n",       /* fewer keys */
        "{\"cell\":\"c\",\"hash\":\"1\",\"keys\":[\"x\",\"y\"]}\n", /* another cell */
        "",
    };
    sample_store_t *self = *state;

    assert_ok(bind(&self->store, head, cell_a, cell_b));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_fails(bind(&self->store, head, others[i], cell_b), NB_ERR_EXISTS,
                     "results.store holds another experiment (cell \"a\" differs); use -o");
    }
    assert_ok(bind(&self->store, head, cell_a, cell_b));
}

static void test_plan_that_is_damaged_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "hello",
        "[1]\n",
        "{\"plan\":1}\n{\"cell\":\"a\"}\n",
        "{\"plan\":1}\n{\"cell\":\"a\",\"hash\":\"1\",\"keys\":[\"x\"\n",
        "{\"plan\":1}\n{\"cell\":\"a\\\",\"hash\":1,\"keys\":[]}\n",
        "{\"plan\":1}\n{\"cell\":\"a",
        "{\"plan\":1}\n\x89HDF\r\n",
    };
    sample_store_t *self = *state;
    char path[320];

    snprintf(path, sizeof path, "%s/plan.json", self->path);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        sample_write_file(path, texts[i], strlen(texts[i]));
        assert_fails(bind(&self->store, head, cell_a, ""), NB_ERR_FORMAT, "plan.json is damaged");
        assert_fails(nb_store_bind_plan(&self->store, texts[i]), NB_ERR_FORMAT, "the new plan");
    }
    sample_write_file(path, "{}\n\0\0\0", 6);
    assert_fails(bind(&self->store, head, cell_a, ""), NB_ERR_FORMAT, "plan.json is damaged");
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, sample_set_up, sample_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_plan_may_grow_in_cells_and_replications),
        STORE_TEST(test_plan_may_not_change),
        STORE_TEST(test_plan_that_is_damaged_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
