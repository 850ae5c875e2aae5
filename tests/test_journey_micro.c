/*
 * Scenario `micro` against exact dynamic programming, written here anew and slowly.
 *
 * Hidden: type (rare, frequent), need (none, latent, aware), alive. The firm sees what it did,
 * whether a message was opened and whether something was bought. A belief is seven weights that
 * need not sum to 1: values are linear in them, so nothing is ever divided. The optimal policy is a
 * tree over all observable histories, found by recursion and then played in the simulation.
 *
 * Simulation and exact value are held together within 4 standard errors of the mean over customers,
 * who do not influence each other here: false-alarm rate 6e-5 a comparison were the seed not fixed.
 */
#include "bench/plan.h"
#include "tests/journey_driver.h"

enum { N_TYPES = 2, N_NEEDS = 3, N_STATES = N_TYPES * N_NEEDS + 1, GONE = N_STATES - 1 };
enum { NONE, LATENT, AWARE };
enum { WAIT, EMAIL };
enum { MAX_PERIODS = 10, N_CUSTOMERS = 60000 };

/* what the firm may see in a week: e-mail sent (2), opened (1), bought (0) as bits, closed up to
 * six */
enum { N_SEEN = 6 };

static unsigned seen_of(int action, int is_opened, int is_bought)
{
    return (unsigned)(action == EMAIL ? 2 + 2 * is_opened + is_bought : is_bought);
}

typedef struct {
    int periods;
    double arrive[N_TYPES], lost, notice, persuade, visit, open[2];
    double leave_purchase, leave_week, margin, cost, gamma;
    double start[N_STATES];
    uint8_t *plan[MAX_PERIODS]; /* [6^t] best action by history */
} micro_t;

static double s(double x)
{
    return 1 / (1 + exp(-x));
}

/* numbers of the equations from the scenario's settings */
static void micro_init(micro_t *self, const nb_journey_settings_t *set, int periods)
{
    double rate = set->need_shape / set->need_rate * set->need_scale;

    memset(self, 0, sizeof *self);
    self->periods = periods;
    self->arrive[0] = 1 - exp(-rate);
    self->arrive[1] = 1 - exp(-rate * set->segment_rate);
    self->lost = set->need_lost;
    self->notice = set->aware_self;
    self->persuade = set->aware_email;
    self->visit = s(set->visit_base - set->inertia_mean);
    self->open[0] = s(set->open_email);
    self->open[1] = s(set->open_email + set->open_need);
    self->leave_purchase = s(set->churn_purchase);
    self->leave_week = set->churn_weekly;
    self->margin = set->money_price * set->money_margin - set->cost_delivery;
    self->cost = set->cost_email;
    self->gamma = pow(1 + set->discount_annual, -1.0 / 52);
    self->start[0] = 1 - set->segment_share;
    self->start[N_NEEDS] = set->segment_share;
}

static void micro_free(micro_t *self)
{
    for (int t = 0; t < MAX_PERIODS; t++) {
        free(self->plan[t]);
    }
}

/* a week begins: open needs are lost now and then, new ones arise, an open one stays as it is */
static void begin_week(const micro_t *self, const double *b, double *out)
{
    for (int k = 0; k < N_TYPES; k++) {
        const double *from = b + k * N_NEEDS;
        double *to = out + k * N_NEEDS, A = self->arrive[k];
        double lost = self->lost * (from[LATENT] + from[AWARE]);

        to[NONE] = (from[NONE] + lost) * (1 - A);
        to[LATENT] = (from[NONE] + lost) * A + from[LATENT] * (1 - self->lost);
        to[AWARE] = from[AWARE] * (1 - self->lost);
    }
    out[GONE] = b[GONE];
}

/* weights after an action under which a contact was opened or not, apart by what was bought;
 * returns the weight that bought */
