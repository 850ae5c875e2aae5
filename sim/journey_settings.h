/*
 * Every number of the customer journey: one list makes the struct, the table of checks, `nextbest
 * describe` and the docs.
 *
 * Columns: field, key, default, low, high, unit, mark (L literature, A our assumption), source,
 * help.
 */
#ifndef NB_SIM_JOURNEY_SETTINGS_H
#define NB_SIM_JOURNEY_SETTINGS_H

#include "core/settings.h"

/* clang-format off */
#define NB_JOURNEY_REALS(X)                                                                        \
    X(period_weeks, "period_weeks", 1, 0.02, 4, "weeks", "", "", "length of a period")             \
    X(discount_annual, "discount.annual", 0.10, 0, 1, "a year", "A", "", "annual discount rate of every reported value") \
    X(need_shape, "need.shape", 0.9, 0.01, 1e6, "", "L", "NBD: Ehrenberg 1959", "shape r of the Gamma need rate over customers") \
    X(need_rate, "need.rate", 3, 0.01, 1e6, "weeks", "L", "NBD: Ehrenberg 1959", "rate alpha of the Gamma need rate over customers") \
    X(need_scale, "need.scale", 1, 0.01, 1000, "", "A", "", "factor on every need rate; fitted worlds calibrate it") \
    X(need_lost, "need.lost", 0.15, 0, 1, "a week", "A", "", "probability that an open need is lost") \
    X(need_target_sd, "need.target_sd", 0.35, 0, 5, "taste", "A", "", "spread of what is wanted around the taste") \
    X(need_season, "need.season", 0, 0, 1, "", "A", "", "amplitude a of the season 1 + a sin(2 pi t / 52)") \
    X(shock_need, "shock.need", 1, 0, 100, "", "A", "", "factor on arrivals of needs from the shock on") \
    X(shock_week, "shock.week", -1, -1, 100000, "weeks", "", "", "week in which the shock falls; -1 for none") \
    X(shock_taste, "shock.taste", 0, -10, 10, "taste", "A", "", "shift of everybody's taste along its first coordinate by the shock") \
    X(shock_outside, "shock.outside", 0, -20, 20, "utility", "A", "", "rise of the outside option by the shock: a rival enters") \
    X(shock_knowledge, "shock.knowledge", 0, 0, 1, "share", "A", "", "share of the firm's knowledge that the shock makes worthless") \
    X(drift_taste, "drift.taste", 0, -1, 1, "a week", "A", "", "drift of everybody's taste along its first coordinate") \
    X(drift_outside, "drift.outside", 0, -10, 10, "a year", "A", "", "drift of the outside option's utility") \
    X(category_first, "category.first", 3, 0.01, 100, "", "A", "", "Dirichlet weight of the first category") \
    X(category_other, "category.other", 1, 0.01, 100, "", "A", "", "Dirichlet weight of every other category") \
    X(complement_weight, "complement.weight", 2, 0, 100, "", "A", "", "M[a][a+1]: factor on the next category's weight after a purchase") \
    X(complement_weeks, "complement.weeks", 8, 1, 520, "weeks", "A", "", "how long it lasts") \
    X(complement_need, "complement.need", 0, 0, 1, "", "A", "", "probability that a purchase raises a need in the next category at once") \
    X(permission_start, "permission.start", 0, -20, 0, "utility", "A", "", "permission of every category but the first at birth; below 0 a category is closed") \
    X(permission_gain, "permission.gain", 0.2, 0, 1, "", "A", "", "share of the gap that a kept purchase closes") \
    X(certainty_prior, "certainty.prior", 0.1, 0.001, 10, "", "A", "", "c ~ Beta(prior + k m, prior + k (1 - m))") \
    X(certainty_strength, "certainty.strength", 3, 0.01, 100, "", "A", "", "k of the same") \
    X(certainty_a, "certainty.a", 1, 0.01, 100, "", "A", "", "mean certainty of a customer ~ Beta(a, b)") \
    X(certainty_b, "certainty.b", 2, 0.01, 100, "", "A", "", "mean certainty of a customer ~ Beta(a, b)") \
    X(certainty_learning, "certainty.learning", 0.1, 0, 10, "a purchase", "A", "", "certainty gained by purchases") \
    X(taste_variance, "taste.variance", 0.5, 0, 10, "", "A", "", "variance of each of the four taste coordinates") \
    X(taste_keep, "taste.keep", 0.9991, 0, 1, "a week", "A", "", "autoregression of the taste") \
    X(taste_drift, "taste.drift", 0.03, 0, 1, "a week", "A", "", "innovation sd of the taste") \
    X(price_sensitivity, "price.sensitivity", 5, 0, 100, "", "L", "Bijmolt et al. 2005: elasticity -2.62", "mean of beta") \
    X(price_sensitivity_sd, "price.sensitivity_sd", 0.4, 0, 3, "log", "A", "", "log-normal spread of beta") \
    X(price_loss, "price.loss", 1, 0, 10, "", "L", "reference price: Kalyanaram & Winer 1995", "weight of a price above the reference price") \
    X(price_reference_rate, "price.reference_rate", 0.15, 0, 1, "a price seen", "L", "Kalyanaram & Winer 1995", "how fast the reference price follows") \
    X(risk_sd, "risk.sd", 0.3, 0, 3, "log", "A", "", "log-normal spread of risk aversion, mean 1") \
    X(risk_weight, "risk.weight", 0.5, 0, 10, "", "A", "", "utility lost per unit of perceived-fit variance") \
    X(inertia_mean, "inertia.mean", 0.6, -5, 5, "", "A", "", "mean of inertia") \
    X(inertia_sd, "inertia.sd", 0.8, 0, 5, "", "A", "", "spread of inertia") \
    X(agency_a, "agency.a", 2, 0.01, 100, "", "A", "", "agency ~ Beta(a, b)")                      \
    X(agency_b, "agency.b", 2, 0.01, 100, "", "A", "", "agency ~ Beta(a, b)")                      \
    X(channel_taste_sd, "channel.taste_sd", 0.9, 0, 5, "logit", "A", "", "spread of the taste for each channel") \
    X(channel_demographic, "channel.demographic", 0.5, -1, 1, "", "A", "", "correlation of channel taste with the noisy demographic") \
    X(contact_sensitivity_sd, "contact.sensitivity_sd", 0.5, 0, 3, "log", "A", "", "log-normal spread of contact sensitivity, mean 1") \
    X(loyalty_sd, "loyalty.sd", 0.7, 0, 5, "logit", "A", "", "spread of loyalty") \
    X(sleeping_sd, "sleeping_dog.sd", 1.2, 0, 5, "logit", "A", "", "spread of the sleeping-dog trait") \
    X(sleeping_correlation, "sleeping_dog.correlation", -0.4, -1, 1, "", "L", "Ascarza et al. 2016", "its correlation with loyalty") \
    X(sleeping_base, "sleeping_dog.base", -6, -50, 5, "logit", "L", "Ascarza et al. 2016", "silent churn caused by contacting a silent customer; -50 switches it off") \
    X(sleeping_weeks, "sleeping_dog.weeks", 8, 1, 520, "weeks", "A", "", "silence after which a customer sleeps") \
    X(spend_p, "spend.p", 6.25, 0.01, 1e6, "", "L", "Fader, Hardie & Lee 2005: CDNOW", "Gamma-Gamma p: shape of an order's basket") \
    X(spend_q, "spend.q", 3.74, 1.01, 1e6, "", "L", "Fader, Hardie & Lee 2005: CDNOW", "Gamma-Gamma q: shape over customers") \
    X(sociability_shape, "sociability.shape", 0.5, 0.01, 100, "", "A", "", "sociability ~ 2 Gamma(shape)") \
    X(privacy_share, "privacy.share", 0.5, 0, 1, "share", "L", "Acquisti, John & Loewenstein 2013: two-peaked", "share of customers with a low privacy cost") \
    X(privacy_a, "privacy.a", 1.5, 0.01, 100, "", "A", "", "privacy cost v ~ Beta(a, b), for the others Beta(b, a)") \
    X(privacy_b, "privacy.b", 6, 0.01, 100, "", "A", "", "privacy cost v ~ Beta(a, b), for the others Beta(b, a)") \
    X(segment_share, "segment.share", 0, 0, 1, "share", "A", "", "share of a second segment of customers; 0 is one population") \
    X(segment_rate, "segment.rate", 1, 0.01, 100, "", "A", "", "factor on the second segment's need rates") \
    X(segment_price, "segment.price", 1, 0.01, 100, "", "A", "", "factor on its price sensitivity") \
    X(segment_inertia, "segment.inertia", 0, -10, 10, "", "A", "", "shift of its inertia") \
    X(segment_loyalty, "segment.loyalty", 0, -10, 10, "logit", "A", "", "shift of its loyalty") \
    X(expectation_start, "expectation.start", 0.3, -2, 2, "", "A", "", "expectation at birth") \
    X(expectation_rate, "expectation.rate", 0.20, 0, 1, "an order", "L", "Oliver 1980", "how fast the expectation follows") \
    X(satisfaction_rate, "satisfaction.rate", 0.30, 0, 1, "an order", "L", "Oliver 1980", "how fast satisfaction follows disconfirmation") \
    X(satisfaction_loss, "satisfaction.loss", 2, 0, 10, "", "L", "loss aversion: Kahneman & Tversky 1979", "weight of a disappointment") \
    X(trust_start, "trust.start", 0.5, 0, 1, "", "A", "", "trust at birth")                        \
    X(trust_rate, "trust.rate", 0.15, 0, 1, "an order", "A", "", "how fast trust follows kept promises") \
    X(trust_tolerance, "trust.tolerance", 0.2, 0, 5, "", "A", "", "disconfirmation that still counts as kept") \
    X(habit_keep, "habit.keep", 0.98, 0, 1, "a week", "A", "", "decay factor of habit")            \
    X(habit_gain, "habit.gain", 0.15, 0, 1, "an order", "A", "", "habit gained by an order")       \
    X(habit_visit, "habit.visit", 0.5, 0, 10, "logit", "A", "", "effect of habit on visiting")     \
    X(fatigue_keep, "fatigue.keep", 0.75, 0, 1, "a week", "L", "rebounding bandits: Leqi et al. 2021", "decay factor of fatigue") \
    X(fatigue_threshold, "fatigue.threshold", 2, 0, 100, "", "A", "", "fatigue above it drives customers away") \
    X(fatigue_email, "fatigue.email", 1, 0, 10, "", "A", "", "weight of an e-mail")                \
    X(fatigue_message, "fatigue.message", 1.3, 0, 10, "", "A", "", "weight of a message")          \
    X(fatigue_call, "fatigue.call", 2, 0, 10, "", "A", "", "weight of a call")                     \
    X(fatigue_coach, "fatigue.coach", 1.3, 0, 10, "", "A", "", "weight of a coaching contact")     \
    X(fatigue_ask, "fatigue.ask_consent", 0.5, 0, 10, "", "A", "", "weight of asking for consent") \
    X(fatigue_survey, "fatigue.survey", 1, 0, 10, "", "A", "", "weight of a survey") \
    X(fatigue_wanted, "fatigue.wanted", 0.3, 0, 1, "", "A", "", "factor where the contact was opened and needed") \
    X(fatigue_open, "fatigue.open", 0.25, 0, 10, "logit", "A", "", "effect on opening, per unit of fatigue") \
    X(fatigue_churn, "fatigue.churn", 0.5, 0, 10, "log", "A", "", "effect of fatigue above the threshold on weekly churn") \
    X(fatigue_purchase_churn, "fatigue.purchase_churn", 0.15, 0, 10, "logit", "A", "", "its effect on churn at a purchase") \
    X(open_email, "open.email", -1.15, -10, 10, "logit", "A", "", "opening an e-mail")             \
    X(open_message, "open.message", -0.6, -10, 10, "logit", "A", "", "opening a message")          \
    X(open_call, "open.call", 0.2, -10, 10, "logit", "A", "", "answering a call")                  \
    X(open_trust, "open.trust", 0.8, 0, 10, "logit", "A", "", "effect of trust above one half")    \
    X(open_need, "open.need", 0.3, 0, 10, "logit", "A", "", "effect of an open need")              \
    X(open_reactance, "open.reactance", 0.3, 0, 10, "logit", "A", "", "effect of reactance, times agency") \
    X(reactance_weeks, "reactance.weeks", 4, 0, 520, "weeks", "A", "Brehm 1966", "how long reactance lasts; 0 switches it off") \
    X(reactance_trust, "reactance.trust", 0.02, 0, 1, "", "A", "", "trust lost by coaching without a need, times agency squared") \
    X(consent_base, "consent.base", 0.5, -50, 50, "logit", "A", "", "consenting when asked") \
    X(consent_trust, "consent.trust", 2, 0, 20, "logit", "A", "", "effect of trust above one half") \
    X(consent_knowledge, "consent.knowledge", 1, 0, 20, "logit", "A", "", "effect of what the firm knows of her") \
    X(consent_privacy, "consent.privacy", 2.5, 0, 20, "logit", "L", "Acquisti, John & Loewenstein 2013", "effect of her privacy cost") \
    X(enroll_base, "enroll.base", 1, -50, 50, "logit", "A", "", "enrolling in automatic execution with the consent") \
    X(enroll_trust, "enroll.trust", 2, 0, 20, "logit", "A", "", "effect of trust above one half") \
    X(enroll_agency, "enroll.agency", 3, 0, 20, "logit", "A", "", "effect of agency") \
    X(auto_base, "auto_order.base", 2.2, -50, 50, "logit", "A", "", "keeping an automatic order, beside its utility") \
    X(auto_agency, "auto_order.agency", 3, 0, 20, "logit", "A", "", "effect of agency on keeping it") \
    X(auto_pleasure, "auto_order.pleasure", 0.35, 0, 5, "", "A", "", "what a kept one adds to the experience, times 1 - 2 g") \
    X(auto_pause, "auto_order.pause", 8, 0, 520, "weeks", "A", "", "weeks without automatic orders after one that was refused or not needed") \
    X(refused_satisfaction, "auto_order.refused_satisfaction", 0.1, 0, 4, "", "A", "", "satisfaction lost by a refused one") \
    X(refused_satisfaction_agency, "auto_order.refused_satisfaction_agency", 0.15, 0, 4, "", "A", "", "the same, per unit of agency") \
    X(refused_trust, "auto_order.refused_trust", 0.05, 0, 1, "", "A", "", "trust lost by a refused one, times 1 + g") \
    X(incident_satisfaction, "incident.satisfaction", 0.2, 0, 4, "", "A", "", "satisfaction lost by an automatic order that nobody needed") \
    X(incident_satisfaction_agency, "incident.satisfaction_agency", 0.3, 0, 4, "", "A", "", "the same, per unit of agency") \
    X(incident_trust, "incident.trust", 0.06, 0, 1, "", "A", "", "trust lost by it") \
    X(incident_trust_agency, "incident.trust_agency", 0.2, 0, 1, "", "A", "", "the same, per unit of agency") \
    X(incident_goods, "incident.goods", 0, 0, 1, "share", "A", "", "share of the goods that are lost with it") \
    X(survey_base, "survey.base", 0.2, -50, 50, "logit", "A", "", "answering a survey") \
    X(survey_fatigue, "survey.fatigue", 0.5, 0, 20, "logit", "A", "", "effect of fatigue on answering") \
    X(survey_again, "survey.again", 0.8, 0, 20, "logit", "A", "", "effect of every survey of the last weeks") \
    X(survey_weeks, "survey.weeks", 26, 1, 32, "weeks", "A", "", "how many weeks") \
    X(survey_knowledge, "survey.knowledge", 0.15, 0, 1, "", "A", "", "share of what is unknown that an answer tells, over 1 + surveys") \
    X(survey_noise, "survey.noise", 0.5, 0, 10, "", "A", "", "noise of the satisfaction that an answer shows") \
    X(survey_keep, "survey.keep", 0.97, 0, 1, "a week", "A", "", "decay factor of the answer that policies see") \
    X(optout_rate, "optout.rate", 0.0012, 0, 1, "a contact", "A", "", "probability that a contact closes its channel for good") \
    X(optout_fatigue, "optout.fatigue", 0.4, 0, 10, "log", "A", "", "effect of fatigue on it")     \
    X(aware_self, "aware.self", 0.10, 0, 1, "a week", "A", "", "probability of noticing a need without a contact") \
    X(aware_email, "aware.email", 0.75, 0, 1, "", "A", "", "awareness by an opened e-mail")        \
    X(aware_message, "aware.message", 0.80, 0, 1, "", "A", "", "awareness by an opened message")   \
    X(aware_call, "aware.call", 0.90, 0, 1, "", "A", "", "awareness by an answered call")          \
    X(aware_coach, "aware.coach", 0.90, 0, 1, "", "A", "", "awareness by an opened coaching contact") \
    X(visit_base, "visit.base", 1.2, -10, 20, "logit", "A", "", "an aware customer visits")        \
    X(visit_coach, "visit.coach", 0.8, 0, 10, "logit", "A", "", "effect of coaching, times inertia / 0.6") \
    X(infeasible_probability, "infeasible.probability", 0.03, 0, 1, "a request", "A", "", "requests that cannot be met as usual") \
    X(infeasible_cost, "infeasible.cost", 2, 0, 100, "margins", "A", "", "extra cost of meeting one all the same") \
    X(refuse_trust, "refuse.trust", 0.02, 0, 1, "", "A", "", "trust lost by refusing a request") \
    X(knowledge_population, "knowledge.population", 0.2, 0, 1, "", "A", "", "what the firm knows of tastes at the start, K_pop") \
    X(knowledge_keep, "knowledge.keep", 0.99, 0, 1, "a week", "A", "", "decay factor of what is known of a customer beyond K_pop") \
    X(knowledge_purchase, "knowledge.purchase", 0.06, 0, 1, "a purchase", "A", "", "share of what is unknown that a purchase tells") \
    X(knowledge_open, "knowledge.open", 0.005, 0, 1, "an open", "A", "", "share that an open tells") \
    X(knowledge_consent, "knowledge.consent", 0.01, 0, 1, "a week", "A", "", "share that consent tells") \
    X(knowledge_population_keep, "knowledge.population_keep", 0.996, 0, 1, "", "A", "", "factor on 1 - K_pop per population_share of the initial customers buying") \
    X(knowledge_population_share, "knowledge.population_share", 0.05, 0.0001, 100, "share", "A", "", "purchases of that factor, per initial customer") \
    X(view_lost, "view.lost", 0, 0, 1, "", "A", "", "probability that the record of an order is lost: nobody sees it or learns from it") \
    X(fit_sd, "fit.sd", 0.9, 0, 5, "utility", "A", "", "perceived-fit noise where nothing is known") \
    X(fit_reviews, "fit.reviews", 0.5, 0, 1, "", "A", "", "share of its variance that full knowledge removes") \
    X(utility_base, "utility.base", 0.3, -20, 20, "utility", "A", "", "constant against the outside option") \
    X(utility_distance, "utility.distance", 0.7, 0, 20, "utility", "A", "", "weight of the squared distance to what is wanted") \
    X(utility_trust, "utility.trust", 0.6, 0, 20, "utility", "A", "", "weight of trust above one half") \
    X(utility_overload, "utility.overload", 1.0, 0, 20, "utility", "L", "contested: Scheibehenne et al. 2010; Chernev et al. 2015", "choice overload per log number shown, times 1 - certainty") \
    X(utility_agency, "utility.agency", 0.5, 0, 20, "utility", "A", "", "loss by a shortlist, times agency and certainty") \
    X(utility_missing, "utility.missing", 0.5, 0, 20, "utility", "A", "", "loss where the best is not shown, times certainty") \
    X(utility_discount, "utility.discount", 0.8, 0, 20, "utility", "A", "", "pull of a shown discount") \
    X(utility_outside, "utility.outside", 0, -20, 20, "utility", "A", "", "utility of the outside option: rivals") \
    X(upsell_size, "upsell.size", 0.35, 0, 10, "orders", "A", "", "size of the second basket line") \
    X(upsell_base, "upsell.base", -1.4, -50, 50, "logit", "A", "", "accepting an upsell") \
    X(upsell_personal, "upsell.personal", 1.2, 0, 20, "logit", "A", "", "effect of knowledge on accepting a personal one") \
    X(upsell_need, "upsell.need", 1, 0, 20, "logit", "A", "", "effect of an open need in the complement's category") \
    X(upsell_fatigue, "upsell.fatigue", 0.3, 0, 20, "logit", "A", "", "effect of fatigue on accepting") \
    X(upsell_trust, "upsell.trust", 0.03, 0, 1, "", "A", "", "trust lost by a refused one") \
    X(ranker_price, "ranker.price", 5, 0, 100, "", "A", "", "price weight of the firm's ranking")  \
    X(guarantee_risk, "guarantee.risk", 0.3, 0, 1, "", "A", "", "factor on risk aversion by a 30-day guarantee") \
    X(guarantee100_risk, "guarantee.risk100", 0.1, 0, 1, "", "A", "", "the same by a 100-day guarantee") \
    X(checkout_base, "checkout.base", 2.2, -10, 20, "logit", "A", "", "completing a checkout of one step") \
    X(checkout_step, "checkout.step", 0.3, 0, 10, "logit", "A", "", "loss per further step")       \
    X(one_click_trust, "one_click.trust", 0.4, 0, 1, "", "A", "", "trust at or below which one-click is declined") \
    X(quality_base, "quality.base", 0.9, -5, 5, "", "A", "", "experience of an average order")     \
    X(quality_product, "quality.product", 0.5, 0, 5, "", "A", "", "effect of the product's quality") \
    X(quality_distance, "quality.distance", 0.42, 0, 5, "", "A", "", "effect of the squared distance to what was wanted") \
    X(quality_noise, "quality.noise", 0.5, 0, 5, "", "A", "", "spread of an order's experience")   \
    X(service_express, "service.express", 0.15, -5, 5, "", "A", "", "effect of express delivery on the experience") \
    X(service_white_glove, "service.white_glove", 0.35, -5, 5, "", "A", "", "effect of white-glove service") \
    X(service_substitute, "service.substitute", -0.5, -5, 5, "", "A", "", "effect of a substitute") \
    X(late_probability, "late.probability", 0.03, 0, 1, "an order", "A", "", "orders late or wrong") \
    X(late_loss, "late.loss", 1, 0, 10, "", "A", "", "effect of that on the experience")           \
    X(return_base, "return.base", -2.9, -50, 10, "logit", "A", "", "returning an order of quality 0.4; -50 switches returns off") \
    X(return_quality, "return.quality", 1.3, 0, 10, "logit", "A", "", "effect of quality on it")   \
    X(return_guarantee, "return.guarantee", 0.20, 0, 10, "logit", "A", "", "effect of 30 days of guarantee") \
    X(return_one_click, "return.one_click", 0.15, 0, 10, "logit", "A", "", "effect of one-click")  \
    X(return_fit, "return.fit", 0.8, 0, 10, "logit", "A", "", "effect of having overrated the fit") \
    X(return_weeks, "return.weeks", 4, 1, 52, "weeks", "A", "", "length of the return window")     \
    X(return_weeks100, "return.weeks100", 14, 1, 104, "weeks", "A", "", "length of the return window under a 100-day guarantee") \
    X(return_satisfaction, "return.satisfaction", 0.1, 0, 4, "", "A", "", "satisfaction lost by a return") \
    X(churn_purchase, "churn.purchase", -2.9, -50, 10, "logit", "A", "", "dropping out at a purchase; -50 switches it off") \
    X(churn_satisfaction, "churn.satisfaction", 1.2, 0, 10, "logit", "A", "", "effect of satisfaction on it") \
    X(churn_trust, "churn.trust", 2, 0, 10, "logit", "A", "", "effect of trust above one half on it") \
    X(churn_weekly, "churn.weekly", 0.002, 0, 1, "a week", "A", "", "dropping out in a week")      \
    X(churn_loyalty, "churn.loyalty", 0.5, 0, 10, "log", "A", "", "effect of loyalty on weekly churn") \
    X(churn_a, "churn.a", 0.793, 0.0001, 1e6, "", "L", "Fader, Hardie & Lee 2005: CDNOW", "family beta: probability at a purchase ~ Beta(a, b)") \
    X(churn_b, "churn.b", 2.426, 0.0001, 1e6, "", "L", "Fader, Hardie & Lee 2005: CDNOW", "family beta: probability at a purchase ~ Beta(a, b)") \
    X(churn_shift, "churn.shift", 0, -20, 20, "logit", "A", "", "family beta: shift of that probability; fitted worlds calibrate it") \
    X(thank_you_habit, "thank_you.habit", 0.03, 0, 1, "", "A", "", "habit gained by a thank-you")  \
    X(thank_you_fatigue, "thank_you.fatigue", 0.3, 0, 10, "", "A", "", "fatigue added by it")      \
    X(reward_satisfaction, "reward.satisfaction", 0.15, 0, 4, "", "A", "", "satisfaction gained by a reward") \
    X(reward_trust, "reward.trust", 0.03, 0, 1, "", "A", "", "trust gained by it")                 \
    X(win_back_discount, "win_back.discount", 0.20, 0, 0.9, "", "A", "", "discount of a win-back")  \
    X(win_back_weeks, "win_back.weeks", 4, 1, 52, "weeks", "A", "", "how long it is valid")        \
    X(win_back_visit, "win_back.visit", 0.8, 0, 10, "logit", "A", "", "its effect on visiting, times 1 - habit") \
    X(referral_base, "referral.base", 0.02, 0, 1, "a purchase", "A", "", "chance of a referral, times sociability") \
    X(referral_satisfaction, "referral.satisfaction", 0.15, 0, 10, "a purchase", "A", "", "the same per squared satisfaction") \
    X(referral_ask, "referral.ask", 2, 0, 10, "", "A", "", "factor on the chance where she is asked") \
    X(referral_ask_fatigue, "referral.ask_fatigue", 0.5, 0, 10, "", "A", "", "fatigue added by asking") \
    X(referral_ask_trust, "referral.ask_trust", 0.02, 0, 1, "", "A", "", "trust lost by asking") \
    X(referral_paid, "referral.paid", 0.1, 0, 10, "", "A", "", "chance added by a payment, per unit of satisfaction") \
    X(referral_taste, "referral.taste", 0.5, 0, 1, "", "L", "Schmitt, Skiera & Van den Bulte 2011", "correlation of the child's taste with the parent's") \
    X(referral_loyalty, "referral.loyalty", 0.2, -5, 5, "logit", "L", "Schmitt, Skiera & Van den Bulte 2011", "what a referral adds to the child's loyalty") \
    X(referral_basket, "referral.basket", 0.15, 0, 5, "share", "L", "Schmitt, Skiera & Van den Bulte 2011", "what it adds to the child's basket at first") \
    X(referral_weeks, "referral.weeks", 156, 1, 10000, "weeks", "L", "Schmitt, Skiera & Van den Bulte 2011", "how long that takes to fade") \
    X(adjacent_base, "adjacent.base", -1, -50, 50, "logit", "A", "", "accepting a service in a closed category") \
    X(adjacent_satisfaction, "adjacent.satisfaction", 1, 0, 20, "logit", "A", "", "effect of satisfaction") \
    X(adjacent_trust, "adjacent.trust", 2, 0, 20, "logit", "A", "", "effect of trust above one half") \
    X(adjacent_knowledge, "adjacent.knowledge", 1.2, 0, 20, "logit", "A", "", "effect of knowledge") \
    X(adjacent_refused, "adjacent.refused", 0.03, 0, 1, "", "A", "", "trust lost where it is refused") \
    X(dormant_weeks, "dormant.weeks", 26, 1, 1000, "weeks", "A", "", "weeks without purchase that make a customer dormant") \
    X(hygiene_weeks, "hygiene.weeks", 104, 1, 10000, "weeks", "A", "", "silence after which a customer leaves the books") \
    X(quality_sd, "catalogue.quality_sd", 0.3, 0, 3, "", "A", "", "spread of product quality q")   \
    X(price_sd, "catalogue.price_sd", 0.15, 0, 2, "log", "A", "", "spread of product prices")      \
    X(price_quality, "catalogue.price_quality", 0.2, 0, 2, "log", "A", "", "effect of quality on price") \
    X(price_level, "catalogue.price_level", 1, 0.1, 10, "", "A", "", "factor on every price: demand's elasticity is read off it") \
    X(margin_sd, "catalogue.margin_sd", 0.1, 0, 0.3, "", "A", "", "spread of product margins")     \
    X(money_price, "money.price", 40, 0.01, 1e6, "money", "A", "", "mean price of an order")       \
    X(money_margin, "money.margin", 0.55, 0, 1, "share", "A", "", "mean margin")                   \
    X(cost_email, "cost.email", 0.01, 0, 1e4, "money", "A", "", "cost of an e-mail")               \
    X(cost_message, "cost.message", 0.05, 0, 1e4, "money", "A", "", "cost of a message")           \
    X(cost_call, "cost.call", 4, 0, 1e4, "money", "A", "", "cost of a call")                       \
    X(cost_coach, "cost.coach", 0.05, 0, 1e4, "money", "A", "", "cost of coaching, beside its channel") \
    X(cost_delivery, "cost.delivery", 3, 0, 1e4, "money", "A", "", "cost of a delivery")           \
    X(cost_express, "cost.express", 1, 0, 1e4, "money", "A", "", "extra cost of express")          \
    X(cost_white_glove, "cost.white_glove", 2.5, 0, 10000.0, "money", "A", "", "extra cost of white-glove service") \
    X(cost_try_on, "cost.try_on", 8, 0, 10000.0, "money", "A", "", "cost of a try-on, in place of the delivery") \
    X(cost_return, "cost.return", 8, 0, 1e4, "money", "A", "", "cost of a return")                 \
    X(cost_reward, "cost.reward", 2, 0, 1e4, "money", "A", "", "cost of a reward")                 \
    X(cost_thank_you, "cost.thank_you", 0.01, 0, 1e4, "money", "A", "", "cost of a thank-you")     \
    X(cost_win_back, "cost.win_back", 0.01, 0, 1e4, "money", "A", "", "cost of sending a win-back") \
    X(cost_ask_consent, "cost.ask_consent", 0.01, 0, 10000.0, "money", "A", "", "cost of asking for consent") \
    X(cost_survey, "cost.survey", 0.2, 0, 10000.0, "money", "A", "", "cost of a survey") \
    X(cost_referral, "cost.referral", 10, 0, 10000.0, "money", "A", "", "payment for a paid referral that succeeds") \
    X(cost_adjacent, "cost.adjacent", 0.01, 0, 10000.0, "money", "A", "", "cost of proposing a service") \
    X(cost_incident, "cost.incident", 10, 0, 10000.0, "money", "A", "", "cost of an automatic order that nobody needed, beside its delivery") \
    X(cost_acquisition, "cost.acquisition", 19, 0, 1e5, "money", "A", "", "cost of an organic or paid birth") \
    X(births_organic, "births.organic", 0.003, 0, 1, "a week", "A", "", "organic arrivals per initial customer") \
    X(births_paid, "births.paid", 0, 0, 1, "a week", "A", "", "paid arrivals per initial customer") \
    X(births_bad_word, "births.bad_word", 0.2, 0, 10, "", "A", "", "bad word of mouth per sociability and squared dissatisfaction") \
    X(consent_at_birth, "consent.at_birth", 0, 0, 1, "", "A", "", "share of customers who consent at birth") \
    X(enrolled_at_birth, "enrolled.at_birth", 0, 0, 1, "", "A", "", "share of those who consent at birth that is enrolled in automatic execution too") \
    X(platform_share, "platform.share", 0, 0, 1, "share", "A", "", "share of customers who come through a platform: no contact, no learning") \
    X(platform_commission, "platform.commission", 0.15, 0, 1, "share", "A", "", "what the platform keeps of their payments") \
    X(contract_weeks, "contract.weeks", 0, 0, 520, "weeks", "A", "", "length of a contract that renews itself until she leaves; 0 for none") \
    X(contract_fee, "contract.fee", 0, 0, 1000000.0, "money", "A", "", "margin of one contract, paid at its start") \
    X(market_pull, "market.pull", 0.5, 0, 20, "logit", "A", "", "several firms: effect of satisfaction, and of trust twice, on which firm is visited") \
    X(market_stranger, "market.stranger", 1, 0, 50, "logit", "A", "", "several firms: loss of one that she never bought from") \
    X(market_word, "market.word", 1, 0, 5, "", "A", "", "several firms: arrivals go to a firm in proportion to its customers to this power") \
    X(carry_satisfaction, "carry_over.satisfaction", 1, 0, 2, "", "A", "", "strength of what satisfaction does") \
    X(carry_trust, "carry_over.trust", 1, 0, 2, "", "A", "", "strength of what trust does") \
    X(carry_fatigue, "carry_over.fatigue", 1, 0, 2, "", "A", "", "strength of what fatigue does") \
    X(carry_habit, "carry_over.habit", 1, 0, 2, "", "A", "", "strength of what habit does") \
    X(carry_knowledge, "carry_over.knowledge", 1, 0, 2, "", "A", "", "strength of what is learned") \
    X(surplus_return, "surplus.return", 0.1, 0, 10, "prices", "A", "", "customer surplus lost by a return") \
    X(surplus_fatigue, "surplus.fatigue", 0.05, 0, 10, "money", "A", "", "customer surplus lost a week per unit of fatigue") \
    X(budget_contact, "budget.contact", -1, -1, 1000000.0, "money", "", "", "what contacts may cost a period per initial customer; -1 for no limit") \
    X(capacity_contacts, "capacity.contacts", 1, 0, 1, "share", "", "", "initial customers that can be contacted a period; 1 for no limit") \
    X(capacity_calls, "capacity.calls", 1, 0, 1, "share", "", "", "initial customers that can be called a period; 1 for no limit") \
    X(guardrail_detector, "guardrail.call_detector", -50, -50, 50, "score", "", "", "calls are allowed from this detector score on; -50 allows all, 50 none") \
    X(guardrail_spend, "guardrail.call_spend", 0, 0, 1e6, "money", "", "", "and from this mean order on") \
    X(tail_limit, "tail_limit", 0.01, 0, 1, "", "", "", "the tail ends where discounted survival falls below it") \
    X(p_alive_r, "p_alive.r", 0.9341, 0.0001, 1e4, "", "A", "BG/NBD fitted to 156 weeks of 20,000 customers under monthly", "constant of the P(alive) feature") \
    X(p_alive_alpha, "p_alive.alpha", 37.01, 0.0001, 1e5, "weeks", "A", "BG/NBD fitted to 156 weeks of 20,000 customers under monthly", "constant of the P(alive) feature") \
    X(p_alive_a, "p_alive.a", 1.213, 0.0001, 1e4, "", "A", "BG/NBD fitted to 156 weeks of 20,000 customers under monthly", "constant of the P(alive) feature") \
    X(p_alive_b, "p_alive.b", 7.950, 0.0001, 1e4, "", "A", "BG/NBD fitted to 156 weeks of 20,000 customers under monthly", "constant of the P(alive) feature")

