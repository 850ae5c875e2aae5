/*
 * Newton's method in (ln scale, shift) on the logarithms of reached over target, its matrix by
 * differences once, then kept up by Broyden's rule (Broyden 1965).
 */
#include "bench/fit_pilot.h"

#include <math.h>
#include <string.h>

#include "bench/loop.h"
#include "bench/strategy.h"
#include "core/memory.h"
#include "core/parallel.h"

enum { MOST_ROUGH = 10, MOST_FINE = 4, WEEKS = 78 }; /* runs; weeks */

static const double close_enough = 0.004, near = 0.01, bearable = 0.02; /* in logarithms */
static const char *const metrics[NB_PILOT_SPANS] = {"repeat_39", "repeat_78"};

static int read_metrics(const nb_environment_type_t *environment, void *run,
                        double out[NB_PILOT_SPANS])
{
    nb_result_t result;

    NB_TRY(environment->result(run, &result));
    for (int k = 0; k < NB_PILOT_SPANS; k++) {
        out[k] = NAN;
        for (size_t i = 0; i < result.n_scalars; i++) {
            out[k] = strcmp(result.scalars[i].name, metrics[k]) == 0 ? result.scalar[i] : out[k];
        }
    }
    return NB_OK;
}

/* what the replications of a run share, and where each puts its result */
typedef struct {
    const nb_environment_type_t *environment;
    const void *world;
    const nb_strategy_t *strategy;
    const nb_pilot_spec_t *spec;
    double period_weeks;
    double (*reached)[NB_PILOT_SPANS]; /* [n_replications] */
} work_t;

static int play(const work_t *work, uint32_t replication, double out[NB_PILOT_SPANS])
{
    nb_key_t key = {work->spec->seed, replication};
    nb_loop_spec_t loop_spec = {
        .environment = work->environment,
        .world = work->world,
        .strategy = work->strategy,
        .key = key,
        .policy_key = key,
        .n_customers = work->spec->n_customers,
        .periods = (int)lround(ceil(WEEKS / work->period_weeks - 1e-9)),
    };
    nb_loop_t loop;
    int code = nb_loop_init(&loop, &loop_spec);

    if (code == NB_OK) {
        code = nb_loop_run(&loop);
    }
    if (code == NB_OK) {
        code = read_metrics(work->environment, loop.run, out);
    }
    nb_loop_free(&loop);
    return code;
}

static int play_replication(void *context, size_t i_replication, int i_worker)
{
    const work_t *work = context;

    (void)i_worker;
    return play(work, (uint32_t)i_replication, work->reached[i_replication]);
}

/* all replications over the threads; their mean, added in order */
static int play_all(work_t *work, double out[NB_PILOT_SPANS])
{
    size_t n = (size_t)work->spec->n_replications;
    int code;

    NB_TRY(nb_alloc(&work->reached, n, sizeof *work->reached));
    code = nb_parallel_for(work->spec->n_threads, n, play_replication, work);
    for (int k = 0; k < NB_PILOT_SPANS; k++) {
        out[k] = 0;
        for (size_t i = 0; i < n; i++) {
            out[k] += work->reached[i][k] / (double)n;
        }
    }
    nb_free(work->reached);
    return code;
}

int nb_pilot_run(const nb_journey_settings_t *settings, const nb_pilot_spec_t *spec,
                 double out[NB_PILOT_SPANS])
{
    const nb_environment_type_t *environment = nb_environment_find("journey");
    void *world = NULL;
    nb_strategy_t strategy = {0};
    nb_config_t config = {0};
    int code = environment->world_init(&world, settings);

    if (code == NB_OK) {
        code = nb_config_init(&config);
    }
    if (code == NB_OK) {
        code = nb_strategy_init_built_in(&strategy, &config, spec->status_quo,
                                         environment->spec(world));
    }
    if (code == NB_OK) {
        work_t work = {environment, world, &strategy, spec, settings->period_weeks, NULL};

        code = play_all(&work, out);
    }
    nb_strategy_free(&strategy);
    nb_config_free(&config);
    environment->world_free(world);
    return code;
}

/* the search: where it is, how far off, and the matrix of derivatives */
typedef struct {
    const nb_journey_settings_t *settings;
    nb_pilot_spec_t spec;
    nb_pilot_t *out;
    int is_started;      /* out holds a best so far */
    double at[2];        /* ln scale, shift */
    double off[2];       /* ln of reached over target */
    double matrix[2][2]; /* d off / d at */
} search_t;

static double worst(const double off[2])
{
    return fmax(fabs(off[0]), fabs(off[1]));
}

/* the target in `n_replications`, without contacts, which would wake sleeping dogs; what was best
 * with fewer is forgotten */
static int aim(search_t *self, int n_replications)
{
    nb_journey_settings_t settings = *self->settings;
    nb_pilot_spec_t uncontacted = self->spec;

    settings.journey = JOURNEY_TRANSPARENT;
    settings.need_conversion = CONVERSION_NONE;
    settings.need_scale = 1;
    settings.churn_shift = 0;
    uncontacted.status_quo = "never";
    uncontacted.n_replications = self->spec.n_replications = n_replications;
    self->is_started = 0;
    return nb_pilot_run(&settings, &uncontacted, self->out->target);
}

