#include "bench/conformance.h"

#include <string.h>

#include "bench/conformance_checks.h"

static const struct {
    const char *name, *promise;
    int (*run)(nb_subject_t *self, char *why);
} checks[] = {
    {"describes", "name, summary, settings with ranges and help, traits that fit its functions",
     nb_check_describes},
    {"masks", "actions are allowed, and distinct within a slate", nb_check_masks},
    {"short_rows", "where fewer actions are allowed than a slate has positions, the rest is -1",
     nb_check_short_rows},
    {"same_bits", "the same state and batch give the same answer twice", nb_check_same_bits},
    {"blocks", "a batch of n is answered as n batches of 1", nb_check_blocks},
    {"scores", "score() is finite where allowed and ranks as choose() chooses", nb_check_scores},
    {"probabilities", "they sum to one, respect the mask, and are the propensities of choose()",
     nb_check_probabilities},
    {"frequencies", "choices are as frequent as their probabilities (chi-square)",
     nb_check_frequencies},
    {"values", "value() is finite", nb_check_values},
    {"copy", "a state that is saved and loaded elsewhere goes on with the same bits",
     nb_check_copy},
    {"reset", "init on a zeroed state gives the same bytes every time", nb_check_reset},
    {"learns", "update changes the state, whatever block the rows come in", nb_check_learns},
    {"grows", "records of customers are kept while more customers come", nb_check_grows},
    {"allocations", "choose, update and end_period allocate nothing and keep within scratch_size",
     nb_check_allocations},
    {"not_finite", "a feature or a reward that is not finite is an error", nb_check_not_finite},
};

size_t nb_conformance_count(void)
{
    return sizeof checks / sizeof *checks;
}

const char *nb_conformance_name(size_t i)
{
    NB_ASSERT(i < nb_conformance_count());
    return checks[i].name;
}

const char *nb_conformance_promise(size_t i)
{
    NB_ASSERT(i < nb_conformance_count());
    return checks[i].promise;
}

int nb_check_skip(char *why, const char *reason)
{
    snprintf(why, NB_CHECK_REASON_SIZE, "%s", reason);
    return NB_CHECK_SKIP;
}

int nb_conformance_run(const nb_layer_t *policy, const nb_spec_t *spec, size_t i, nb_check_t *out)
{
    nb_subject_t subject;
    int code = nb_subject_init(&subject, policy, spec);

    memset(out, 0, sizeof *out);
    if (code >= 0) {
        int answer = checks[i].run(&subject, out->reason);

        out->outcome = answer == NB_CHECK_SKIP ? NB_CHECK_SKIPPED
                       : answer < 0            ? NB_CHECK_FAILED
                                               : NB_CHECK_PASSED;
        if (answer < 0) {
            snprintf(out->reason, sizeof out->reason, "%s", nb_error_detail());
        }
    }
    nb_subject_free(&subject);
    return code;
}
