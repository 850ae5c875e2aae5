/*
 * Contacts by a table of 3 x 3 x 3 cells: every customer scores 1 to 3 in recency, frequency and
 * monetary value (3 is best), and each cell has its contact. The oldest targeting rule of direct
 * marketing, and still the usual one.
 *
 *   rfm:
 *     recognize:
 *       policy: rfm_table
 *       recency: {score_3: 4, score_2: 13}        # weeks since the last purchase, at most
 *       action: email
 *       cells:
 *         33x: 2                                  # `action` every 2 weeks
 *         3xx: email
 *         1xx: {action: [call, email], every: 13}
 *         11x: never
 *
 * A cell is written by its scores, x standing for any; where several fit, the one with most scores
 * counts, and what no pattern fits is never contacted. Without `cells` the usual segments:
 * champions (33x), loyal (32x, 23x), new (31x) and those who need attention (22x, 21x) every
 * `every` weeks, those at risk (13x, 12x) half as often, the hibernating (11x) never, except big
 * spenders (113), half as often.
 *
 * Source: Hughes (2005), Strategic Database Marketing, ch. 5; Blattberg, Kim & Neslin (2008),
 * Database Marketing, ch. 12. Known limit: the table looks at what customers did, not at what a
 * contact changes.
 */
#include <string.h>

#include "policies/contact.h"
#include "policies/library.h"
#include "policies/quantity.h"
#include "policies/rows.h"

enum { N_AXES = 3, N_CELLS = 27, ANY = -1 };

typedef struct {
    char recency[NB_SETTING_TEXT_SIZE], frequency[NB_SETTING_TEXT_SIZE];
    char monetary[NB_SETTING_TEXT_SIZE];
    double recency_3, recency_2, frequency_3, frequency_2, monetary_3, monetary_2;
    const nb_node_t *action, *cells;
    int every;
} rfm_settings_t;

/* what scores 3 and 2 at one point, in the units of the context */
typedef struct {
    int32_t column;
    float bound_3, bound_2;
} axis_t;

/* the state; compiled contacts follow, the last is the unbound play */
typedef struct {
    uint32_t contact_size;
    uint32_t never;               /* number of the unbound play */
    uint32_t contact_of[N_CELLS]; /* number of the contact, by 9 R + 3 F + M with scores from 0 */
    axis_t axes[NB_MAX_POINTS][N_AXES];
    uint8_t told[NB_MAX_POINTS]; /* 1 where the point tells all three quantities */
} rfm_t;

#define FEATURE(the_key, the_field, the_def, the_help)                                             \
    {                                                                                              \
        .key = the_key, .type = NB_SETTING_TEXT, .offset = offsetof(rfm_settings_t, the_field),    \
        .choices = the_def, .unit = "", .mark = "", .source = "", .help = the_help                 \
    }
#define BOUND(the_key, the_field, the_def, the_unit, the_help)                                     \
    {                                                                                              \
        .key = the_key, .type = NB_SETTING_REAL, .offset = offsetof(rfm_settings_t, the_field),    \
        .def = the_def, .low = 0, .high = 1e9, .choices = "", .unit = the_unit, .mark = "A",       \
        .source = "", .help = the_help                                                             \
    }

static const nb_setting_t table[] = {
    FEATURE("recency.feature", recency, "recency",
            "feature with weeks since the last purchase, or `log_` and this name"),
    BOUND("recency.score_3", recency_3, 8, "weeks", "at most this scores 3"),
    BOUND("recency.score_2", recency_2, 26, "weeks", "at most this scores 2, more scores 1"),
    FEATURE("frequency.feature", frequency, "frequency",
            "feature with repeat orders, or `log_` and this name"),
    BOUND("frequency.score_3", frequency_3, 4, "", "at least this scores 3"),
    BOUND("frequency.score_2", frequency_2, 1, "", "at least this scores 2, less scores 1"),
    FEATURE("monetary.feature", monetary, "mean_order",
            "feature with money an order, or `log_` and this name"),
    BOUND("monetary.score_3", monetary_3, 50, "money", "at least this scores 3"),
    BOUND("monetary.score_2", monetary_2, 30, "money", "at least this scores 2, less scores 1"),
    NB_CONTACT_NODE(
        rfm_settings_t, action,
        "contact of cells that give weeks only: action, or list of actions of which the "
        "first allowed one is played"),
    NB_CONTACT_EVERY(rfm_settings_t, "weeks from one contact to the next where a cell says none"),
    NB_CONTACT_NODE(rfm_settings_t, cells,
                    "map from cells such as 311 or 33x (recency, frequency, monetary; 3 is best, x "
                    "is any) to weeks, a contact (NAME, list, or {action: , every: }) or `never`; "
                    "default: the usual segments"),
    {0},
};

/* the usual segments: `every` times this, 0 never */
static const struct {
    const char *cell;
    int times;
} usual[] = {{"3xx", 1}, {"2xx", 1}, {"1xx", 2}, {"11x", 0}, {"113", 2}};
enum { N_USUAL = sizeof usual / sizeof *usual };

