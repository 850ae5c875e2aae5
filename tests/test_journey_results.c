/*
 * Results against their definitions: values of customers, cohorts, ages and segments add up to the
 * money of the run, and quantiles and Gini are those of a slow computation.
 */
#include "tests/journey_driver.h"

enum { N = 400, T = 60 };

static int monthly = 4;

/* a whole life, tail included, with arrivals and referrals */
static void play(driver_t *driver)
{
    driver_defaults(driver);
    driver->set.births_organic = 0.01;
    driver->set.referral_base = 0.1;
    driver->set.need_rate = 1.5;
    driver->context = &monthly;
    driver->needs[POINT_RECOGNIZE] = NB_NEED_ROWS;
    driver->answer = answer_schedule;
    driver_start(driver, 4, N, T);
    driver_play(driver, 1);
}

static void test_results_customer_values_add_up_to_clv(void **state)
{
    driver_t driver;
    const double *value;
    double sum = 0;
    size_t n;

    (void)state;
    play(&driver);
    value = journey_customer_values(driver.run, &n);
    assert_int_equal(n, N);
    for (size_t i = 0; i < n; i++) {
        sum += value[i];
    }
    assert_close(sum / N, driver_scalar(&driver, "clv"), 1e-9, 0);
    assert_close(driver_scalar(&driver, "clv_in_horizon") + driver_scalar(&driver, "clv_tail"),
                 driver_scalar(&driver, "clv"), 1e-12, 0);
    assert_close(driver_scalar(&driver, "equity_in_horizon") +
                     driver_scalar(&driver, "equity_tail"),
                 driver_scalar(&driver, "equity"), 1e-12, 0);
    driver_free(&driver);
}

/* the causes of money add up to money */
static void test_results_causes_add_up_to_equity(void **state)
{
    driver_t driver;

    (void)state;
    play(&driver);
    for (int k = 0; k < 2; k++) {
        const period_sums_t *s = k ? &driver.run->at.tail[0] : &driver.run->at.horizon[0];

        assert_close(s->margin + s->contact_cost + s->discount + s->delivery + s->returns_cost +
                         s->acquisition + s->extra,
                     s->money, 1e-9, 1e-9);
    }
    driver_free(&driver);
}

/* every customer's value, discounted to the start, is her cohort's discounted to her birth */
static void test_results_cohorts_add_up(void **state)
{
    driver_t driver;
    const journey_t *run;
    nb_result_t result;
    double sum[MAX_COHORTS] = {0}, born[MAX_COHORTS] = {0};
    size_t clv = 0, customers = 0;

    (void)state;
    play(&driver);
    run = driver.run;
    for (uint32_t i = 0; i < run->at.n; i++) {
        unsigned c = (unsigned)(run->birth[i] / 52);

        sum[c] += run->value[i] / pow(run->world->gamma, run->birth[i]);
        born[c]++;
    }
    assert_ok(journey_result(driver.run, &result));
    for (size_t k = 0; k < result.n_scalars; k++) {
        clv = strcmp(result.scalars[k].name, "clv") == 0 ? k : clv;
        customers = strcmp(result.scalars[k].name, "customers") == 0 ? k : customers;
    }
    assert_int_equal(result.n_cohorts, 2);
    for (size_t c = 0; c < 2; c++) {
        assert_true(born[c] > 20);
        assert_close(result.by_cohort[clv * 2 + c], sum[c] / born[c], 1e-6, 0);
        assert_close(result.by_cohort[customers * 2 + c], born[c] / N, 1e-12, 0);
    }
    driver_free(&driver);
}

/* money up to an age, from the events */
typedef struct {
    double age[2]; /* up to 52 and 104 weeks */
} ages_t;

static ages_t ages;

static void add_events(driver_t *driver, nb_events_t events)
{
    const journey_t *run = driver->run;

    for (size_t e = 0; e < events.n; e++) {
        const nb_event_t *event = &events.events[e];
        int age = run->at.period - run->birth[event->customer];

        if (event->kind == NB_EVENT_MONEY && event->cause != NB_CAUSE_ACQUISITION) {
            for (int k = 0; k < 2; k++) {
                ages.age[k] += age < 52 * (k + 1) ? event->money * pow(run->world->gamma, age) : 0;
            }
        }
    }
}

