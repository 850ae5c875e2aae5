#include "policies/quantity.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/config.h"

enum { NAME_SIZE = 80 };

static int find_feature(const nb_point_t *point, const char *name)
{
    for (unsigned j = 0; j < point->d; j++) {
        if (strcmp(point->features[j], name) == 0) {
            return (int)j;
        }
    }
    return -1;
}

/* the name as such goes before its logarithm */
static nb_quantity_t find_at(const nb_point_t *point, const char *name, const char *log_name)
{
    nb_quantity_t out = {.column = -1, .scale = 1.0f};
    int plain = find_feature(point, name);
    int column = plain >= 0 ? plain : find_feature(point, log_name);

    if (column >= 0 && point->feature_center && point->feature_scale) {
        out.column = column;
        out.is_log = plain < 0;
        out.center = point->feature_center[column];
        out.scale = point->feature_scale[column];
    }
    return out;
}

/* a feature of a near name, NULL where there is none */
static const char *find_near(const nb_spec_t *spec, const char *name, const char *log_name)
{
    const char *near = NULL;

    for (unsigned p = 0; p < spec->n_points && !near; p++) {
        const nb_point_t *point = spec->points + p;

        if (point->d) {
            near = nb_nearest(name, point->features, point->d);
            near = near ? near : nb_nearest(log_name, point->features, point->d);
        }
    }
    return near;
}

int nb_quantity_find(nb_quantity_t *out, const nb_spec_t *spec, const char *policy, const char *key,
                     const char *name)
{
    char log_name[NAME_SIZE];
    int served = 0;

    snprintf(log_name, sizeof log_name, "log_%s", name);
    for (unsigned p = 0; p < spec->n_points; p++) {
        out[p] = find_at(spec->points + p, name, log_name);
        served |= out[p].column >= 0;
    }
    if (!served) {
        const char *near = find_near(spec, name, log_name);

        NB_FAIL(NB_ERR_CONFIG,
                "%s: no decision point here tells feature '%s' or '%s' in raw units%s%s%s; "
                "`%s` names another one",
                policy, name, log_name, near ? ", did you mean '" : "", near ? near : "",
                near ? "'" : "", key);
    }
    return NB_OK;
}

double nb_quantity_read(const nb_quantity_t *self, const float *x)
{
    double raw = (double)x[self->column] * (double)self->scale + (double)self->center;

    return self->is_log ? expm1(raw) : raw;
}

float nb_quantity_write(const nb_quantity_t *self, double raw)
{
    double told = self->is_log ? log1p(raw) : raw;

    return ((float)told - self->center) / self->scale;
}