/* field, key, default, low, high, unit, mark, source, help */
#define NB_JOURNEY_INTS(X)                                                                         \
    X(categories, "categories", 1, 1, 4, "", "A", "", "categories of products, each with needs of its own")  \
    X(firms, "firms", 1, 1, 4, "", "", "", "firms that compete for the same customers; the points of the second are called recognize_2, ...") \
    X(checkout_steps, "checkout.steps", 3, 1, 20, "", "A", "", "steps of a checkout")              \
    X(dormant_every, "dormant.every", 4, 1, 1000, "periods", "A", "", "periods between two decisions on a dormant customer") \
    X(catalogue_products, "catalogue.products", 24, 1, 64, "", "A", "", "products of the category") \
    X(catalogue_seed, "catalogue.seed", 777, 0, 2147483647, "", "", "", "seed of the catalogue, the same in all replications") \
    X(tail_max, "tail_max", 364, 0, 100000, "weeks", "", "", "longest tail")                       \
    X(burn_in_periods, "burn_in.periods", 0, 0, 10000, "periods", "", "", "periods before the start, played by `monthly`; 0 is a cold start")

/* field, key, default, help */
#define NB_JOURNEY_BOOLS(X)                                                                        \
    X(need_queue, "need.queue", 0, "keep all needs instead of renewing the open one")              \
    X(auto_offered, "auto_order.offered", 1, "automatic orders can be played")                      \
    X(try_on_offered, "try_on.offered", 0, "products can be sent to be tried on")                   \
    X(adjacent_offered, "adjacent.offered", 1, "services in closed categories can be proposed")     \
    X(churn_observed, "churn.observed", 0, "who leaves says so")                                    \
    X(state_visible, "state.visible", 0, "policies see whether a customer has begun a journey that is still open") \
    X(spend_varies, "spend.varies", 1, "baskets differ by customer and order; off: every basket is 1")

