/* targets that are no function of means: closed forms, arrivals, actions that are never the best */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <string.h>

#include "bench/table.h"
#include "bench/verify_table.h"
#include "core/memory.h"
#include "core/stats.h"

enum { MAX_COUNT = 400, PATH_SIZE = 4096 };

/* shares of states below and above which an action must have been named */
static const double RARE = 0.02, USUAL = 0.98;

/* first purchase M, then E[lambda] needs a period, all bought, while alive: M + E[lambda] M (1 -
 * q^T) / (1 - q) */
static double closed_form(const nb_plan_t *plan)
{
    double h = nb_verify_setting(plan, "period_weeks"), T = plan->periods;
    double M = nb_verify_setting(plan, "money.price") * nb_verify_setting(plan, "money.margin") -
               nb_verify_setting(plan, "cost.delivery");
    double rate = nb_verify_setting(plan, "need.shape") / nb_verify_setting(plan, "need.rate");
    double gamma = pow(1 + nb_verify_setting(plan, "discount.annual"), -h / 52);
    double q = gamma * pow(1 - nb_verify_setting(plan, "churn.weekly"), h);

    return M + rate * h * M * (1 - pow(q, T)) / (1 - q);
}

int nb_verify_plain(nb_verify_work_t *work, nb_target_t *target)
{
    const nb_verify_column_t column = {"plain", "never", "clv_in_horizon"};
    const nb_plan_t *plan = &work->plans[nb_verify_find_run("plain")];
    double truth = closed_form(plan), *values;
    nb_moments_t moments = {0};

    NB_TRY(nb_verify_column(work, &column, &values));
    nb_moments_add_finite(&moments, values, (size_t)plan->replications);
    nb_free(values);
    target->value = (moments.mean - truth) / nb_moments_se(&moments);
    snprintf(target->how, sizeof target->how,
             "scenario plain less its closed form, in standard errors: %.3f, %.3f", moments.mean,
             truth);
    if (!isfinite(target->value)) {
        target->status = NB_TARGET_SKIPPED;
        snprintf(target->how, sizeof target->how,
                 "one replication has no standard error to measure scenario plain in");
    }
    return NB_OK;
}

double nb_verify_nbd_p(const double *seen, size_t n, double shape, double rate, double weeks)
{
    double total = 0, chi_square = 0, cell_seen = 0, cell_p = 0, rest = 1;
    double p = pow(rate / (rate + weeks), shape);
    size_t n_cells = 0;

    for (size_t x = 0; x < n; x++) {
        total += seen[x];
    }
    for (size_t x = 0; x < n; x++) {
        cell_seen += seen[x];
        cell_p += x + 1 < n ? p : rest;
        rest -= p;
        /* what is left must be worth a cell of its own, else it joins this one */
        if (x + 1 == n || (total * cell_p >= 5 && total * rest >= 5)) {
            double expected = total * cell_p;

            chi_square += (cell_seen - expected) * (cell_seen - expected) / expected;
            n_cells++;
            cell_seen = cell_p = 0;
        }
        p *= (shape + (double)x) / ((double)x + 1) * weeks / (rate + weeks);
    }
    return n_cells > 1 ? nb_chi_square_p(chi_square, (double)n_cells - 1) : NAN;
}

/* purchases after the first of every customer of one log, added to seen [MAX_COUNT] */
static int count_log(const char *path, size_t n_customers, double *seen)
{
    nb_table_t table;
    int *count = NULL;
    int code = nb_table_read(&table, path);

    code = code < 0 ? code : nb_alloc(&count, n_customers, sizeof *count);
    for (size_t i = 0; code >= 0 && i < table.n_rows; i++) {
        double customer = 0;

        code = nb_table_real(&table, i, 0, "a customer", &customer);
        if (code >= 0 && customer >= 0 && customer < (double)n_customers) {
            count[(size_t)customer]++;
        }
    }
    for (size_t i = 0; code >= 0 && i < n_customers; i++) {
        int x = count[i] > 0 ? count[i] - 1 : 0;

        seen[x < MAX_COUNT - 1 ? x : MAX_COUNT - 1] += 1;
    }
    nb_free(count);
    nb_table_free(&table);
    return code;
}

static int count_logs(const nb_verify_work_t *work, size_t i_run, double *seen)
{
    const nb_plan_t *plan = &work->plans[i_run];
    char path[PATH_SIZE], *store = NULL;
    int code = nb_store_path_of(&store, work->paths[i_run]);

    for (int r = 0; code >= 0 && r < plan->replications; r++) {
        snprintf(path, sizeof path, "%s/purchases/%s.csv", store, plan->keys[r]);
        code = count_log(path, (size_t)plan->customers, seen);
    }
    nb_free(store);
    return code;
}