static size_t count_contacts(const rfm_settings_t *from)
{
    return (from->cells ? nb_node_count(from->cells) : N_USUAL) + 1;
}

static size_t state_size(const nb_spec_t *spec, const void *settings)
{
    return (sizeof(rfm_t) + 7) / 8 * 8 + count_contacts(settings) * nb_contact_size(spec);
}

static void *contact_at(const rfm_t *self, size_t number)
{
    return (char *)self + (sizeof(rfm_t) + 7) / 8 * 8 + number * self->contact_size;
}

/* scores from 0, or ANY, of a pattern; 0 where it is none */
static int read_pattern(const char *text, int *scores)
{
    for (int a = 0; a < N_AXES; a++) {
        int is_score = text[a] >= '1' && text[a] <= '3';

        if (!is_score && text[a] != 'x') {
            return 0;
        }
        scores[a] = is_score ? text[a] - '1' : ANY;
    }
    return text[N_AXES] == '\0';
}

static int fits(const int *scores, int cell)
{
    static const int weight[N_AXES] = {9, 3, 1};

    for (int a = 0; a < N_AXES; a++) {
        if (scores[a] != ANY && scores[a] != cell / weight[a] % 3) {
            return 0;
        }
    }
    return 1;
}

static int count_scores(const int *scores)
{
    return (scores[0] != ANY) + (scores[1] != ANY) + (scores[2] != ANY);
}

/* what is known of every cell while patterns are read */
typedef struct {
    int n_scores[N_CELLS];        /* of the pattern that holds the cell, -1 none */
    const char *pattern[N_CELLS]; /* that one */
} board_t;

/* give contact `number` to the cells that its pattern fits best */
static int claim(rfm_t *self, board_t *board, const nb_node_t *node, const char *pattern,
                 uint32_t number)
{
    int scores[N_AXES], n_scores;

    if (!read_pattern(pattern, scores)) {
        return nb_node_error(NB_ERR_CONFIG, node,
                             "'%s' is no cell: expected scores of recency, frequency and monetary "
                             "value, 1 to 3 each or x for any, such as 311 or 33x",
                             pattern);
    }
    n_scores = count_scores(scores);
    for (int c = 0; c < N_CELLS; c++) {
        if (!fits(scores, c) || board->n_scores[c] > n_scores) {
            continue;
        }
        if (board->n_scores[c] == n_scores) {
            return nb_node_error(NB_ERR_CONFIG, node,
                                 "%s and %s both fit cell %d%d%d, and neither says more of it",
                                 board->pattern[c], pattern, c / 9 + 1, c / 3 % 3 + 1, c % 3 + 1);
        }
        board->n_scores[c] = n_scores;
        board->pattern[c] = pattern;
        self->contact_of[c] = number;
    }
    return NB_OK;
}

/* 1 where a cell gives weeks only */
static int is_weeks(const nb_node_t *node)
{
    return node->kind == NB_NODE_SCALAR && !node->quoted && node->text[0] &&
           strspn(node->text, "-+.0123456789") == strlen(node->text);
}

static int read_weeks(const nb_node_t *node, int *every)
{
    long long weeks;

    NB_TRY(nb_node_int(node, &weeks));
    if (weeks < 1 || weeks > NB_CONTACT_MAX_EVERY) {
        return nb_node_error(NB_ERR_RANGE, node, "%lld is out of range, expected 1 to %d weeks",
                             weeks, NB_CONTACT_MAX_EVERY);
    }
    *every = (int)weeks;
    return NB_OK;
}

static int need_action(const nb_node_t *node, const rfm_settings_t *from)
{
    if (from->action) {
        return NB_OK;
    }
    return nb_node_error(NB_ERR_CONFIG, node,
                         "rfm_table needs `action`: the contact of cells that give weeks only%s",
                         node ? "" : ", as the usual segments do; or give `cells`");
}

static int read_cell(rfm_t *self, board_t *board, const nb_spec_t *spec, const nb_node_t *node,
                     const rfm_settings_t *from, uint32_t number)
{
    const nb_node_t *contact = node;
    int every = from->every;

    if (is_weeks(node)) {
        NB_TRY(need_action(node, from));
        NB_TRY(read_weeks(node, &every));
        contact = from->action;
    }
    NB_TRY(nb_contact_init(contact_at(self, number), spec, contact, every));
    return claim(self, board, node, node->key, number);
}

static int read_usual(rfm_t *self, board_t *board, const nb_spec_t *spec,
                      const rfm_settings_t *from)
{
    NB_TRY(need_action(NULL, from));
    for (uint32_t c = 0; c < N_USUAL; c++) {
        int every = from->every * (usual[c].times ? usual[c].times : 1);

        NB_TRY(nb_contact_init(contact_at(self, c), spec, usual[c].times ? from->action : NULL,
                               every));
        NB_TRY(claim(self, board, NULL, usual[c].cell, c));
    }
    return NB_OK;
}

