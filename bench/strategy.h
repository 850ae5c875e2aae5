/*
 * A strategy: which policy, with which settings and credit, owns which decision points.
 *
 * strategies:
 *   NAME: {POINT|all|joint: {policy: NAME, credit: RULE, SETTING: VALUE, ...}}
 * or, for a policy that plays another one (a wrapper, its settings beside its name),
 *   NAME: {POINT|all|joint: {WRAPPER: {policy: NAME, SETTING: VALUE, ...}, credit: RULE, ...}}
 * `all` binds one separate instance per point not bound by name; `joint` binds ONE instance to
 * every point not bound otherwise, or to its `points: [...]`. The more specific key wins. Unbound
 * points play their default.
 */
#ifndef NB_BENCH_STRATEGY_H
#define NB_BENCH_STRATEGY_H

#include "core/config.h"
#include "core/types.h"
#include "policies/policy.h"

typedef enum {
    NB_CREDIT_IMMEDIATE, /* money of the same period */
    NB_CREDIT_JOURNEY,  /* until the decision's journey ends, returns included; without a journey as
                           immediate */
    NB_CREDIT_WINDOW,   /* all her money in periods t .. t+n-1, discounted */
    NB_CREDIT_LIFETIME, /* all her money until the run ends */
    NB_CREDIT_PARTIAL,  /* all her money in periods t .. t+n-1, handed over as it comes */
    NB_CREDIT_SMDP,     /* money until the next own decision, then bootstrap */
} nb_credit_rule_t;

/** A credit rule with its length. Text forms: immediate, journey, window(8), lifetime,
 * partial(8), smdp. */
typedef struct {
    nb_credit_rule_t rule;
    int window; /* periods of NB_CREDIT_WINDOW and NB_CREDIT_PARTIAL */
} nb_credit_spec_t;

/** Reward scale of a learner. Text forms: none, auto. */
typedef enum { NB_SCALE_NONE, NB_SCALE_AUTO } nb_reward_scale_t;

/** A policy with its settings; those of a wrapper begin with an nb_inner_t of the next layer. */
typedef struct nb_layer {
    const nb_policy_type_t *type;
    void *settings;  /* of type->settings_size bytes, owned */
    char *name;      /* of the policy as the user wrote it: a plug-in keeps its path */
    unsigned traits; /* NB_TRAIT_* of the type, with what a wrapper takes over from `inner` */
    struct nb_layer *inner; /* what a wrapper plays, owned; else NULL */
} nb_layer_t;

enum { NB_MAX_LAYERS = 8 };

/** One policy instance of a strategy. */
typedef struct {
    nb_layer_t policy;
    nb_credit_spec_t credit;
    nb_reward_scale_t reward_scale; /* default auto */
    double gamma;                   /* the learner's discount per period; default the report's */
    int update_every; /* periods from one update to the next; what matured waits (default 1) */
    unsigned n_points;
    unsigned points[NB_MAX_POINTS]; /* environment's point indices, ascending */
} nb_binding_t;

/** All instances of a strategy. owner[p] is the binding that owns point p, -1 where unbound. */
typedef struct {
    char *name;
    size_t n_bindings;
    nb_binding_t *bindings;
    int owner[NB_MAX_POINTS];
    int local[NB_MAX_POINTS]; /* index of point p within its owner */
} nb_strategy_t;

/**
 * Read a strategy from its node. Unknown point, policy, setting or credit; a point bound twice;
 * joint or all without points left; credit, reward_scale or gamma for a policy that does not learn:
 * NB_ERR_CONFIG with the mark. Every policy is set up once on trial. A policy without slate trait
 * and without score at a slate point: NB_ERR_UNSUPPORTED. `settings` of NB_SETTING_NODE keep
 * pointers into the tree, which must outlive the strategy.
 */
int nb_strategy_init(nb_strategy_t *self, const char *name, const nb_node_t *node,
                     const nb_spec_t *spec) NB_MUST_CHECK;

/**
 * YAML of a strategy that is known by name: `never` binds nothing, `monthly` writes an e-mail every
 * 4 periods. NULL where there is none.
 */
const char *nb_strategy_built_in(const char *name);

/**
 * The built-in strategy `name`, read into `config` (initialized by the caller, must outlive self).
 * NB_ERR_NOT_FOUND names the nearest.
 */
int nb_strategy_init_built_in(nb_strategy_t *self, nb_config_t *config, const char *name,
                              const nb_spec_t *spec) NB_MUST_CHECK;

/**
 * Read the policy of a binding: `policy: NAME` with its settings, or a wrapper around another
 * policy. `common` [n_common] are keys of the node that are no settings. NB_ERR_CONFIG with the
 * mark.
 */
int nb_layer_init(nb_layer_t *self, const nb_node_t *node, const char *const *common,
                  size_t n_common) NB_MUST_CHECK;

/** Keys that every binding may have beside the settings of its policy; the last is of joint ones
 * only. */
extern const char *const nb_binding_keys[];
enum { NB_BINDING_N_KEYS = 6 };

/** Accepts a zeroed layer. */
void nb_layer_free(nb_layer_t *self);

/** An error of a function that knows no marks gets that of the node. */
int nb_strategy_add_mark(int code, const nb_node_t *node);

/** What the policy of a binding is told: its points, in `points` [NB_MAX_POINTS], and its gamma. */
nb_spec_t nb_binding_spec(const nb_binding_t *binding, const nb_spec_t *spec, nb_point_t *points);

/** Canonical JSON of everything the results depend on: points, policy names and versions, plug-in
 * SHA-256, settings, credit. */
int nb_strategy_canonical(const nb_strategy_t *self, const nb_spec_t *spec,
                          FILE *out) NB_MUST_CHECK;

/** The strategy as YAML for an experiment file, everything filled in: lines "POINT: {...}" indented
 * by `indent`. */
int nb_strategy_yaml(const nb_strategy_t *self, const nb_spec_t *spec, int indent,
                     FILE *out) NB_MUST_CHECK;

/** Accepts a zeroed strategy; may be called twice. */
void nb_strategy_free(nb_strategy_t *self);

/** Parse and print a credit rule. `traits` of the policy say which default applies to a NULL text.
 */
int nb_credit_parse(nb_credit_spec_t *out, const nb_node_t *node, unsigned traits) NB_MUST_CHECK;
void nb_credit_name(const nb_credit_spec_t *credit, char *out, size_t size);

#endif
