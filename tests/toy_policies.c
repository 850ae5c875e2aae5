#include "tests/toy_policies.h"

#include <math.h>
#include <string.h>

#include "tests/toy_environment.h"

/* state of all but the learner */
typedef struct {
    int action;
} plain_t;

static size_t plain_size(const nb_spec_t *spec, const void *settings)
{
    (void)spec;
    (void)settings;
    return sizeof(plain_t);
}

static int plain_init(void *state, const nb_spec_t *spec, const void *settings)
{
    (void)spec;
    ((plain_t *)state)->action = ((const toy_settings_t *)settings)->action;
    return NB_OK;
}

static int play(int action, const nb_batch_t *batch, nb_choice_t *out)
{
    for (size_t i = 0; i < batch->n * batch->slate; i++) {
        out->action[i] = action;
    }
    return NB_OK;
}

static int always_choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    return play(((const plain_t *)state)->action, batch, out);
}

static int dice_choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    double *uniform = nb_arena_take(batch->scratch, 4 * batch->n, sizeof *uniform);

    (void)state;
    if (batch->x || batch->oracle || batch->journey || batch->want_propensity) {
        NB_FAIL(NB_ERR_DATA, "was given what its traits do not ask for");
    }
    nb_policy_uniforms(batch, 0, uniform);
    for (size_t i = 0; i < batch->n; i++) {
        out->action[i] = (int32_t)(uniform[i] * batch->n_actions);
    }
    return NB_OK;
}

static size_t dice_scratch(const nb_spec_t *spec, const void *settings)
{
    (void)spec;
    (void)settings;
    return 4 * NB_BLOCK_ROWS * sizeof(double) + 64;
}

static int ranker_score(const void *state, const nb_batch_t *batch, double *s)
{
    (void)state;
    for (size_t i = 0; i < batch->n; i++) {
        for (unsigned k = 0; k < batch->n_actions; k++) {
            double off = (double)k - batch->customer[i] % TOY_N_PRODUCTS;

            s[i * batch->n_actions + k] = -off * off;
        }
    }
    return NB_OK;
}

static int nan_score(const void *state, const nb_batch_t *batch, double *s)
{
    (void)state;
    for (size_t i = 0; i < batch->n * batch->n_actions; i++) {
        s[i] = NAN;
    }
    return NB_OK;
}

double toy_value(uint32_t customer, int period, unsigned k)
{
    return ((customer * 7 + (uint32_t)period * 3 + k * (5 + customer % 3)) % 21) * 0.25 - 2.0;
}

static int bidder_score(const void *state, const nb_batch_t *batch, double *s)
{
    (void)state;
    for (size_t i = 0; i < batch->n; i++) {
        for (unsigned k = 0; k < batch->n_actions; k++) {
            s[i * batch->n_actions + k] = toy_value(batch->customer[i], batch->period, k);
        }
    }
    return NB_OK;
}

static int bidder_choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    size_t mark = nb_arena_mark(batch->scratch);
    double *s = nb_arena_take(batch->scratch, batch->n * batch->n_actions, sizeof *s);
    int code = bidder_score(state, batch, s);

    code = code < 0 ? code : nb_policy_rank(batch, s, out);
    nb_arena_release(batch->scratch, mark);
    return code;
}

static size_t bidder_scratch(const nb_spec_t *spec, const void *settings)
{
    (void)spec;
    (void)settings;
    return TOY_N_PRODUCTS * NB_BLOCK_ROWS * sizeof(double) + 64;
}

static size_t learner_size(const nb_spec_t *spec, const void *settings)
{
    (void)spec;
    (void)settings;
    return sizeof(plain_t) + sizeof(toy_learner_t) + 64;
}

static int learner_init(void *state, const nb_spec_t *spec, const void *settings)
{
    toy_learner_t *self = state;

    self->spec = *spec;
    self->spec.points = NULL;
    memcpy((char *)state + sizeof *self, &((const toy_settings_t *)settings)->action, sizeof(int));
    return NB_OK;
}

static int learner_choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    int action;

    memcpy(&action, (const char *)state + sizeof(toy_learner_t), sizeof action);
    if (!batch->x) {
        NB_FAIL(NB_ERR_DATA, "was given no context");
    }
    return play(action, batch, out);
}