/* one run at `at`; the best so far is kept in out */
static int try_at(search_t *self, const double at[2], double off[2])
{
    nb_journey_settings_t settings = *self->settings;
    double reached[NB_PILOT_SPANS], best[2];

    settings.journey = JOURNEY_FULL;
    settings.need_scale = exp(at[0]);
    settings.churn_shift = at[1];
    NB_TRY(nb_pilot_run(&settings, &self->spec, reached));
    for (int k = 0; k < 2; k++) {
        off[k] = log(reached[k] / self->out->target[k]);
        best[k] = log(self->out->reached[k] / self->out->target[k]);
    }
    if (!isfinite(worst(off))) {
        NB_FAIL(NB_ERR_NUMERIC, "a pilot run of %zu customers under %s had no repeat purchases",
                self->spec.n_customers, self->spec.status_quo);
    }
    self->out->n_runs++;
    if (!self->is_started || worst(off) < worst(best)) {
        self->is_started = 1;
        memcpy(self->out->reached, reached, sizeof reached);
        self->out->need_scale = settings.need_scale;
        self->out->churn_shift = settings.churn_shift;
    }
    return NB_OK;
}

static int differentiate(search_t *self)
{
    const double steps[2] = {0.2, 0.4};

    for (int j = 0; j < 2; j++) {
        double at[2] = {self->at[0], self->at[1]}, off[2];

        at[j] += steps[j];
        NB_TRY(try_at(self, at, off));
        for (int k = 0; k < 2; k++) {
            self->matrix[k][j] = (off[k] - self->off[k]) / steps[j];
        }
    }
    return NB_OK;
}

/* Newton's step, at most 1 long in either direction; 0 where the matrix has no inverse */
static int newton_step(const search_t *self, double step[2])
{
    const double(*m)[2] = self->matrix;
    double determinant = m[0][0] * m[1][1] - m[0][1] * m[1][0], longest;

    if (!(fabs(determinant) > 1e-6)) {
        return 0;
    }
    step[0] = -(m[1][1] * self->off[0] - m[0][1] * self->off[1]) / determinant;
    step[1] = -(m[0][0] * self->off[1] - m[1][0] * self->off[0]) / determinant;
    longest = fmax(1, worst(step));
    step[0] /= longest;
    step[1] /= longest;
    return 1;
}

/* go there, and let the matrix agree with what was seen on the way */
static int take_step(search_t *self, const double step[2])
{
    double at[2] = {self->at[0] + step[0], self->at[1] + step[1]}, off[2];
    double length = step[0] * step[0] + step[1] * step[1];

    NB_TRY(try_at(self, at, off));
    for (int k = 0; k < 2; k++) {
        double surprise =
            off[k] - self->off[k] - self->matrix[k][0] * step[0] - self->matrix[k][1] * step[1];

        self->matrix[k][0] += surprise * step[0] / length;
        self->matrix[k][1] += surprise * step[1] / length;
    }
    memcpy(self->at, at, sizeof at);
    memcpy(self->off, off, sizeof off);
    return NB_OK;
}

static int descend(search_t *self, double enough, int most_runs)
{
    double step[2];

    while (self->out->n_runs < most_runs && worst(self->off) >= enough && newton_step(self, step)) {
        NB_TRY(take_step(self, step));
    }
    return NB_OK;
}

/* near the goal with few customers, then there with all */
static int search(search_t *self, int n_replications)
{
    NB_TRY(aim(self, (n_replications + 7) / 8));
    NB_TRY(try_at(self, self->at, self->off));
    /* the scale alone goes most of the way */
    self->at[0] -= self->off[0];
    NB_TRY(try_at(self, self->at, self->off));
    NB_TRY(differentiate(self));
    NB_TRY(descend(self, near, MOST_ROUGH));
    NB_TRY(aim(self, n_replications));
    NB_TRY(try_at(self, self->at, self->off));
    return descend(self, close_enough, self->out->n_runs + MOST_FINE);
}

int nb_pilot_calibrate(const nb_journey_settings_t *settings, const nb_pilot_spec_t *spec,
                       nb_pilot_t *out)
{
    search_t self = {.settings = settings, .spec = *spec, .out = out};
    double off[2];

    memset(out, 0, sizeof *out);
    NB_TRY(search(&self, spec->n_replications));
    for (int k = 0; k < 2; k++) {
        off[k] = log(out->reached[k] / out->target[k]);
    }
    if (!(worst(off) < bearable)) {
        NB_FAIL(
            NB_ERR_NUMERIC,
            "no scale of needs and shift of churn was found with which %s reproduces the fitted "
            "repeat purchases: the best is off by %.1f %%",
            spec->status_quo, 100 * worst(off));
    }
    return NB_OK;
}