static double live_week(const micro_t *self, const double *b, int action, int is_opened,
                        double after[2][N_STATES])
{
    double stay = 1 - self->leave_week, keep = (1 - self->leave_purchase) * stay, all = 0;

    memset(after, 0, 2 * sizeof after[0]);
    for (int k = 0; k < N_TYPES; k++) {
        const double *from = b + k * N_NEEDS;
        double *idle = after[0] + k * N_NEEDS, *fed = after[1] + k * N_NEEDS;
        double p[N_NEEDS] = {1, 1, 1}, notice, aware, bought, rest[N_NEEDS];

        for (int z = 0; action == EMAIL && z < N_NEEDS; z++) {
            p[z] = is_opened ? self->open[z != NONE] : 1 - self->open[z != NONE];
        }
        notice = 1 - (1 - self->notice) * (1 - (is_opened ? self->persuade : 0));
        aware = from[AWARE] * p[AWARE] + from[LATENT] * p[LATENT] * notice;
        bought = aware * self->visit;
        rest[NONE] = from[NONE] * p[NONE];
        rest[LATENT] = from[LATENT] * p[LATENT] * (1 - notice);
        rest[AWARE] = aware - bought;
        for (int z = 0; z < N_NEEDS; z++) {
            idle[z] = rest[z] * stay;
            after[0][GONE] += rest[z] * (1 - stay);
        }
        fed[NONE] = bought * keep;
        after[1][GONE] += bought * (1 - keep);
        all += bought;
    }
    after[0][GONE] += is_opened ? 0 : b[GONE];
    return all;
}

static double weigh(const double *b)
{
    double sum = 0;

    for (int z = 0; z < N_STATES; z++) {
        sum += b[z];
    }
    return sum;
}

/* ---- schedules: one distribution, carried forward ---- */

static double value_of_schedule(const micro_t *self, int every, int phase)
{
    double b[N_STATES], now[N_STATES], after[2][N_STATES], value = self->margin, discount = 1;

    memcpy(b, self->start, sizeof b);
    for (int t = 0; t < self->periods; t++, discount *= self->gamma) {
        int action = every && (t + phase) % every == 0 ? EMAIL : WAIT;

        begin_week(self, b, now);
        memset(b, 0, sizeof b);
        value -= action == EMAIL ? discount * self->cost * weigh(now) : 0;
        for (int is_opened = 0; is_opened <= action; is_opened++) {
            value += discount * self->margin * live_week(self, now, action, is_opened, after);
            for (int z = 0; z < N_STATES; z++) {
                b[z] += after[0][z] + after[1][z];
            }
        }
    }
    return value;
}

static double mean_of_schedule(const micro_t *self, int every)
{
    double sum = 0;
    int n = every ? every : 1;

    for (int phase = 0; phase < n; phase++) {
        sum += value_of_schedule(self, every, phase);
    }
    return sum / n;
}

/* ---- the belief: all observable histories ---- */

static double find_value(micro_t *self, const double *b, int t, size_t history);

static double value_of_action(micro_t *self, const double *now, int t, size_t history, int action)
{
    double after[2][N_STATES], discount = pow(self->gamma, t);
    double value = action == EMAIL ? -discount * self->cost * weigh(now) : 0;

    for (int is_opened = 0; is_opened <= action; is_opened++) {
        value += discount * self->margin * live_week(self, now, action, is_opened, after);
        for (int is_bought = 0; is_bought < 2 && t + 1 < self->periods; is_bought++) {
            value += find_value(self, after[is_bought], t + 1,
                                history * N_SEEN + seen_of(action, is_opened, is_bought));
        }
    }
    return value;
}

/* value of the best policy from weights b before week t on; its actions go into the plan */
static double find_value(micro_t *self, const double *b, int t, size_t history)
{
    double now[N_STATES], wait, email;

    begin_week(self, b, now);
    wait = value_of_action(self, now, t, history, WAIT);
    email = value_of_action(self, now, t, history, EMAIL);
    if (self->plan[t]) {
        self->plan[t][history] = email > wait ? EMAIL : WAIT;
    }
    return fmax(wait, email);
}

