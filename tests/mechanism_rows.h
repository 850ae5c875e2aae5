/*
 * One row a mechanism: a world and a strategy in which it is at work, the setting that switches it
 * off, and what must change, in which direction, when it is on.
 */
#ifndef NB_TESTS_MECHANISM_ROWS_H
#define NB_TESTS_MECHANISM_ROWS_H

typedef struct {
    const char *name;
    const char *world;    /* settings of both sides, apart by spaces; everyday otherwise */
    const char *off;      /* settings that switch the mechanism off */
    const char *strategy; /* YAML */
    const char *metric;
    char sign; /* of on less off */
} mechanism_t;

#define EMAIL(every) "recognize: {policy: schedule, action: email, every: " every "}"
#define ALWAYS(point, action) point ": {policy: fixed, action: " action "}"
#define CONSENT "consent.at_birth=1"
#define ENROLLED "consent.at_birth=1 enrolled.at_birth=1"
#define TWO "categories=2 permission.start=-1"
#define BLIND_AUTO                                                                                 \
    "recognize: {policy: schedule, action: [auto_order, wait], every: 8}, " ALWAYS("repeat",       \
                                                                                   "nothing")
#define ASK                                                                                        \
    "recognize: {policy: rules, rules: [{if: {tenure_weeks: [2, 15, 28]}, action: ask_consent}, "  \
    "{if: {every: 4}, action: email}]}"

