/* Fixed decisions handed over as blocks of transitions. */
#include "bench/credit.h"

#include <string.h>

enum { N_ARRAYS = 17, ALIGNMENT = 64 };

/* the arrays of a block while it is filled */
typedef struct {
    size_t n;
    float *x, *next_x, *elapsed;
    uint64_t *mask, *next_mask;
    uint32_t *customer, *luck;
    int32_t *action, *period;
    double *reward, *propensity;
    uint16_t *signals;
    int16_t *item;
    int8_t *next_point;
    uint8_t *terminated, *truncated;
    int has_next;
} block_t;

size_t nb_credit_scratch_size(const nb_credit_t *self)
{
    const nb_pending_t *pending = &self->pending;
    size_t row = 2 * pending->d * sizeof(float) + 2 * pending->mask_words * sizeof(uint64_t) +
                 3 * sizeof(uint32_t) + pending->slate * sizeof(int32_t) + 2 * sizeof(double) +
                 sizeof(float) + sizeof(uint16_t) + sizeof(int16_t) + sizeof(int8_t) +
                 2 * sizeof(uint8_t);

    return NB_BLOCK_ROWS * row + N_ARRAYS * ALIGNMENT;
}

static size_t count_fixed(const nb_credit_t *self)
{
    size_t n = 0;

    for (unsigned p = 0; p < self->spec->n_points; p++) {
        n += self->n_fixed[p];
    }
    return n;
}

void nb_credit_add_rewards(const nb_credit_t *self, nb_moments_t *moments)
{
    const nb_pending_t *pending = &self->pending;
    size_t n_left = count_fixed(self);

    for (size_t row = pending->first; n_left; row++) {
        if (pending->status[row] == NB_PENDING_FIXED) {
            nb_moments_add(moments, pending->reward[row]);
            n_left--;
        }
    }
}

static void take_arrays(const nb_credit_t *self, nb_arena_t *arena, const nb_point_t *point,
                        block_t *block)
{
    const nb_pending_t *pending = &self->pending;
    size_t n = NB_BLOCK_ROWS;

    memset(block, 0, sizeof *block);
    if (pending->d) {
        block->x = nb_arena_take(arena, n, point->d * sizeof *block->x);
    }
    block->mask = nb_arena_take(arena, n, nb_mask_words(point->n_actions) * sizeof *block->mask);
    if (self->rule.rule == NB_CREDIT_SMDP) {
        if (pending->d) {
            block->next_x = nb_arena_take(arena, n, pending->d * sizeof *block->next_x);
        }
        block->next_mask = nb_arena_take(arena, n, pending->mask_words * sizeof *block->next_mask);
    }
    block->customer = nb_arena_take(arena, n, sizeof *block->customer);
    block->luck = nb_arena_take(arena, n, sizeof *block->luck);
    block->action = nb_arena_take(arena, n, pending->slate * sizeof *block->action);
    block->reward = nb_arena_take(arena, n, sizeof *block->reward);
    if (pending->with_propensity && point->max_slate == 1) {
        block->propensity = nb_arena_take(arena, n, sizeof *block->propensity);
    }
    block->period = nb_arena_take(arena, n, sizeof *block->period);
    block->elapsed = nb_arena_take(arena, n, sizeof *block->elapsed);
    block->signals = nb_arena_take(arena, n, sizeof *block->signals);
    block->item = nb_arena_take(arena, n, sizeof *block->item);
    block->next_point = nb_arena_take(arena, n, sizeof *block->next_point);
    block->terminated = nb_arena_take(arena, n, sizeof *block->terminated);
    block->truncated = nb_arena_take(arena, n, sizeof *block->truncated);
}

/* own decision that followed, zero where there is none */
static void put_next(const nb_credit_t *self, size_t row, block_t *block)
{
    const nb_pending_t *pending = &self->pending;
    unsigned d = pending->d, words = pending->mask_words;
    size_t i = block->n, next = pending->next[row];

    block->next_point[i] = next ? (int8_t)pending->point[next - 1] : -1;
    if (!block->next_mask) {
        return;
    }
    block->has_next |= next != 0;
    memset(&block->next_mask[i * words], 0, words * sizeof *block->next_mask);
    if (next) {
        memcpy(&block->next_mask[i * words], &pending->mask[(next - 1) * words],
               words * sizeof *block->next_mask);
    }
    if (d && next) {
        memcpy(&block->next_x[i * d], &pending->x[(next - 1) * d], d * sizeof *block->next_x);
    } else if (d) {
        memset(&block->next_x[i * d], 0, d * sizeof *block->next_x);
    }
}

