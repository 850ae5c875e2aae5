#define _POSIX_C_SOURCE 200809L

#include <argp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/command.h"
#include "bench/conformance.h"
#include "core/config.h"
#include "core/memory.h"
#include "core/settings.h"
#include "policies/registry.h"
#include "sim/environment.h"

enum { OPT_SET = 1000, OPT_ENVIRONMENT, OPT_FORMAT };

typedef struct {
    const char *policy;
    const char *environment;
    const char **sets; /* room for one an argument */
    size_t n_sets;
    nb_format_t format;
} arguments_t;

static const struct argp_option options[] = {
    {"set", OPT_SET, "KEY=VALUE", 0, "A setting of the policy; may be given again", 0},
    {"environment", OPT_ENVIRONMENT, "NAME", 0,
     "Whose decision points it is tried on (journey); two made-up points, a slate of many actions "
     "and one without features, come beside them",
     0},
    {"format", OPT_FORMAT, "text|json", 0, "How to print (text)", 0},
    {0},
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    arguments_t *arguments = state->input;

    switch (key) {
    case OPT_SET:
        arguments->sets[arguments->n_sets++] = value;
        return 0;
    case OPT_ENVIRONMENT:
        arguments->environment = value;
        return 0;
    case OPT_FORMAT:
        arguments->format = nb_command_format(value, "text|json", state);
        return 0;
    case ARGP_KEY_ARG:
        if (arguments->policy) {
            argp_error(state, "one policy at a time");
        }
        arguments->policy = value;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "which policy? `nextbest list policies' shows those of the library");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    options,
    parse_option,
    "NAME|PLUGIN.so",
    "Whether a policy keeps the promises of policies/policy.h: masks, propensities, frequencies, "
    "saving and loading, same seed same bits, no allocation, errors. What a wrapper plays is "
    "--set inner.policy=NAME. Exit status 1 where a promise is broken.",
    NULL,
    NULL,
    NULL};

/* the decision points of an environment with its default settings */
typedef struct {
    const nb_environment_type_t *environment;
    void *settings, *world;
    nb_config_t config;
    nb_layer_t policy;
    nb_point_t points[NB_MAX_POINTS];
    nb_spec_t spec;
} trial_t;

enum { N_MADE_UP = 2, WIDE_ACTIONS = 70, WIDE_SLATE = 4, HORIZON = 100 };

static char names[WIDE_ACTIONS][8];
static const char *actions[WIDE_ACTIONS];
static const char *const features[] = {"one", "u", "v"};

/* what an environment may not have: a slate of more actions than a word of the mask, and a point
 * without features */
static void add_points(trial_t *self)
{
    for (int k = 0; k < WIDE_ACTIONS; k++) {
        snprintf(names[k], sizeof names[k], "a%d", k);
        actions[k] = names[k];
    }
    self->points[self->spec.n_points++] = (nb_point_t){.name = "made-up slate",
                                                       .phase = "",
                                                       .d = 3,
                                                       .features = features,
                                                       .n_actions = WIDE_ACTIONS,
                                                       .actions = actions,
                                                       .max_slate = WIDE_SLATE};
    self->points[self->spec.n_points++] = (nb_point_t){.name = "made-up without features",
                                                       .phase = "",
                                                       .n_actions = 3,
                                                       .actions = actions,
                                                       .max_slate = 1};
}

static int init_points(trial_t *self, const char *name)
{
    const nb_spec_t *spec;

    self->environment = nb_environment_find(name);
    if (!self->environment) {
        NB_FAIL(NB_ERR_NOT_FOUND, "no environment \"%s\": `nextbest list environments` shows all",
                name);
    }
    NB_TRY(nb_alloc(&self->settings, self->environment->settings_size + 1, 1));
    NB_TRY(nb_settings_defaults(self->environment->settings, self->settings));
    NB_TRY(self->environment->world_init(&self->world, self->settings));
    spec = self->environment->spec(self->world);
    self->spec = *spec;
    self->spec.points = self->points;
    self->spec.horizon = spec->horizon > 0.0 ? HORIZON : 0.0;
    NB_ASSERT(spec->n_points + N_MADE_UP <= NB_MAX_POINTS);
    memcpy(self->points, spec->points, spec->n_points * sizeof *self->points);
    if (strcmp(name, "journey") == 0) {
        add_points(self);
    }
    return NB_OK;
}