/* field, key, default index, choices, help */
#define NB_JOURNEY_CHOICES(X)                                                                      \
    X(journey, "journey", 0, "full|transparent", "transparent: every need is bought in its period") \
    X(churn_family, "churn.family", 0, "logistic|beta", "churn at a purchase: by state, or around a Beta(a, b) of the customer") \
    X(need_conversion, "need.conversion", 0, "none|never|monthly", "divide each need rate by the customer's conversion under this status quo, so that rates are rates of purchase") \
    X(learning, "learning", 3, "none|individual|population|both", "what the firm learns of tastes: of each customer, of all of them") \
    X(view, "view.kind", 0, "single|silos", "silos: whoever contacts her sees e-mail only, not what the shop knows") \
    X(warm_start, "warm_start", 0, "none|log", "log: learners are given the transitions of the burn-in")
/* clang-format on */

enum { JOURNEY_FULL, JOURNEY_TRANSPARENT };
enum { CHURN_LOGISTIC, CHURN_BETA };
enum { LEARN_NONE, LEARN_INDIVIDUAL, LEARN_POPULATION, LEARN_BOTH };
enum { VIEW_SINGLE, VIEW_SILOS };
enum { CONVERSION_NONE, CONVERSION_NEVER, CONVERSION_MONTHLY };

typedef struct {
#define NB_FIELD(field, ...) double field;
    NB_JOURNEY_REALS(NB_FIELD)
#undef NB_FIELD
#define NB_FIELD(field, ...) int field;
    NB_JOURNEY_INTS(NB_FIELD)
    NB_JOURNEY_BOOLS(NB_FIELD)
    NB_JOURNEY_CHOICES(NB_FIELD)
#undef NB_FIELD
} nb_journey_settings_t;

/** The table, ended by a NULL key. */
extern const nb_setting_t nb_journey_settings[];

#endif