/* everything of a row but action and reward */
static void put_row(const nb_credit_t *self, size_t row, const nb_point_t *point, block_t *block)
{
    const nb_pending_t *pending = &self->pending;
    unsigned words = nb_mask_words(point->n_actions);
    size_t i = block->n;

    if (block->x) {
        memcpy(&block->x[i * point->d], &pending->x[row * pending->d], point->d * sizeof *block->x);
    }
    memcpy(&block->mask[i * words], &pending->mask[row * pending->mask_words],
           words * sizeof *block->mask);
    block->customer[i] = pending->customer[row];
    block->luck[i] = pending->luck[row];
    block->period[i] = pending->period[row];
    if (block->propensity) {
        block->propensity[i] = pending->propensity[row];
    }
    block->elapsed[i] = (float)(pending->fixed_at[row] - pending->period[row]);
    block->signals[i] = pending->signals[row];
    block->item[i] = pending->item[row];
    block->terminated[i] = pending->terminated[row];
    block->truncated[i] = pending->truncated[row];
    put_next(self, row, block);
}

/* the whole slate as one transition */
static void put_slate(const nb_credit_t *self, size_t row, const nb_point_t *point, block_t *block)
{
    const nb_pending_t *pending = &self->pending;

    put_row(self, row, point, block);
    memcpy(&block->action[block->n * point->max_slate], &pending->action[row * pending->slate],
           point->max_slate * sizeof *block->action);
    block->reward[block->n++] = pending->reward[row];
}

/* one transition per shown item, the reward with the one that was chosen */
static void put_items(const nb_credit_t *self, size_t row, const nb_point_t *point, block_t *block)
{
    const nb_pending_t *pending = &self->pending;
    const int32_t *shown = &pending->action[row * pending->slate];

    for (unsigned j = 0; j < point->max_slate && shown[j] >= 0; j++) {
        put_row(self, row, point, block);
        block->action[block->n] = shown[j];
        block->reward[block->n++] = shown[j] == pending->item[row] ? pending->reward[row] : 0.0;
    }
}

static void hand_over(const nb_credit_t *self, const block_t *block, unsigned slate,
                      nb_transitions_t *out)
{
    const nb_point_t *point = &self->spec->points[self->take_point];

    *out = (nb_transitions_t){
        .point = self->take_point,
        .n = block->n,
        .d = block->x ? point->d : 0,
        .x = block->x,
        .n_actions = point->n_actions,
        .mask_words = nb_mask_words(point->n_actions),
        .mask = block->mask,
        .customer = block->customer,
        .luck = block->luck,
        .slate = slate,
        .action = block->action,
        .reward = block->reward,
        .propensity = block->propensity,
        .period = block->period,
        .window = self->rule.rule == NB_CREDIT_PARTIAL ? self->rule.window : 0,
        .elapsed = block->elapsed,
        .signals = block->signals,
        .item = slate > 1 ? block->item : NULL,
        .next_point = block->next_point,
        .next_x = block->has_next ? block->next_x : NULL,
        .next_d = self->pending.d,
        .next_mask = block->has_next ? block->next_mask : NULL,
        .next_words = self->pending.mask_words,
        .terminated = block->terminated,
        .truncated = block->truncated,
    };
}

/* go on to the next point that has rows to take; 0 where none has, then everything taken is let go
 */
static int find_point(nb_credit_t *self)
{
    for (; self->take_point < self->spec->n_points; self->take_point++) {
        if (self->n_taken < self->n_fixed[self->take_point]) {
            return 1;
        }
        self->n_taken = 0;
        self->take_row = self->pending.first;
    }
    if (self->rule.rule == NB_CREDIT_PARTIAL) {
        nb_credit_reopen(self);
    }
    nb_pending_discard(&self->pending, count_fixed(self));
    memset(self->n_fixed, 0, sizeof self->n_fixed);
    self->take_point = 0;
    self->n_taken = 0;
    self->take_row = self->pending.first;
    return 0;
}

void nb_credit_take(nb_credit_t *self, nb_arena_t *arena, nb_transitions_t *out, double **reward)
{
    const nb_pending_t *pending = &self->pending;
    const nb_point_t *point;
    unsigned per_row;
    int by_item;
    block_t block;

    memset(out, 0, sizeof *out);
    *reward = NULL;
    if (!find_point(self)) {
        return;
    }
    point = &self->spec->points[self->take_point];
    by_item = self->by_item && point->max_slate > 1;
    per_row = by_item ? point->max_slate : 1;
    take_arrays(self, arena, point, &block);
    for (; self->n_taken < self->n_fixed[self->take_point] && block.n + per_row <= NB_BLOCK_ROWS;
         self->take_row++) {
        size_t row = self->take_row;

        if (pending->status[row] != NB_PENDING_FIXED || pending->point[row] != self->take_point) {
            continue;
        }
        self->n_taken++;
        if (by_item) {
            put_items(self, row, point, &block);
        } else {
            put_slate(self, row, point, &block);
        }
    }
    hand_over(self, &block, by_item ? 1 : point->max_slate, out);
    *reward = block.reward;
}