/* the firm knows the type from the start, or nothing */
static double value_of_belief(micro_t *self)
{
    return self->margin + find_value(self, self->start, 0, 0);
}

static double value_with_type(micro_t *self)
{
    double value = self->margin;

    for (int k = 0; k < N_TYPES; k++) {
        double b[N_STATES] = {0};

        b[k * N_NEEDS] = self->start[k * N_NEEDS];
        value += find_value(self, b, 0, 0);
    }
    return value;
}

static void make_plan(micro_t *self)
{
    size_t n = 1;

    for (int t = 0; t < self->periods; t++, n *= N_SEEN) {
        self->plan[t] = calloc(n, 1);
        assert_non_null(self->plan[t]);
    }
}

/* ---- type, need and life seen: value iteration, the upper reference ---- */

static double value_in_state(const micro_t *self, int state, double discount, const double *next)
{
    double best = -INFINITY, after[2][N_STATES], now[N_STATES] = {0};

    now[state] = 1;
    for (int action = WAIT; action <= EMAIL; action++) {
        double value = action == EMAIL ? -discount * self->cost : 0;

        for (int is_opened = 0; is_opened <= action; is_opened++) {
            value += discount * self->margin * live_week(self, now, action, is_opened, after);
            for (int z = 0; z < N_STATES; z++) {
                value += (after[0][z] + after[1][z]) * next[z];
            }
        }
        best = fmax(best, value);
    }
    return best;
}

static double value_with_state(const micro_t *self)
{
    double next[N_STATES] = {0}, value = self->margin;

    for (int t = self->periods - 1; t >= 0; t--) {
        double seen[N_STATES];

        for (int z = 0; z < N_STATES; z++) {
            seen[z] = value_in_state(self, z, pow(self->gamma, t), next);
        }
        for (int z = 0; z < N_STATES; z++) {
            double before[N_STATES] = {0}, now[N_STATES];

            before[z] = 1;
            begin_week(self, before, now);
            next[z] = 0;
            for (int y = 0; y < N_STATES; y++) {
                next[z] += now[y] * seen[y];
            }
        }
    }
    for (int z = 0; z < N_STATES; z++) {
        value += self->start[z] * next[z];
    }
    return value;
}

/* ---- the simulation ---- */

static nb_journey_settings_t load_settings(int *periods)
{
    nb_journey_settings_t set;
    nb_plan_t plan;

    assert_ok(nb_plan_init_text(&plan, "micro", "name: m\nscenario: micro\nstrategies: {never: {}}",
                                NULL, 0));
    set = *(const nb_journey_settings_t *)plan.worlds[0].settings;
    *periods = plan.periods;
    nb_plan_free(&plan);
    return set;
}

/* mean of what customers bring, and its standard error */
static double mean_value(const journey_t *run, double *se)
{
    double sum = 0, squares = 0, n = (double)run->at.n, mean;

    for (size_t i = 0; i < run->at.n; i++) {
        sum += run->value[i];
        squares += run->value[i] * run->value[i];
    }
    mean = sum / n;
    *se = sqrt((squares / n - mean * mean) / (n - 1));
    return mean;
}

static void play(driver_t *driver, const nb_journey_settings_t *set, int periods)
{
    driver->set = *set;
    driver->needs[POINT_RECOGNIZE] = NB_NEED_ROWS;
    driver_start(driver, 0, N_CUSTOMERS, periods);
    driver_play(driver, 1);
}

static void check_schedule(int every)
{
    int periods;
    nb_journey_settings_t set = load_settings(&periods);
    driver_t driver = {.answer = answer_schedule, .context = &every};
    double se, mean;
    micro_t micro;

    micro_init(&micro, &set, periods);
    play(&driver, &set, periods);
    mean = mean_value(driver.run, &se);
    /* nobody is born, nothing is left after the horizon */
    assert_close(driver_scalar(&driver, "equity"), mean, 1e-9, 0);
    assert_close(mean, mean_of_schedule(&micro, every), 0, 4 * se);
    assert_true(se < 0.006 * mean);
    driver_free(&driver);
}