static void test_results_ages_add_up(void **state)
{
    driver_t driver;

    (void)state;
    memset(&ages, 0, sizeof ages);
    driver_defaults(&driver);
    driver.watch = add_events;
    driver.set.births_organic = 0;
    driver.set.referral_base = driver.set.referral_satisfaction = driver.set.referral_paid = 0;
    driver_start(&driver, 4, N, T);
    driver_play(&driver, 1);
    assert_close(driver_scalar(&driver, "clv_age_52"), ages.age[0] / N, 1e-9, 0);
    assert_close(driver_scalar(&driver, "clv_age_104"), ages.age[1] / N, 1e-9, 0);
    assert_close(driver_scalar(&driver, "clv_52"), ages.age[0] / N, 1e-9, 0);
    driver_free(&driver);
}

static void test_results_segments_add_up(void **state)
{
    driver_t driver;
    nb_result_t result;

    (void)state;
    play(&driver);
    assert_ok(journey_result(driver.run, &result));
    for (size_t k = 0; k < result.n_scalars; k++) {
        const char *name = result.scalars[k].name;
        double sum = 0, n = 0;

        if (strcmp(name, "clv") && strcmp(name, "surplus")) {
            continue;
        }
        for (size_t g = 0; g < result.n_segments; g++) {
            double members = 0;

            for (size_t i = 0; i < N; i++) {
                members += driver.run->segment[i] == g;
            }
            assert_true(members > N / 6.0);
            sum += members * result.by_segment[k * result.n_segments + g];
            n += members;
        }
        assert_close(n, N, 0, 0);
        assert_close(sum / N, result.scalar[k], 1e-6, 1e-6);
    }
    driver_free(&driver);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void test_results_spread_is_that_of_a_slow_computation(void **state)
{
    driver_t driver;
    const double *value;
    double sorted[N], gaps = 0, sum = 0, low = 0;
    size_t n;

    (void)state;
    play(&driver);
    value = journey_customer_values(driver.run, &n);
    memcpy(sorted, value, sizeof sorted);
    qsort(sorted, N, sizeof *sorted, compare);
    for (size_t i = 0; i < N; i++) {
        sum += value[i];
        low += i < N / 10 ? sorted[i] / (N / 10) : 0;
        for (size_t j = 0; j < N; j++) {
            gaps += fabs(value[i] - value[j]);
        }
    }
    assert_close(driver_scalar(&driver, "clv_gini"), gaps / (2 * N * sum), 1e-9, 0);
    assert_close(driver_scalar(&driver, "clv_cvar10"), low, 1e-9, 0);
    assert_close(driver_scalar(&driver, "clv_q10"), sorted[40], 0, 0);  /* 0.1 x 399, rounded */
    assert_close(driver_scalar(&driver, "clv_q50"), sorted[200], 0, 0); /* 199.5 */
    assert_close(driver_scalar(&driver, "clv_q90"), sorted[359], 0, 0);
    driver_free(&driver);
}

/* needs end in one way only: what is left is open at the end */
static void test_results_funnel_adds_up(void **state)
{
    driver_t driver;

    (void)state;
    driver_defaults(&driver);
    driver.set.need_queue = 1; /* no need is renewed by another one */
    driver.set.births_organic = 0;
    driver.context = &monthly;
    driver.needs[POINT_RECOGNIZE] = NB_NEED_ROWS;
    driver.answer = answer_schedule;
    driver_start(&driver, 4, N, T);
    driver_play(&driver, 0);
    const period_sums_t *h = &driver.run->at.horizon[0];
    double open = 0;
    for (size_t k = 0; k < driver.run->n_needs; k++) {
        open += !driver.run->needs[k].closed;
    }
    assert_close(h->lost_unaware + h->lost_aware + h->lost_visited + h->outside +
                     h->refused_requests + h->orders - h->first_orders + open,
                 h->needs, 0, 0);
    assert_close(h->visits, h->outside + h->abandoned + h->orders - h->first_orders, 0, 0);
    driver_free(&driver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results_customer_values_add_up_to_clv),
        cmocka_unit_test(test_results_causes_add_up_to_equity),
        cmocka_unit_test(test_results_cohorts_add_up),
        cmocka_unit_test(test_results_ages_add_up),
        cmocka_unit_test(test_results_segments_add_up),
        cmocka_unit_test(test_results_spread_is_that_of_a_slow_computation),
        cmocka_unit_test(test_results_funnel_adds_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
