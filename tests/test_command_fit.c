#include "tests/testlib.h"

#include "core/config.h"
#include "core/settings.h"
#include "sim/journey_settings.h"
#include "tests/command_kit.h"
#include "tests/synthetic_log.h"

enum { TEXT_SIZE = 1 << 16, PATH_SIZE = 300 };

/* a kit with log.csv in its folder */
static int set_up(void **state)
{
    const synthetic_t world = {.purchases = {.8, 60, 1.2, 3},
                               .spend = {4, 5, 60},
                               .n_customers = 600,
                               .birth_days = 80,
                               .days = 730,
                               .seed = 2};
    char path[PATH_SIZE];
    FILE *out;

    if (command_kit_set_up(state) != 0) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/log.csv", ((command_kit_t *)*state)->folder);
    out = fopen(path, "w");
    assert_non_null(out);
    write_synthetic_log(&world, out);
    return fclose(out);
}

/* a file of the kit's folder as a tree; JSON is YAML */
static void read_tree(const command_kit_t *kit, const char *name, nb_config_t *config)
{
    char path[PATH_SIZE];

    snprintf(path, sizeof path, "%s/%s", kit->folder, name);
    assert_ok(nb_config_init(config));
    assert_ok(nb_config_read(config, path));
}

static double number_at(const nb_node_t *root, const char *path)
{
    double value = 0;

    assert_ok(nb_node_real(nb_node_at(root, path), &value));
    return value;
}

static void test_command_fit_prints_a_table(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 0, "BG/NBD, 600 customers",
                   "nextbest fit log.csv --model bgnbd --calibration-end 2020-12-31");
    assert_non_null(strstr(kit->output, "2020-01-01 to 2020-12-31"));
    assert_non_null(strstr(kit->output, "standard error"));
    assert_non_null(strstr(kit->output, "Gamma-Gamma"));
    assert_non_null(strstr(kit->output, "Holdout of 52 weeks"));
    assert_non_null(strstr(kit->output, "guessed: delimiter comma, a header, columns customer=1"));
    assert_non_null(strstr(kit->output, "guessed: date format %Y-%m-%d"));
}

static void test_command_fit_prints_json(void **state)
{
    command_kit_t *kit = *state;
    nb_config_t config;
    double in_bins = 0;

    assert_command(kit, 0, "",
                   "nextbest fit log.csv --calibration-end=2020-12-31 --unit=day --format=json "
                   ">fit.json");
    read_tree(kit, "fit.json", &config);
    assert_string_equal(nb_node_at(config.root, "model")->text, "bgnbd");
    assert_string_equal(nb_node_at(config.root, "unit")->text, "day");
    assert_string_equal(nb_node_at(config.root, "converged")->text, "true");
    assert_close(number_at(config.root, "customers"), 600, 0, 0);
    assert_close(number_at(config.root, "parameters.alpha"), 60, 1, 0);
    assert_true(number_at(config.root, "standard_errors.b") > 0);
    assert_true(number_at(config.root, "log_likelihood") < 0);
    assert_close(number_at(config.root, "spend.parameters.q"), 5, 1, 0);
    assert_true(number_at(config.root, "spend.log_likelihood") < 0);
    assert_close(number_at(config.root, "holdout.length"), 364, 0, 0);
    for (const nb_node_t *bin = nb_node_at(config.root, "holdout.by_frequency")->child; bin;
         bin = bin->next) {
        in_bins += number_at(bin, "customers") * number_at(bin, "expected");
    }
    assert_close(in_bins, number_at(config.root, "holdout.expected"), 1e-9, 0);
    nb_config_free(&config);
}

static void test_command_fit_json_has_null_for_what_there_is_not(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 0, "no spend is fitted: the log has no spend",
                   "nextbest fit log.csv --columns=customer=1,date=2 --format=json");
    assert_non_null(strstr(kit->output, "\"spend\": null"));
    assert_non_null(strstr(kit->output, "\"holdout\": null"));
}

static void test_command_fit_writes_the_customers(void **state)
{
    command_kit_t *kit = *state;
    char *line;
    int n = 0;

    assert_command(kit, 0, "id,x,t_x,T,p_alive,expected,dert,spend,clv",
                   "nextbest fit log.csv --per-customer all.csv --discount=0.2 --margin=0.4 "
                   ">fit.txt 2>&1; cat all.csv");
    strtok(kit->output, "\n");
    while ((line = strtok(NULL, "\n"))) {
        double x, t_x, age, p_alive, expected, residual, spend, value;

        assert_int_equal(sscanf(line, "c%*d,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf", &x, &t_x, &age,
                                &p_alive, &expected, &residual, &spend, &value),
                         8);
        assert_close(value, residual * spend * .4, 1e-8, 0);
        assert_true(p_alive > 0 && p_alive <= 1 && t_x <= age && expected >= 0 && x >= 0);
        n++;
    }
    assert_int_equal(n, 600);
}