static void test_micro_without_contact_is_its_markov_chain(void **state)
{
    (void)state;
    check_schedule(0);
}

static void test_micro_with_weekly_email_is_its_markov_chain(void **state)
{
    (void)state;
    check_schedule(1);
}

static void test_micro_with_email_every_other_week_is_its_markov_chain(void **state)
{
    (void)state;
    check_schedule(2);
}

/* knowing more never costs, and here each step is worth something */
static void test_micro_values_rise_with_what_is_known(void **state)
{
    int periods;
    nb_journey_settings_t set = load_settings(&periods);
    double best = -INFINITY, belief, type;
    micro_t micro;

    (void)state;
    micro_init(&micro, &set, 8);
    for (int every = 0; every <= 8; every++) {
        best = fmax(best, mean_of_schedule(&micro, every));
    }
    belief = value_of_belief(&micro);
    type = value_with_type(&micro);
    assert_true(belief > 1.005 * best);
    assert_true(type > 1.02 * belief);
    assert_true(value_with_state(&micro) > 1.02 * type);
}

/* the customers' histories, and what the plan says to them */
typedef struct {
    micro_t micro;
    uint32_t history[N_CUSTOMERS];
    uint8_t action[N_CUSTOMERS], signals[N_CUSTOMERS];
} planner_t;

static void answer_plan(driver_t *driver, const nb_batch_t *batch, int32_t *action)
{
    planner_t *planner = driver->context;

    for (size_t i = 0; i < batch->n; i++) {
        uint32_t who = batch->customer[i];

        action[i] = 0;
        if (batch->stream_point == POINT_RECOGNIZE) {
            planner->action[who] = planner->micro.plan[batch->period][planner->history[who]];
            action[i] = planner->action[who] == EMAIL ? RECOGNIZE_EMAIL : RECOGNIZE_WAIT;
        }
    }
}

/* what the firm saw of everybody this week */
static void note_history(driver_t *driver, nb_events_t events)
{
    planner_t *planner = driver->context;

    memset(planner->signals, 0, sizeof planner->signals);
    for (size_t k = 0; k < events.n; k++) {
        if (events.events[k].kind == NB_EVENT_SIGNAL) {
            planner->signals[events.events[k].customer] |= (uint8_t)events.events[k].signals;
        }
    }
    for (size_t i = 0; i < N_CUSTOMERS; i++) {
        unsigned seen = seen_of(planner->action[i], (planner->signals[i] & NB_SIGNAL_OPENED) != 0,
                                (planner->signals[i] & NB_SIGNAL_BOUGHT) != 0);

        planner->history[i] = planner->history[i] * N_SEEN + seen;
    }
}

/* the optimal policy earns in the simulation what dynamic programming says */
static void test_micro_under_its_optimal_policy_earns_its_value(void **state)
{
    int periods;
    nb_journey_settings_t set = load_settings(&periods);
    planner_t *planner = calloc(1, sizeof *planner);
    driver_t driver = {.answer = answer_plan, .watch = note_history, .context = planner};
    double mean, se, exact;

    (void)state;
    assert_non_null(planner);
    assert_true(periods <= MAX_PERIODS);
    micro_init(&planner->micro, &set, periods);
    make_plan(&planner->micro);
    exact = value_of_belief(&planner->micro);
    play(&driver, &set, periods);
    mean = mean_value(driver.run, &se);
    assert_close(mean, exact, 0, 4 * se);
    assert_true(mean > mean_of_schedule(&planner->micro, 2));
    micro_free(&planner->micro);
    driver_free(&driver);
    free(planner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_micro_without_contact_is_its_markov_chain),
        cmocka_unit_test(test_micro_with_weekly_email_is_its_markov_chain),
        cmocka_unit_test(test_micro_with_email_every_other_week_is_its_markov_chain),
        cmocka_unit_test(test_micro_values_rise_with_what_is_known),
        cmocka_unit_test(test_micro_under_its_optimal_policy_earns_its_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
