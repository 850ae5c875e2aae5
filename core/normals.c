#include "core/normals.h"

#include <math.h>
#include <string.h>

#include "core/kernel.h"

/* natural logarithm of a positive normal float, after Cephes logf: x = 2^e (1 + f) */
static inline float log_of(float x)
{
    uint32_t bits;
    float m;

    memcpy(&bits, &x, sizeof bits);
    /* 0x3f3504f3 is sqrt(1/2): 1 + f lies between it and its double */
    int32_t e = (int32_t)(bits - 0x3f3504f3u) >> 23;

    bits -= (uint32_t)e << 23;
    memcpy(&m, &bits, sizeof m);
    float f = m - 1.0f, z = f * f, exponent = (float)e, y = 7.0376836292e-2f;

    y = y * f - 1.1514610310e-1f;
    y = y * f + 1.1676998740e-1f;
    y = y * f - 1.2420140846e-1f;
    y = y * f + 1.4249322787e-1f;
    y = y * f - 1.6668057665e-1f;
    y = y * f + 2.0000714765e-1f;
    y = y * f - 2.4999993993e-1f;
    y = y * f + 3.3333331174e-1f;
    y = y * f * z - 2.12194440e-4f * exponent - 0.5f * z;
    return f + y + 0.693359375f * exponent;
}

/* Giles (2010), table 5: central part, w < 5 */
static inline float center(float w)
{
    float p = 2.81022636e-08f;

    w -= 2.5f;
    p = p * w + 3.43273939e-07f;
    p = p * w - 3.5233877e-06f;
    p = p * w - 4.39150654e-06f;
    p = p * w + 0.00021858087f;
    p = p * w - 0.00125372503f;
    p = p * w - 0.00417768164f;
    p = p * w + 0.246640727f;
    return p * w + 1.50140941f;
}

/* the same, tails */
static inline float tail(float w)
{
    float p = -0.000200214257f;

    w = sqrtf(w) - 3.0f;
    p = p * w + 0.000100950558f;
    p = p * w + 0.00134934322f;
    p = p * w - 0.00367342844f;
    p = p * w + 0.00573950773f;
    p = p * w - 0.0076224613f;
    p = p * w + 0.00943887047f;
    p = p * w + 1.00167406f;
    return p * w + 2.83297682f;
}

NB_KERNEL void nb_normals(const uint32_t *restrict words, size_t n, float *restrict out)
{
    for (size_t i = 0; i < n; i++) {
        /* two-sided tail probability p in (0, 1]; z = sqrt(2) erfinv(1 - p) */
        float p = ((float)(int32_t)(words[i] & 0x7fffffffu) + 0.5f) * 0x1p-31f;
        float w = -log_of(p * (2.0f - p));
        float inverse = w < 5.0f ? center(w) : tail(w);
        float z = 1.41421356f * inverse * (1.0f - p);

        out[i] = words[i] >> 31 ? -z : z;
    }
}

NB_KERNEL void nb_gumbels(const uint32_t *restrict words, size_t n, float *restrict out)
{
    for (size_t i = 0; i < n; i++) {
        float u = ((float)(int32_t)(words[i] >> 8) + 0.5f) * 0x1p-24f;

        out[i] = -log_of(-log_of(u));
    }
}
