/*
 * What the tests of credit share: an instance with two points, decisions and events by hand, and
 * the transitions that come out.
 */
#ifndef NB_TESTS_CREDIT_BENCH_H
#define NB_TESTS_CREDIT_BENCH_H

#include "bench/credit.h"
#include "tests/testlib.h"

enum { CONTACT, SHELF, N_CUSTOMERS = 4, MAX_SEEN = 4096 };

/** Both points, and the first alone. */
extern const nb_spec_t both_points, only_contact;

/** A transition as it came out. */
typedef struct {
    unsigned point, slate;
    uint32_t customer;
    float mark; /* first feature, by which a test knows the decision again */
    int32_t action;
    double reward;
    float elapsed;
    unsigned signals;
    int item, next_point;
    float next_mark;
    int terminated, truncated;
} seen_t;

/** The instance under test and everything it released so far. */
typedef struct {
    nb_credit_t credit;
    nb_arena_t arena;
    int period;
    size_t n_seen;
    seen_t seen[MAX_SEEN];
} bench_t;

extern bench_t bench;

/** Start afresh with this rule. `traits` are the policy's. */
void start(nb_credit_rule_t rule, int window, double gamma, const nb_spec_t *spec, unsigned traits);

/** Free everything; a group tear-down. */
int stop(void **state);

/** Begin a period; end it and take what is fixed; only take. How many transitions came. */
void begin(int period);
size_t end(void);
size_t take(void);

/** A decision at CONTACT; a slate of n at `point`. `mark` is its first feature. */
void decide(uint32_t customer, uint32_t journey, float mark);
void decide_slate(unsigned point, uint32_t customer, uint32_t journey, float mark, int32_t *slate,
                  unsigned n);

/** Events. */
void book(nb_event_t event);
void pay(uint32_t customer, uint32_t journey, double money);
void tell(uint32_t customer, uint32_t journey, uint16_t kind);
void signal_seen(uint32_t customer, uint32_t journey, uint16_t signals);
void choose_item(uint32_t customer, uint32_t journey, int16_t item);

#endif