/* clang-format off */
static const mechanism_t mechanisms[] = {
    {"fatigue dulls opening", "", "fatigue.open=0", EMAIL("1"), "open_rate", '-'},
    {"fatigue drives away", "", "fatigue.churn=0 fatigue.purchase_churn=0", EMAIL("1"), "retention_end", '-'},
    {"contacts close channels", "", "optout.rate=0", EMAIL("1"), "unsubscribe_rate", '+'},
    {"sleeping dogs", "", "sleeping_dog.base=-50", EMAIL("1"), "retention_end", '-'},
    {"contacts open eyes", "", "aware.email=0", EMAIL("2"), "orders", '+'},
    {"coaching helps over inertia", CONSENT, "visit.coach=0", "recognize: {policy: schedule, action: coach, every: 2}", "visits", '+'},
    {"reactance", CONSENT, "reactance.trust=0 reactance.weeks=0", "recognize: {policy: schedule, action: coach, every: 1}", "trust_end", '-'},
    {"consent when asked", "", "consent.base=-50", ASK, "consents", '+'},
    {"privacy cost", "", "consent.privacy=0", ASK, "consents", '-'},
    {"enrollment with it", "", "enroll.base=-50", ASK, "enrollments", '+'},
    {"consent tells the firm more", CONSENT, "knowledge.consent=0", EMAIL("4"), "knowledge_end", '+'},
    {"automatic orders", ENROLLED, "auto_order.offered=false", BLIND_AUTO, "auto_orders", '+'},
    {"refusing them", ENROLLED, "auto_order.base=50", BLIND_AUTO, "auto_refused_rate", '+'},
    {"automatic order that nobody needed", ENROLLED, "incident.satisfaction=0 incident.satisfaction_agency=0 incident.trust=0 incident.trust_agency=0", BLIND_AUTO, "trust_end", '-'},
    {"pause after an error", ENROLLED, "auto_order.pause=0", "recognize: {policy: schedule, action: [auto_order, wait], every: 4}", "auto_orders", '-'},
    {"pleasure of what comes by itself", ENROLLED " agency.a=1 agency.b=9", "auto_order.pleasure=0", "recognize: {policy: rules, rules: [{if: {raw: max_detector, above: 2}, action: auto_order}]}", "satisfaction_end", '+'},
    {"requests that cannot be met", "", "infeasible.probability=0", EMAIL("4"), "cost", '+'},
    {"refusing them costs trust", "infeasible.probability=0.3", "refuse.trust=0", "respond: {policy: fixed, action: [refuse, standard]}", "trust_end", '-'},
    {"perceived fit errs", "", "fit.sd=0", EMAIL("4"), "return_rate", '+'},
    {"reviews correct it", "", "fit.reviews=0", EMAIL("4"), "return_rate", '-'},
    {"risk aversion", "", "risk.weight=0", EMAIL("4"), "conversion", '-'},
    {"choice overload", "", "utility.overload=0", EMAIL("4"), "conversion", '-'},
    {"shortlists take choice away", "", "utility.agency=0 utility.missing=0", ALWAYS("display", "shortlist3"), "conversion", '-'},
    {"certainty grows by buying", "", "certainty.learning=0", EMAIL("2"), "conversion", '+'},
    {"price above the reference", "", "price.loss=0", EMAIL("4"), "conversion", '-'},
    {"discounts lower the reference", "", "price.reference_rate=0", ALWAYS("offer", "discount20"), "conversion", '-'},
    {"pull of a discount", "", "utility.discount=0", ALWAYS("offer", "discount10"), "conversion", '+'},
    {"learning of each and all", "", "learning=none", ALWAYS("display", "shortlist3"), "conversion", '+'},
    {"learning of all", "", "learning=individual", ALWAYS("display", "shortlist3"), "knowledge_end", '+'},
    {"one-click", CONSENT, "one_click.trust=1", ALWAYS("offer", "one_click"), "abandoned_rate", '-'},
    {"guarantee takes risk", "", "guarantee.risk=1", ALWAYS("offer", "guarantee30"), "conversion", '+'},
    {"100-day guarantee takes more", "", "guarantee.risk100=1", ALWAYS("offer", "guarantee100"), "conversion", '+'},
    {"guarantees are used", "", "return.guarantee=0", ALWAYS("offer", "guarantee100"), "return_rate", '+'},
    {"default upsell", "", "upsell.base=-50", ALWAYS("offer", "default_upsell"), "upsell_rate", '+'},
    {"personal upsell", "", "upsell.personal=0", ALWAYS("offer", "personal_upsell"), "upsell_rate", '+'},
    {"upsells cost trust", "", "upsell.trust=0", ALWAYS("offer", "default_upsell"), "trust_end", '-'},
    {"complement that is needed", "categories=2", "upsell.need=0", ALWAYS("offer", "complement"), "upsell_rate", '+'},
    {"complement is wanted next", TWO, "complement.weight=1", EMAIL("4"), "conversion", '-'},
    {"purchase raises a need", "categories=2 complement.need=0.4", "complement.need=0", EMAIL("4"), "needs", '+'},
    {"permission", TWO, "permission.start=0", EMAIL("4"), "conversion", '-'},
    {"permission grows by buying", TWO, "permission.gain=0", EMAIL("4"), "conversion", '+'},
    {"service in a closed category", TWO, "adjacent.offered=false", "repeat: {policy: fixed, action: [adjacent, nothing]}", "adjacent", '+'},
    {"try-on", "try_on.offered=true", "try_on.offered=false", ALWAYS("display", "shortlist5") ", offer: {policy: fixed, action: [try_on, none]}", "return_rate", '-'},
    {"express", "", "service.express=0", ALWAYS("respond", "express"), "satisfaction_end", '+'},
    {"white glove", "", "service.white_glove=0", ALWAYS("respond", "white_glove"), "satisfaction_end", '+'},
    {"substitute", "infeasible.probability=0.3", "service.substitute=0", "respond: {policy: fixed, action: [substitute, standard]}", "satisfaction_end", '-'},
    {"late and wrong orders", "", "late.probability=0", EMAIL("4"), "complaint_rate", '+'},
    {"returns", "", "return.base=-50", EMAIL("4"), "return_rate", '+'},
    {"returns annoy", "", "return.satisfaction=0", EMAIL("4"), "satisfaction_end", '-'},
    {"thank-you", "habit.visit=2", "thank_you.habit=0", ALWAYS("repeat", "thank_you"), "visits", '+'},
    {"survey", "", "survey.knowledge=0", ALWAYS("repeat", "survey"), "knowledge_end", '+'},
    {"reward", "", "reward.satisfaction=0 reward.trust=0", "repeat: {policy: fixed, action: [reward, nothing]}", "satisfaction_end", '+'},
    {"referrals", "", "referral.base=0 referral.satisfaction=0", EMAIL("4"), "referred", '+'},
    {"asking for a referral", "", "referral.ask=1", "repeat: {policy: fixed, action: [ask_referral, nothing]}", "referred", '+'},
    {"paying for a referral", "", "referral.paid=0", "repeat: {policy: fixed, action: [paid_referral, nothing]}", "referred", '+'},
    {"referred customers are better", "referral.base=0.2", "referral.loyalty=0 referral.basket=0", EMAIL("4"), "clv_referred_156", '+'},
    {"win-back", "", "win_back.visit=0 win_back.discount=0", ALWAYS("repeat", "win_back"), "orders", '+'},
    {"bad word of mouth", "late.probability=0.4", "births.bad_word=0", EMAIL("4"), "customers", '-'},
    {"organic births", "", "births.organic=0", EMAIL("4"), "customers", '+'},
    {"loss aversion", "", "satisfaction.loss=1", EMAIL("4"), "satisfaction_end", '-'},
    {"dissatisfaction drives away", "", "carry_over.satisfaction=0", EMAIL("4"), "retention_end", '-'},
    {"distrust drives away", "trust.start=0.1", "carry_over.trust=0", EMAIL("4"), "retention_end", '-'},
    {"habit", "", "carry_over.habit=0", EMAIL("4"), "visits", '+'},
    {"season", "periods=26 need.season=0.8", "need.season=0", EMAIL("4"), "needs", '+'},
    {"shock of taste", "shock.week=26 shock.taste=1.5", "shock.taste=0", EMAIL("4"), "conversion", '-'},
    {"rival enters", "shock.week=26 shock.outside=1", "shock.outside=0", EMAIL("4"), "conversion", '-'},
    {"shock of needs", "shock.week=26 shock.need=0.5", "shock.need=1", EMAIL("4"), "needs", '-'},
    {"shock makes knowledge worthless", "shock.week=150 shock.knowledge=0.8", "shock.knowledge=0", EMAIL("4"), "knowledge_end", '-'},
    {"taste drifts", "drift.taste=0.01", "drift.taste=0", EMAIL("4"), "conversion", '-'},
    {"rivals get better", "drift.outside=0.3", "drift.outside=0", EMAIL("4"), "conversion", '-'},
    {"records are lost", "view.lost=0.5", "view.lost=0", EMAIL("4"), "knowledge_end", '-'},
    {"silos", CONSENT " view.kind=silos", "view.kind=single", "recognize: {policy: rules, rules: [{if: {raw: max_detector, above: 2}, action: email}]}", "contacts", '-'},
    {"platform", "platform.share=0.5", "platform.share=0", EMAIL("2"), "contacts", '-'},
    {"platform's commission", "platform.share=0.5", "platform.commission=0", EMAIL("2"), "equity", '-'},
    {"contracts", "contract.weeks=4 contract.fee=3", "contract.weeks=0 contract.fee=0", EMAIL("4"), "equity", '+'},
    {"churn that shows", "churn.observed=true", "churn.observed=false", EMAIL("2"), "contacts", '-'},
    {"hygiene of the books", "hygiene.weeks=40", "hygiene.weeks=104", EMAIL("2"), "contacts", '-'},
    {"guardrail on calls", "guardrail.call_detector=1", "guardrail.call_detector=-50", "recognize: {policy: schedule, action: [call, wait], every: 8}", "contacts", '-'},
    {"capacity for contacts", "capacity.contacts=0.05", "capacity.contacts=1", EMAIL("4"), "contacts", '-'},
    {"second segment", "segment.share=0.5 segment.rate=2", "segment.share=0", EMAIL("4"), "orders", '+'},
    {"baskets differ", "", "spend.varies=false", EMAIL("4"), "clv_gini", '+'},
    {"another firm", "firms=2", "firms=1", EMAIL("4"), "share", '-'},
    {"satisfaction pulls to a firm", "firms=2 market.pull=2", "market.pull=0", ALWAYS("respond", "white_glove"), "share", '+'},
    {"strangers among firms", "firms=2", "market.stranger=0", EMAIL("4"), "retention_end", '-'},
};
/* clang-format on */

enum { N_MECHANISMS = sizeof mechanisms / sizeof mechanisms[0] };

#endif
