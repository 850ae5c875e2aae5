#include "tests/credit_bench.h"

static const char *const names[] = {"a", "b", "c", "d", "e"};
static const nb_point_t points[] = {
    {.name = "contact",
     .d = 2,
     .features = names,
     .n_actions = 3,
     .actions = names,
     .max_slate = 1},
    {.name = "shelf", .d = 1, .features = names, .n_actions = 5, .actions = names, .max_slate = 3},
};
const nb_spec_t both_points = {.n_points = 2, .points = points, .gamma = 1.0};
const nb_spec_t only_contact = {.n_points = 1, .points = points, .gamma = 1.0};

bench_t bench;

void start(nb_credit_rule_t rule, int window, double gamma, const nb_spec_t *spec, unsigned traits)
{
    nb_credit_spec_t credit = {.rule = rule, .window = window};

    nb_credit_free(&bench.credit);
    nb_arena_free(&bench.arena);
    assert_ok(nb_credit_init(&bench.credit, &credit, gamma, spec, traits));
    assert_ok(nb_arena_init(&bench.arena, nb_credit_scratch_size(&bench.credit)));
    bench.n_seen = 0;
}

void begin(int period)
{
    bench.period = period;
    assert_ok(nb_credit_begin_period(&bench.credit, period));
    assert_ok(nb_credit_reserve(&bench.credit, N_CUSTOMERS));
}

static void keep(const nb_transitions_t *out)
{
    for (size_t i = 0; i < out->n; i++) {
        assert_true(bench.n_seen < MAX_SEEN);
        bench.seen[bench.n_seen++] = (seen_t){
            .point = out->point,
            .slate = out->slate,
            .customer = out->customer[i],
            .mark = out->x ? out->x[i * out->d] : -1.0f,
            .action = out->action[i * out->slate],
            .reward = out->reward[i],
            .elapsed = out->elapsed[i],
            .signals = out->signals[i],
            .item = out->item ? out->item[i] : -2,
            .next_point = out->next_point[i],
            .next_mark = out->next_x ? out->next_x[i * out->next_d] : -1.0f,
            .terminated = out->terminated[i],
            .truncated = out->truncated[i],
        };
    }
}

/* take everything that is fixed; how many transitions came */
size_t take(void)
{
    nb_transitions_t out;
    double *reward;
    size_t before = bench.n_seen;

    do {
        size_t mark = nb_arena_mark(&bench.arena);

        nb_credit_take(&bench.credit, &bench.arena, &out, &reward);
        assert_true(out.n <= NB_BLOCK_ROWS);
        keep(&out);
        nb_arena_release(&bench.arena, mark);
    } while (out.n);
    return bench.n_seen - before;
}

size_t end(void)
{
    nb_credit_end_period(&bench.credit);
    return take();
}

void decide_slate(unsigned point, uint32_t customer, uint32_t journey, float mark, int32_t *slate,
                  unsigned n)
{
    float x[2] = {mark, 0.0f};
    uint64_t mask = 31;
    uint32_t luck = 100 + customer;
    nb_batch_t batch = {.point = point,
                        .period = bench.period,
                        .n = 1,
                        .d = points[point].d,
                        .x = x,
                        .n_actions = points[point].n_actions,
                        .mask_words = 1,
                        .mask = &mask,
                        .customer = &customer,
                        .luck = &luck,
                        .journey = &journey,
                        .slate = n};
    nb_choice_t choice = {.action = slate};

    assert_ok(nb_credit_record(&bench.credit, &batch, &choice));
}

void decide(uint32_t customer, uint32_t journey, float mark)
{
    int32_t action = 1;

    decide_slate(CONTACT, customer, journey, mark, &action, 1);
}

void book(nb_event_t event)
{
    nb_credit_book(&bench.credit, &event, 1);
}

void pay(uint32_t customer, uint32_t journey, double money)
{
    book((nb_event_t){.customer = customer,
                      .journey = journey,
                      .money = money,
                      .kind = NB_EVENT_MONEY,
                      .cause = NB_CAUSE_SALE});
}

void tell(uint32_t customer, uint32_t journey, uint16_t kind)
{
    book((nb_event_t){.customer = customer, .journey = journey, .kind = kind});
}

void signal_seen(uint32_t customer, uint32_t journey, uint16_t signals)
{
    book((nb_event_t){
        .customer = customer, .journey = journey, .kind = NB_EVENT_SIGNAL, .signals = signals});
}

void choose_item(uint32_t customer, uint32_t journey, int16_t item)
{
    book((nb_event_t){
        .customer = customer, .journey = journey, .kind = NB_EVENT_ITEM, .item = item});
}

int stop(void **state)
{
    (void)state;
    nb_credit_free(&bench.credit);
    nb_arena_free(&bench.arena);
    return 0;
}