static int init_policy(trial_t *self, const arguments_t *arguments)
{
    const char *const common[] = {"policy"};
    char *text = NULL;
    size_t size = strlen(arguments->policy) + sizeof "policy: \"\"\n";
    int code;

    NB_TRY(nb_policy_find(&self->policy.type, arguments->policy));
    NB_TRY(nb_config_init(&self->config));
    NB_TRY(nb_alloc(&text, size, 1));
    snprintf(text, size, "policy: \"%s\"\n", arguments->policy);
    code = nb_config_parse(&self->config, "--set", text, strlen(text));
    nb_free(text);
    NB_TRY(code);
    for (size_t i = 0; i < arguments->n_sets; i++) {
        NB_TRY(nb_config_set(&self->config, arguments->sets[i]));
    }
    return nb_layer_init(&self->policy, self->config.root, common, 1);
}

static void free_trial(trial_t *self)
{
    nb_layer_free(&self->policy);
    nb_config_free(&self->config);
    if (self->world) {
        self->environment->world_free(self->world);
    }
    nb_free(self->settings);
}

/* one check in a process of its own: a crash is an answer too */
static int run_apart(const trial_t *self, size_t i, nb_check_t *out)
{
    struct {
        int code;
        nb_check_t check;
        char detail[NB_CHECK_REASON_SIZE];
    } answer = {0};
    int ends[2], status = 0;
    ssize_t n;
    pid_t child;

    fflush(stdout);
    if (pipe(ends) < 0 || (child = fork()) < 0) {
        NB_FAIL(NB_ERR_IO, "no process to run a check in");
    }
    if (child == 0) {
        answer.code = nb_conformance_run(&self->policy, &self->spec, i, &answer.check);
        snprintf(answer.detail, sizeof answer.detail, "%s", nb_error_detail());
        n = write(ends[1], &answer, sizeof answer);
        _exit(n == (ssize_t)sizeof answer ? 0 : 1);
    }
    close(ends[1]);
    n = read(ends[0], &answer, sizeof answer);
    close(ends[0]);
    waitpid(child, &status, 0);
    *out = answer.check;
    if (n != (ssize_t)sizeof answer) {
        out->outcome = NB_CHECK_FAILED;
        snprintf(out->reason, sizeof out->reason, "it ended the program (%s %d)",
                 WIFSIGNALED(status) ? "signal" : "exit status",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        return NB_OK;
    }
    return answer.code < 0 ? nb_error_set(answer.code, "%s", answer.detail) : NB_OK;
}

static void print_check(size_t i, const nb_check_t *check, nb_format_t format)
{
    static const char *const words[] = {"ok", "skipped", "FAILED"};
    static const char *const outcomes[] = {"passed", "skipped", "failed"};

    if (format == NB_FORMAT_JSON) {
        printf("%s{\"name\":\"%s\",\"outcome\":\"%s\",\"promise\":", i ? "," : "",
               nb_conformance_name(i), outcomes[check->outcome]);
        nb_json_string(nb_conformance_promise(i), stdout);
        fputs(",\"reason\":", stdout);
        nb_json_string(check->reason, stdout);
        putchar('}');
        return;
    }
    printf("%-8s %-14s %s\n", words[check->outcome], nb_conformance_name(i),
           nb_conformance_promise(i));
    if (check->reason[0]) {
        printf("%-8s %-14s   %s\n", "", "", check->reason);
    }
}

static int run_all(const trial_t *self, const arguments_t *arguments)
{
    int is_json = arguments->format == NB_FORMAT_JSON, n_failed = 0;

    if (is_json) {
        fputs("{\"policy\":", stdout);
        nb_json_string(self->policy.type->name, stdout);
        fputs(",\"checks\":[", stdout);
    }
    for (size_t i = 0; i < nb_conformance_count(); i++) {
        nb_check_t check;

        NB_TRY(run_apart(self, i, &check));
        print_check(i, &check, arguments->format);
        n_failed += check.outcome == NB_CHECK_FAILED;
    }
    if (is_json) {
        printf("],\"ok\":%s}\n", n_failed ? "false" : "true");
    } else if (n_failed) {
        printf("%s breaks %d of %zu promises\n", arguments->policy, n_failed,
               nb_conformance_count());
    } else {
        printf("%s keeps its promises\n", arguments->policy);
    }
    return n_failed > 0;
}

int nb_command_check_policy(int argc, char **argv)
{
    arguments_t arguments = {.environment = "journey"};
    trial_t trial;
    int code;

    memset(&trial, 0, sizeof trial);
    NB_TRY(nb_alloc(&arguments.sets, (size_t)argc, sizeof *arguments.sets));
    argp_parse(&parser, argc, argv, 0, NULL, &arguments);
    code = init_points(&trial, arguments.environment);
    code = code < 0 ? code : init_policy(&trial, &arguments);
    if (code >= 0) {
        nb_check_t check;

        /* a policy that cannot be set up says so once, before any line is printed */
        code = run_apart(&trial, 0, &check);
    }
    code = code < 0 ? code : run_all(&trial, &arguments);
    free_trial(&trial);
    nb_free(arguments.sets);
    return code;
}
