/* Confidence ellipsoids of the policy oful, for whoever wants to see them. */
#ifndef NB_POLICIES_OFUL_H
#define NB_POLICIES_OFUL_H

/** Radius of an action's ellipsoid as of the last end of a period, in the norm of its V.
 * @param state of policy oful */
double nb_oful_radius(const void *state, unsigned point, unsigned action);

#endif
