/*
 * Request: what is wanted, what is shown, her choice and the checkout.
 */
#include "core/normals.h"
#include "sim/journey.h"

static const uint8_t shortlist_length[N_DISPLAY] = {0, 3, 5, 1};

/* what she wants of this visit; without a need it is her taste */
void journey_open_visit(journey_t *run, visit_t *visit)
{
    uint32_t words[4];

    visit->steps = (int16_t)run->world->set.checkout_steps;
    if (visit->is_auto && visit->i_need == NO_NEED) {
        journey_taste(run, visit->customer, visit->x);
        visit->certainty = 0.5f;
    } else {
        journey_target(run, visit->customer, visit->ordinal, visit->category, visit->x,
                       &visit->certainty);
    }
    nb_rng_block(run->spec.key,
                 draw_at(run->luck[visit->customer], visit->ordinal, DRAW_OUTSIDE, 0, 0), words);
    visit->infeasible =
        !visit->is_auto && nb_rng_uniform(words[0]) < run->world->set.infeasible_probability;
    journey_show(run, visit);
}

/* every need is bought as it is: any product is as good as another */
static void take_anything(const journey_t *run, visit_t *visit)
{
    uint32_t words[4];

    nb_rng_block(run->spec.key,
                 draw_at(run->luck[visit->customer], visit->ordinal, DRAW_OUTSIDE, 0, 0), words);
    visit->steps = (int16_t)run->world->set.checkout_steps;
    visit->product = (int16_t)(nb_rng_uniform(words[1]) * run->world->n_products);
    visit->ordered = 1;
}

int journey_begin_visit(journey_t *run, visit_t *visit)
{
    uint32_t words[4];
    double cue[2];

    if (run->world->set.journey == JOURNEY_TRANSPARENT) {
        take_anything(run, visit);
        return NB_OK;
    }
    journey_open_visit(run, visit);
    nb_rng_block(run->spec.key,
                 draw_at(run->luck[visit->customer], visit->ordinal, DRAW_CERTAINTY, 1, 0), words);
    nb_rng_normal_pair(words[0], words[1], cue);
    run->customers[visit->customer].cue = (float)(visit->certainty + 0.25 * cue[0]);
    return journey_signal(run, visit->customer, visit->ordinal, NB_SIGNAL_VISITED);
}

/* the firm ranks by what it believes she wants: x^ = K x + sqrt(K (1-K)) noise with the
 * population's spread */
void journey_rank(const journey_t *run, const visit_t *visit, float *score)
{
    const journey_world_t *world = run->world;
    const nb_journey_settings_t *set = &world->set;
    const catalogue_t *catalogue = &world->catalogue[visit->category];
    double K = run->knowledge[visit->customer];
    double sd =
        sqrt(K * (1 - K) * (set->taste_variance + set->need_target_sd * set->need_target_sd));
    float believed[N_TASTE];
    double z[4];

    nb_rng_normal4(run->spec.key,
                   draw_at(run->luck[visit->customer], visit->ordinal, DRAW_TARGET, 1, 0), z);
    for (unsigned k = 0; k < N_TASTE; k++) {
        believed[k] = (float)(K * visit->x[k] + sd * z[k]);
    }
    for (unsigned j = 0; j < world->n_products; j++) {
        score[j] = (float)(catalogue->quality[j] -
                           set->utility_distance * journey_distance(catalogue, believed, j) -
                           set->ranker_price * (catalogue->price[j] - 1));
    }
}

/* the k best of the firm's ranking, ties by product number */
static void show_top(const journey_t *run, visit_t *visit, unsigned k)
{
    float score[MAX_PRODUCTS];

    journey_rank(run, visit, score);
    visit->n_shown = 0;
    for (unsigned s = 0; s < k && s < run->world->n_products; s++) {
        unsigned best = MAX_PRODUCTS;

        for (unsigned j = 0; j < run->world->n_products; j++) {
            if (score[j] != -INFINITY && (best == MAX_PRODUCTS || score[j] > score[best])) {
                best = j;
            }
        }
        visit->shown[visit->n_shown++] = (uint8_t)best;
        score[best] = -INFINITY;
    }
}