static void test_command_fit_writes_a_scenario(void **state)
{
    command_kit_t *kit = *state;
    static const char *const own[] = {"name", "summary", "customers", "periods", "note"};
    nb_journey_settings_t settings;
    nb_config_t config;

    assert_command(kit, 0, "response not identified from this log",
                   "nextbest fit log.csv -o world.yaml --discount=0.2 "
                   "--calibration-end=2020-12-31 --unit=day");
    read_tree(kit, "world.yaml", &config);
    assert_ok(nb_settings_load(nb_journey_settings, config.root, own, 5, &settings));
    assert_string_equal(nb_node_at(config.root, "name")->text, "log");
    assert_close(number_at(config.root, "customers"), 600, 0, 0);
    assert_close(number_at(config.root, "periods"), 371 + 364, 0, 7);
    assert_close(settings.period_weeks, 1. / 7, 1e-15, 0);
    assert_close(settings.discount_annual, .2, 1e-15, 0);
    assert_int_equal(settings.journey, JOURNEY_TRANSPARENT);
    assert_int_equal(settings.churn_family, CHURN_BETA);
    assert_int_equal(settings.need_queue, 1);
    assert_close(settings.churn_weekly, 0, 0, 0);
    assert_close(settings.need_rate, 60. / 7, 1, 0);
    assert_close(settings.p_alive_alpha, settings.need_rate, 0, 0);
    assert_close(settings.money_price, 60, .3, 0);
    nb_config_free(&config);
    assert_command(kit, 0, "log.csv: 600 customers, 2020-01-01 to 2020-12-31", "cat world.yaml");
    assert_non_null(strstr(kit->output, "response not identified from this log"));
}

static void test_command_fit_writes_a_world_with_the_journey_on(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 0, "pilot runs: the journey under monthly",
                   "nextbest fit log.csv -o full.yaml --calibration-end=2020-12-31 --journey full "
                   "--status-quo monthly --pilot-customers 1000");
    assert_command(kit, 0, ", conversion: monthly}", "cat full.yaml");
    assert_non_null(strstr(kit->output, "\njourney: full\n"));
    assert_non_null(strstr(kit->output, "\ncertainty: {learning: 0}\n"));
    assert_command(kit, 0, "not identified from the purchase log",
                   "nextbest run cdnow --set scenario=full.yaml --set customers=50 --set "
                   "periods=30 --set tail=false --set replications=2 -o full.h5 --quiet && "
                   "nextbest compare full.h5");
    assert_command(kit, 0, "\"note\": \"The response to actions is not identified",
                   "nextbest compare full.h5 --format json");
    assert_command(kit, 0, "not identified",
                   "nextbest run full.yaml --set customers=50 --set "
                   "periods=30 --set tail=false --set replications=2");
}

static void test_command_fit_refuses_wrong_options(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 2, "which log?", "nextbest fit");
    assert_command(kit, 2, "one log at a time", "nextbest fit log.csv log.csv");
    assert_command(kit, 2, "--journey is about the scenario of -o",
                   "nextbest fit log.csv --journey full");
    assert_command(kit, 2, "--status-quo is about --journey full",
                   "nextbest fit log.csv -o world.yaml --status-quo never");
    assert_command(kit, 2, "--pilot-customers is about --journey full",
                   "nextbest fit log.csv -o world.yaml --pilot-customers 100");
    assert_command(kit, 2, "\"choice\" is none of transparent|full",
                   "nextbest fit log.csv -o world.yaml --journey choice");
    assert_command(kit, 2, "paretonbd is not built yet", "nextbest fit log.csv --model=paretonbd");
    assert_command(kit, 2, "\"nbd\" is none of bgnbd", "nextbest fit log.csv --model=nbd");
    assert_command(kit, 2, "\"month\" is none of week|day", "nextbest fit log.csv --unit=month");
    assert_command(kit, 2, "\"0\" is no number above 0", "nextbest fit log.csv --discount=0");
    assert_command(kit, 2, "\"x\" is no number above 0", "nextbest fit log.csv --margin=x");
    assert_command(kit, 2, "--calibration-end: \"tomorrow\" is no date",
                   "nextbest fit log.csv --calibration-end=tomorrow");
    assert_command(kit, 2, "none.csv: cannot be read", "nextbest fit none.csv");
    assert_command(kit, 2, "log.csv:2: \"2020-", "nextbest fit log.csv --date-format=%%d.%%m.%%Y");
}

static void test_command_fit_says_where_it_cannot_write(void **state)
{
    command_kit_t *kit = *state;

    assert_command(kit, 1, "/nonexistent/all.csv: cannot be written",
                   "nextbest fit log.csv --per-customer=/nonexistent/all.csv");
    assert_command(kit, 1, "/nonexistent/world.yaml: cannot be written",
                   "nextbest fit log.csv -o /nonexistent/world.yaml");
    assert_command(kit, 1, "all.csv: writing failed",
                   "(ulimit -f 1; trap '' XFSZ; nextbest fit log.csv --per-customer=all.csv "
                   ">/dev/null)");
    assert_command(kit, 0, "", "test ! -e all.csv -a ! -e all.csv.part");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_command_fit_prints_a_table),
        cmocka_unit_test(test_command_fit_prints_json),
        cmocka_unit_test(test_command_fit_json_has_null_for_what_there_is_not),
        cmocka_unit_test(test_command_fit_writes_a_scenario),
        cmocka_unit_test(test_command_fit_writes_a_world_with_the_journey_on),
        cmocka_unit_test(test_command_fit_refuses_wrong_options),
        cmocka_unit_test(test_command_fit_says_where_it_cannot_write),
        cmocka_unit_test(test_command_fit_writes_the_customers),
    };

    return cmocka_run_group_tests(tests, set_up, command_kit_tear_down);
}
