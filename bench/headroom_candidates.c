#include "bench/headroom_candidates.h"

#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/store_file.h"

enum { TEXT_SIZE = 160 };

static int has_action(const nb_point_t *point, const char *action)
{
    for (unsigned k = 0; k < point->n_actions; k++) {
        if (strcmp(point->actions[k], action) == 0) {
            return 1;
        }
    }
    return 0;
}

/* one more play; texts are kept where free finds them, whatever fails */
static int add_play(nb_headroom_plays_t *plays, const char *yaml, const char *label)
{
    if (plays->n == NB_HEADROOM_MAX_PLAYS) {
        NB_FAIL(NB_ERR_RANGE, "more than %d actions at a decision point", NB_HEADROOM_MAX_PLAYS);
    }
    NB_TRY(nb_strdup(&plays->yaml[plays->n], yaml));
    NB_TRY(nb_strdup(&plays->label[plays->n], label));
    plays->n++;
    return NB_OK;
}

static int add_schedule(nb_headroom_plays_t *plays, const char *action, int every)
{
    const char *fallback = strcmp(action, "email") == 0 ? "" : ", email";
    char yaml[TEXT_SIZE], label[TEXT_SIZE];

    snprintf(yaml, sizeof yaml, "{policy: schedule, action: [%s%s], every: %d}", action, fallback,
             every);
    snprintf(label, sizeof label, "%s every %d", action, every);
    return add_play(plays, yaml, label);
}

/* contacts are schedules: nobody plays the same contact every week, and no contact is one too */
static int add_contacts(nb_headroom_plays_t *plays, const nb_point_t *point)
{
    NB_TRY(add_play(plays, "", "never"));
    for (int every = 4; every > 0 && has_action(point, "email"); every /= 2) {
        NB_TRY(add_schedule(plays, "email", every));
    }
    return has_action(point, "email") && has_action(point, "coach")
               ? add_schedule(plays, "coach", 2)
               : NB_OK;
}

static int add_actions(nb_headroom_plays_t *plays, const nb_point_t *point)
{
    for (unsigned k = 0; k < point->n_actions; k++) {
        char yaml[TEXT_SIZE] = "";

        if (k != point->default_action) {
            snprintf(yaml, sizeof yaml, "{policy: fixed, action: %s}", point->actions[k]);
        }
        NB_TRY(add_play(plays, yaml, point->actions[k]));
    }
    return NB_OK;
}

static int find_point(const nb_spec_t *spec, const char *name, unsigned *out)
{
    const char *names[NB_MAX_POINTS];

    for (unsigned p = 0; p < spec->n_points; p++) {
        names[p] = spec->points[p].name;
        if (strcmp(names[p], name) == 0) {
            *out = p;
            return NB_OK;
        }
    }
    return nb_node_unknown(NULL, "decision point", name, names, spec->n_points);
}

static int add_point(nb_headroom_candidates_t *self, const char *name, const nb_spec_t *spec)
{
    nb_headroom_plays_t *plays;
    const nb_point_t *point;
    unsigned p = 0;

    NB_TRY(find_point(spec, name, &p));
    point = &spec->points[p];
    for (size_t i = 0; i < self->n_points; i++) {
        if (self->plays[i].point == p) {
            NB_FAIL(NB_ERR_CONFIG, "decision point %s named twice", name);
        }
    }
    if (point->max_slate > 1) {
        NB_FAIL(NB_ERR_CONFIG,
                "decision point %s chooses slates: a ladder takes points of one "
                "action",
                name);
    }
    plays = &self->plays[self->n_points++];
    plays->point = p;
    return strcmp(name, "recognize") == 0 ? add_contacts(plays, point) : add_actions(plays, point);
}

/* a strategy in words: which play is chosen at every point; NULL: what the oracle plays */
typedef struct {
    const nb_headroom_candidates_t *candidates;
    const size_t *chosen;
    const nb_spec_t *spec;
} words_t;