static int read_cells(rfm_t *self, const nb_spec_t *spec, const rfm_settings_t *from)
{
    uint32_t number = 0;
    board_t board;

    NB_TRY(nb_contact_init(contact_at(self, self->never), spec, NULL, 1));
    for (int c = 0; c < N_CELLS; c++) {
        self->contact_of[c] = self->never;
        board.n_scores[c] = -1;
        board.pattern[c] = NULL;
    }
    if (!from->cells) {
        return read_usual(self, &board, spec, from);
    }
    if (from->cells->kind != NB_NODE_MAP || !from->cells->child) {
        return nb_node_error(NB_ERR_CONFIG, from->cells,
                             "expected a map from cells to contacts, such as {33x: 2, 1xx: never}");
    }
    for (const nb_node_t *node = from->cells->child; node; node = node->next, number++) {
        NB_TRY(read_cell(self, &board, spec, node, from, number));
    }
    return NB_OK;
}

static int check_bounds(const rfm_settings_t *from)
{
    if (from->recency_3 > from->recency_2 || from->frequency_3 < from->frequency_2 ||
        from->monetary_3 < from->monetary_2) {
        NB_FAIL(NB_ERR_CONFIG,
                "rfm_table: score_3 must ask for more than score_2: recency %g and %g (at most), "
                "frequency %g and %g, monetary %g and %g (at least)",
                from->recency_3, from->recency_2, from->frequency_3, from->frequency_2,
                from->monetary_3, from->monetary_2);
    }
    return NB_OK;
}

static int read_axis(rfm_t *self, int axis, const nb_spec_t *spec, const char *key,
                     const char *name, const double bounds[2])
{
    nb_quantity_t found[NB_MAX_POINTS];

    NB_TRY(nb_quantity_find(found, spec, "rfm_table", key, name));
    for (unsigned p = 0; p < spec->n_points; p++) {
        self->axes[p][axis] = (axis_t){found[p].column, nb_quantity_write(&found[p], bounds[0]),
                                       nb_quantity_write(&found[p], bounds[1])};
        self->told[p] = (axis == 0 || self->told[p]) && found[p].column >= 0;
    }
    return NB_OK;
}

static int init(void *state, const nb_spec_t *spec, const void *settings)
{
    const rfm_settings_t *from = settings;
    rfm_t *self = state;

    self->contact_size = (uint32_t)nb_contact_size(spec);
    self->never = (uint32_t)count_contacts(from) - 1;
    NB_TRY(check_bounds(from));
    NB_TRY(read_axis(self, 0, spec, "recency.feature", from->recency,
                     (const double[]){from->recency_3, from->recency_2}));
    NB_TRY(read_axis(self, 1, spec, "frequency.feature", from->frequency,
                     (const double[]){from->frequency_3, from->frequency_2}));
    NB_TRY(read_axis(self, 2, spec, "monetary.feature", from->monetary,
                     (const double[]){from->monetary_3, from->monetary_2}));
    NB_TRY(read_cells(self, spec, from));
    return nb_contact_check_served(spec, "rfm_table", self->told, contact_at(self, 0),
                                   count_contacts(from));
}

/* score from 0 to 2 of one value; of recency low values are good */
static int score(const axis_t *axis, int is_recency, float x)
{
    if (is_recency) {
        return (x <= axis->bound_3) + (x <= axis->bound_2);
    }
    return (x >= axis->bound_3) + (x >= axis->bound_2);
}

static void mix(const void *state, const nb_batch_t *batch, size_t i, const double *unused,
                nb_mix_t *out)
{
    const rfm_t *self = state;
    const axis_t *axes = self->axes[batch->point];
    int cell = 0, is_told = self->told[batch->point];

    (void)unused;
    for (int a = 0; a < N_AXES && is_told; a++) {
        cell = 3 * cell + score(axes + a, a == 0, batch->x[i * batch->d + (size_t)axes[a].column]);
    }
    out->n = 1;
    out->weight[0] = 1.0;
    out->contact[0] = contact_at(self, is_told ? self->contact_of[cell] : self->never);
}

static int choose(const void *state, const nb_batch_t *batch, nb_choice_t *out)
{
    NB_TRY(nb_rows_check_features(batch->x, batch->n, batch->d));
    return nb_contact_choose(state, batch, NULL, mix, out);
}

static int probabilities(const void *state, const nb_batch_t *batch, double *p)
{
    NB_TRY(nb_rows_check_features(batch->x, batch->n, batch->d));
    return nb_contact_probabilities(state, batch, NULL, mix, p);
}

static size_t scratch_size(const nb_spec_t *spec, const void *settings)
{
    (void)spec;
    (void)settings;
    return nb_contact_scratch();
}

const nb_policy_type_t nb_policy_rfm_table = {
    .abi = NB_POLICY_ABI,
    .version = 1,
    .name = "rfm_table",
    .summary = "contacts by a table of recency, frequency and monetary value (Hughes 2005)",
    .settings = table,
    .settings_size = sizeof(rfm_settings_t),
    .traits = NB_TRAIT_CONTEXTUAL | NB_TRAIT_SLATE,
    .state_size = state_size,
    .init = init,
    .choose = choose,
    .probabilities = probabilities,
    .scratch_size = scratch_size,
};