static int learner_update(void *state, const nb_transitions_t *block)
{
    toy_learner_t *self = state;

    self->n_updates++;
    for (size_t i = 0; i < block->n; i++) {
        const float *x = &block->x[i * block->d];

        NB_ASSERT(self->n < TOY_MAX_NOTES);
        self->seen[self->n++] = (toy_transition_t){
            .point = block->point,
            .slate = block->slate,
            .customer = block->customer[i],
            .customer_x = x[1],
            .tenure_x = block->d > 2 ? x[2] : -1.0f,
            .action = block->action[i * block->slate],
            .reward = block->reward[i],
            .elapsed = block->elapsed[i],
            .signals = block->signals[i],
            .next_point = block->next_point[i],
            .terminated = block->terminated[i],
            .truncated = block->truncated[i],
        };
    }
    return NB_OK;
}

static int learner_end_period(void *state, nb_arena_t *scratch)
{
    (void)scratch;
    ((toy_learner_t *)state)->n_periods++;
    return NB_OK;
}

const nb_policy_type_t toy_always = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "toy_always",
    .traits = NB_TRAIT_SLATE,
    .settings_size = sizeof(toy_settings_t),
    .state_size = plain_size,
    .init = plain_init,
    .choose = always_choose,
};
const nb_policy_type_t toy_learner = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "toy_learner",
    .traits = NB_TRAIT_LEARNS | NB_TRAIT_CONTEXTUAL,
    .settings_size = sizeof(toy_settings_t),
    .state_size = learner_size,
    .init = learner_init,
    .choose = learner_choose,
    .update = learner_update,
    .end_period = learner_end_period,
    .score = ranker_score,
};
const nb_policy_type_t toy_sequential = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "toy_sequential",
    .traits = NB_TRAIT_LEARNS | NB_TRAIT_CONTEXTUAL | NB_TRAIT_SEQUENTIAL,
    .settings_size = sizeof(toy_settings_t),
    .state_size = learner_size,
    .init = learner_init,
    .choose = learner_choose,
    .update = learner_update,
    .end_period = learner_end_period,
    .score = ranker_score,
};
const nb_policy_type_t toy_dice = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "toy_dice",
    .settings_size = sizeof(toy_settings_t),
    .state_size = plain_size,
    .init = plain_init,
    .choose = dice_choose,
    .scratch_size = dice_scratch,
};
const nb_policy_type_t toy_ranker = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "toy_ranker",
    .settings_size = sizeof(toy_settings_t),
    .state_size = plain_size,
    .init = plain_init,
    .choose = always_choose,
    .score = ranker_score,
};
const nb_policy_type_t toy_nan = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "toy_nan",
    .settings_size = sizeof(toy_settings_t),
    .state_size = plain_size,
    .init = plain_init,
    .choose = always_choose,
    .score = nan_score,
};

const nb_policy_type_t toy_bidder = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "toy_bidder",
    .settings_size = sizeof(toy_settings_t),
    .state_size = plain_size,
    .init = plain_init,
    .choose = bidder_choose,
    .score = bidder_score,
    .scratch_size = bidder_scratch,
};
const nb_policy_type_t toy_silent = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "toy_silent",
    .settings_size = sizeof(toy_settings_t),
    .state_size = plain_size,
    .init = plain_init,
    .choose = bidder_choose,
    .scratch_size = bidder_scratch,
};

nb_strategy_t toy_nobody(void)
{
    nb_strategy_t strategy = {.n_bindings = 0};

    for (unsigned p = 0; p < NB_MAX_POINTS; p++) {
        strategy.owner[p] = -1;
        strategy.local[p] = -1;
    }
    return strategy;
}

void toy_bind(nb_strategy_t *strategy, nb_binding_t *bindings, const nb_policy_type_t *type,
              toy_settings_t *settings, int point, nb_credit_spec_t credit)
{
    int index = (int)strategy->n_bindings++;
    nb_binding_t *binding = &bindings[index];

    strategy->bindings = bindings;
    *binding =
        (nb_binding_t){.policy = {.type = type, .settings = settings, .traits = type->traits},
                       .update_every = 1,
                       .credit = credit,
                       .reward_scale = NB_SCALE_NONE,
                       .gamma = 0.5};
    for (int p = 0; p < TOY_N_POINTS; p++) {
        if (point == p || point < 0) {
            strategy->owner[p] = index;
            strategy->local[p] = (int)binding->n_points;
            binding->points[binding->n_points++] = (unsigned)p;
        }
    }
}