unsigned journey_slate_of(const visit_t *visit)
{
    return shortlist_length[visit->display];
}

/* what the present display shows when nobody else chooses the products */
void journey_show(const journey_t *run, visit_t *visit)
{
    if (visit->display != DISPLAY_CATALOGUE) {
        show_top(run, visit, shortlist_length[visit->display]);
        return;
    }
    visit->n_shown = (uint8_t)run->world->n_products;
    for (unsigned j = 0; j < run->world->n_products; j++) {
        visit->shown[j] = (uint8_t)j;
    }
}

/* the reference price of the category follows the mean price shown */
static void see_prices(journey_t *run, const visit_t *visit)
{
    const catalogue_t *catalogue = &run->world->catalogue[visit->category];
    relation_t *relation = &run->relations[journey_cell(run, visit->customer, visit->category)];
    double mean = 0;

    for (unsigned s = 0; s < visit->n_shown; s++) {
        mean += catalogue->price[visit->shown[s]];
    }
    mean *= (1 - visit->discount) / visit->n_shown;
    relation->reference_price +=
        (float)(run->world->set.price_reference_rate * (mean - relation->reference_price));
}

/* index into shown of the highest utility plus Gumbel; -1 where the outside option wins */
static int choose_product(const journey_t *run, const visit_t *visit, const double *utility,
                          int has_outside)
{
    uint32_t words[MAX_PRODUCTS];
    float gumbels[MAX_PRODUCTS], outside;
    double best_value = -INFINITY;
    int best = -1;

    if (has_outside) {
        nb_rng_block(run->spec.key,
                     draw_at(run->luck[visit->customer], visit->ordinal, DRAW_OUTSIDE, 1, 0),
                     words);
        nb_gumbels(words, 1, &outside);
        best_value = outside + journey_outside(run);
    }
    journey_product_words(run, visit, DRAW_GUMBEL, words);
    nb_gumbels(words, run->world->n_products, gumbels);
    for (unsigned s = 0; s < visit->n_shown; s++) {
        double value = utility[s] + gumbels[visit->shown[s]];

        if (value > best_value) {
            best_value = value;
            best = (int)s;
        }
    }
    return best;
}

void journey_choose(journey_t *run, visit_t *visit, int has_outside)
{
    double utility[MAX_PRODUCTS];
    int chosen;

    journey_utilities(run, visit, utility);
    chosen = choose_product(run, visit, utility, has_outside);
    visit->product = chosen < 0 ? -1 : visit->shown[chosen];
    see_prices(run, visit);
}

double journey_p_checkout(const journey_t *run, const visit_t *visit)
{
    const nb_journey_settings_t *set = &run->world->set;

    return logistic(set->checkout_base - set->checkout_step * (visit->steps - 1));
}

static int go_elsewhere(journey_t *run, visit_t *visit)
{
    visit->ended = 1;
    journey_sums(run, visit->customer)->outside++;
    return journey_settle_need(run, &run->needs[visit->i_need], visit->customer);
}

int journey_choose_and_check_out(journey_t *run, visit_t *visit)
{
    uint32_t row = visit->customer;

    if (visit->offer == OFFER_TRY_ON) {
        NB_TRY(
            journey_pay(run, row, visit->ordinal, -run->world->set.cost_try_on, NB_CAUSE_DELIVERY));
    }
    journey_choose(run, visit, 1);
    if (visit->product < 0) {
        return go_elsewhere(run, visit);
    }
    NB_TRY(journey_emit(run, (nb_event_t){.customer = row,
                                          .journey = visit->ordinal,
                                          .kind = NB_EVENT_ITEM,
                                          .item = visit->product}));
    NB_TRY(journey_try_upsell(run, visit));
    visit->ordered =
        nb_rng_uniform(run->needs[visit->i_need].luck[3]) < journey_p_checkout(run, visit);
    journey_sums(run, row)->abandoned += !visit->ordered;
    return NB_OK;
}
