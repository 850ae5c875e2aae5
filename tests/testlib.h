/*
 * What every test includes: cmocka, and comparisons of doubles that print both sides.
 */
#ifndef NB_TESTS_TESTLIB_H
#define NB_TESTS_TESTLIB_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/error.h"

/* |a - b| <= absolute + relative * |b|; prints both where not. NaN never passes. */
#define assert_close(a, b, relative, absolute)                                                     \
    do {                                                                                           \
        double close_a_ = (a), close_b_ = (b);                                                     \
        if (!(fabs(close_a_ - close_b_) <= (absolute) + (relative)*fabs(close_b_))) {              \
            fail_msg("%s = %.17g, expected %.17g", #a, close_a_, close_b_);                        \
        }                                                                                          \
    } while (0)

/* the call succeeds; prints its detail where not */
#define assert_ok(call)                                                                            \
    do {                                                                                           \
        int ok_code_ = (call);                                                                     \
        if (ok_code_ < 0) {                                                                        \
            fail_msg("%s: %s (%s)", #call, nb_strerror(ok_code_), nb_error_detail());              \
        }                                                                                          \
    } while (0)

/* the call fails with this code and its detail contains `words` */
#define assert_fails(call, code, words)                                                            \
    do {                                                                                           \
        int fails_code_ = (call);                                                                  \
        assert_int_equal(fails_code_, (code));                                                     \
        if (!strstr(nb_error_detail(), (words))) {                                                 \
            fail_msg("%s: detail \"%s\" lacks \"%s\"", #call, nb_error_detail(), (words));         \
        }                                                                                          \
    } while (0)

#endif