int nb_verify_arrivals(nb_verify_work_t *work, nb_target_t *target)
{
    size_t i_run = nb_verify_find_run("arrivals");
    const nb_plan_t *plan = &work->plans[i_run];
    double shape = nb_verify_setting(plan, "need.shape");
    double rate = nb_verify_setting(plan, "need.rate") / nb_verify_setting(plan, "need.scale");
    double weeks = plan->periods * nb_verify_setting(plan, "period_weeks");
    double *seen;
    int code;

    NB_TRY(nb_alloc(&seen, MAX_COUNT, sizeof *seen));
    code = count_logs(work, i_run, seen);
    target->value = nb_verify_nbd_p(seen, MAX_COUNT, shape, rate, weeks);
    nb_free(seen);
    NB_TRY(code);
    snprintf(target->how, sizeof target->how,
             "p of a chi-square of needs in %g weeks against the NBD (shape %g, rate %g), all else "
             "off",
             weeks, shape, rate);
    if (isnan(target->value)) {
        target->status = NB_TARGET_SKIPPED;
        snprintf(target->how, sizeof target->how, "too few customers for a chi-square of arrivals");
    }
    return NB_OK;
}

/* "point.action" of a list must be an action of the model */
static int check_action(const nb_node_t *item, const nb_spec_t *spec)
{
    const char *dot = strchr(item->text, '.'), *names[NB_MAX_POINTS];
    size_t n_point = (size_t)(dot - item->text);

    for (unsigned p = 0; p < spec->n_points; p++) {
        const nb_point_t *point = &spec->points[p];

        names[p] = point->name;
        if (strlen(point->name) != n_point || strncmp(point->name, item->text, n_point) != 0) {
            continue;
        }
        for (unsigned k = 0; k < point->n_actions; k++) {
            if (strcmp(point->actions[k], dot + 1) == 0) {
                return NB_OK;
            }
        }
        return nb_node_unknown(item, "action", dot + 1, point->actions, point->n_actions);
    }
    return nb_node_unknown(item, "decision point", item->text, names, spec->n_points);
}

static int check_list(const nb_node_t *list, const nb_spec_t *spec)
{
    for (const nb_node_t *item = list ? list->child : NULL; item; item = item->next) {
        NB_TRY(check_action(item, spec));
    }
    return NB_OK;
}

int nb_verify_check_actions(const nb_verify_bands_t *bands, const nb_plan_t *plan)
{
    const nb_spec_t *spec = plan->worlds[0].environment->spec(plan->worlds[0].world);

    NB_TRY(check_list(bands->inert, spec));
    return check_list(bands->dominant, spec);
}

static int is_listed(const nb_node_t *list, const nb_action_share_t *share)
{
    char name[256];

    snprintf(name, sizeof name, "%s.%s", share->point, share->action);
    for (const nb_node_t *item = list ? list->child : NULL; item; item = item->next) {
        if (strcmp(item->text, name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* beside an action that is named dominant the others need not be named */
static int has_dominant(const nb_node_t *list, const char *point)
{
    size_t n = strlen(point);

    for (const nb_node_t *item = list ? list->child : NULL; item; item = item->next) {
        if (strncmp(item->text, point, n) == 0 && item->text[n] == '.') {
            return 1;
        }
    }
    return 0;
}

void nb_verify_judge_actions(const nb_verify_bands_t *bands, const nb_action_share_t *shares,
                             size_t n, nb_target_t *target)
{
    size_t used = (size_t)snprintf(target->how, sizeof target->how,
                                   "actions best for under %g or over %g %% of states, unnamed",
                                   100 * RARE, 100 * USUAL);

    target->value = 0;
    for (size_t i = 0; i < n; i++) {
        int is_fine = shares[i].share < RARE
                          ? is_listed(bands->inert, &shares[i]) ||
                                has_dominant(bands->dominant, shares[i].point)
                          : shares[i].share <= USUAL || is_listed(bands->dominant, &shares[i]);

        if (!is_fine) {
            int n_more = snprintf(target->how + used, sizeof target->how - used, "%s %s.%s %.3f",
                                  target->value > 0 ? "," : ":", shares[i].point, shares[i].action,
                                  shares[i].share);

            used += (size_t)n_more < sizeof target->how - used ? (size_t)n_more : 0;
            target->value += 1;
        }
    }
}

int nb_verify_actions(nb_verify_work_t *work, nb_target_t *target)
{
    const nb_verify_spec_t *spec = work->spec;
    int code;

    if (!spec->shares) {
        target->status = NB_TARGET_SKIPPED;
        snprintf(target->how, sizeof target->how,
                 "the shares of best actions are not measured here");
        return NB_OK;
    }
    code = spec->shares(spec, &work->plans[0], &work->shares, &work->n_shares);
    if (code == NB_ERR_UNSUPPORTED) {
        target->status = NB_TARGET_SKIPPED;
        snprintf(target->how, sizeof target->how, "%s", nb_error_detail());
        nb_error_clear();
        code = NB_OK;
    } else if (code >= 0) {
        nb_verify_judge_actions(&work->bands, work->shares, work->n_shares, target);
    }
    return code;
}