static int write_strategy(const void *subject, FILE *out)
{
    const words_t *self = subject;
    const char *comma = "";

    fputs("strategy: {", out);
    for (size_t i = 0; i < self->candidates->n_points; i++) {
        const nb_headroom_plays_t *plays = &self->candidates->plays[i];
        const char *yaml =
            self->chosen ? plays->yaml[self->chosen[i]] : "{policy: clairvoyant_myopic}";

        if (*yaml) {
            fprintf(out, "%s%s: %s", comma, self->spec->points[plays->point].name, yaml);
            comma = ", ";
        }
    }
    fputs("}\n", out);
    return NB_OK;
}

static int init_candidate(const nb_headroom_candidates_t *self, nb_headroom_candidate_t *out,
                          const size_t *chosen, const nb_spec_t *spec)
{
    const words_t words = {self, chosen, spec};
    char *text;
    int code;

    NB_TRY(nb_text_print(&text, write_strategy, &words));
    code = nb_config_init(&out->config);
    code = code < 0 ? code : nb_config_parse(&out->config, "headroom", text, strlen(text));
    code = code < 0 ? code
                    : nb_strategy_init(&out->strategy, "candidate",
                                       nb_node_child(out->config.root, "strategy"), spec);
    nb_free(text);
    return code;
}

static int label_candidate(const nb_headroom_candidates_t *self, nb_headroom_candidate_t *out,
                           const size_t *chosen, const nb_spec_t *spec)
{
    NB_TRY(nb_strdup(&out->label, ""));
    for (size_t i = 0; i < self->n_points; i++) {
        char *old = out->label;
        int code = nb_text_format(&out->label, "%s%s%s: %s", old, i ? ", " : "",
                                  spec->points[self->plays[i].point].name,
                                  self->plays[i].label[chosen[i]]);

        nb_free(old);
        NB_TRY(code);
    }
    return NB_OK;
}

static int cross(nb_headroom_candidates_t *self, const nb_spec_t *spec)
{
    size_t n = 1;

    for (size_t i = 0; i < self->n_points; i++) {
        n *= self->plays[i].n;
        if (n > NB_HEADROOM_MAX_CANDIDATES) {
            NB_FAIL(NB_ERR_RANGE, "more than %d fixed strategies at these points: name fewer",
                    NB_HEADROOM_MAX_CANDIDATES);
        }
    }
    NB_TRY(nb_alloc(&self->items, n + 1, sizeof *self->items));
    for (; self->n < n; self->n++) {
        size_t chosen[NB_MAX_POINTS], rest = self->n;

        for (size_t i = self->n_points; i-- > 0; rest /= self->plays[i].n) {
            chosen[i] = rest % self->plays[i].n;
        }
        NB_TRY(label_candidate(self, &self->items[self->n], chosen, spec));
        NB_TRY(init_candidate(self, &self->items[self->n], chosen, spec));
    }
    return init_candidate(self, &self->oracle, NULL, spec);
}

int nb_headroom_candidates_init(nb_headroom_candidates_t *self, const char *const *points,
                                size_t n_points, const nb_spec_t *spec)
{
    memset(self, 0, sizeof *self);
    if (n_points == 0) {
        NB_FAIL(NB_ERR_CONFIG, "expected at least one decision point");
    }
    for (size_t i = 0; i < n_points; i++) {
        NB_TRY(add_point(self, points[i], spec));
    }
    return cross(self, spec);
}

static void free_candidate(nb_headroom_candidate_t *self)
{
    nb_strategy_free(&self->strategy);
    nb_config_free(&self->config);
    nb_free(self->label);
}

void nb_headroom_candidates_free(nb_headroom_candidates_t *self)
{
    /* the one that failed half-way is behind the last */
    for (size_t i = 0; self->items && i <= self->n; i++) {
        free_candidate(&self->items[i]);
    }
    nb_free(self->items);
    free_candidate(&self->oracle);
    for (size_t i = 0; i < NB_MAX_POINTS; i++) {
        for (size_t k = 0; k < NB_HEADROOM_MAX_PLAYS; k++) {
            nb_free(self->plays[i].yaml[k]);
            nb_free(self->plays[i].label[k]);
        }
    }
    memset(self, 0, sizeof *self);
}
