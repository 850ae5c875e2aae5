/*
 * When a customer's turn is: every n weeks, staggered over customers, and from one week of her
 * tenure to another. Serves schedule, fixed and the conditions of rules.
 *
 * Weeks become periods once, at init: a schedule of n weeks is the nearest number of periods, and a
 * period lies in a window of weeks where it begins in it.
 */
#ifndef NB_POLICIES_TURN_H
#define NB_POLICIES_TURN_H

#include "core/error.h"
#include "core/settings.h"
#include "core/types.h"

enum { NB_TURN_MAX_WEEKS = 5200 /* longest tenure that a setting can name */ };

/** Periods from one turn to the next: `weeks` rounded to whole periods, one at least. */
int32_t nb_turn_periods(const nb_spec_t *spec, double weeks);

/** The period of a customer's tenure in which week `weeks` (0 or more) falls. */
int32_t nb_turn_period_of(const nb_spec_t *spec, double weeks);

/**
 * 1 where the customer's turn is in this period, once in `every` periods. Staggered by her luck, so
 * that every period sees one share of the customers, unless all come in the `same`. Periods of the
 * burn-in are negative.
 */
int nb_turn_is_due(int32_t every, int same, int32_t period, uint32_t luck);

/** Part of a tenure, in periods since birth: from <= tenure < until. */
typedef struct {
    int32_t from, until;
} nb_turn_window_t;

/** Row of a policy's table of settings for a bound of the window, an int field of that name. */
#define NB_TURN_WEEKS(settings_type, field, the_help)                                              \
    {                                                                                              \
        .key = #field, .type = NB_SETTING_INT, .offset = offsetof(settings_type, field),           \
        .high = NB_TURN_MAX_WEEKS, .choices = "", .unit = "weeks", .mark = "", .source = "",       \
        .help = the_help                                                                           \
    }

/**
 * Periods that begin at week `from_weeks` of a tenure or later, and before `until_weeks` (0: no
 * end). NB_ERR_CONFIG where nothing lies between.
 */
int nb_turn_window_init(nb_turn_window_t *self, const nb_spec_t *spec, int from_weeks,
                        int until_weeks) NB_MUST_CHECK;

/** 1 where the tenure of row i lies in the window. A window without bounds asks for no tenure. */
int nb_turn_window_holds(const nb_turn_window_t *self, const nb_batch_t *batch, size_t i);

#endif
