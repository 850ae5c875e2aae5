#include <hdf5.h>
#include <string.h>

#include "core/memory.h"
#include "core/store_file.h"
#include "core/store_h5.h"

/*
 * H5Fget_file_image before HDF5 2.0 clears a flag of the superblock and leaves its checksum as it
 * was, so that no reader accepts the image (HDFGroup/hdf5 issue 1915). The checksum is Jenkins'
 * lookup3, hashlittle with initial value 0 (HDF5 File Format Specification 3.0, II.A and V; public
 * domain code at burtleburtle.net/bob/c/lookup3.c); here only for the 44 bytes it covers.
 */
enum { SUPERBLOCK_BYTES = 44, VERSION_AT = 8, OFFSET_SIZE_AT = 9, STEP = 12 };

static uint32_t rotate(uint32_t x, unsigned k)
{
    return x << k | x >> (32 - k);
}

static uint32_t load32(const unsigned char *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* lookup3 mix(), written as its six equal steps */
static void mix(uint32_t v[3])
{
    static const unsigned turns[6] = {4, 6, 8, 16, 19, 4};

    for (int i = 0; i < 6; i++) {
        uint32_t *a = &v[i % 3], *b = &v[(i + 1) % 3], *c = &v[(i + 2) % 3];

        *a = (*a - *c) ^ rotate(*c, turns[i]);
        *c += *b;
    }
}

/* lookup3 final() */
static uint32_t finish(uint32_t v[3])
{
    static const unsigned turns[7] = {14, 11, 25, 16, 4, 14, 24};

    for (int i = 0; i < 7; i++) {
        uint32_t *to = &v[(i + 2) % 3], from = v[(i + 1) % 3];

        *to = (*to ^ from) - rotate(from, turns[i]);
    }
    return v[2];
}

static uint32_t hash_superblock(const unsigned char *bytes)
{
    uint32_t start = 0xdeadbeefu + SUPERBLOCK_BYTES;
    uint32_t v[3] = {start, start, start};
    int at = 0;

    for (; at + STEP < SUPERBLOCK_BYTES; at += STEP) {
        for (int i = 0; i < 3; i++) {
            v[i] += load32(bytes + at + 4 * i);
        }
        mix(v);
    }
    v[0] += load32(bytes + at);
    v[1] += load32(bytes + at + 4);
    return finish(v);
}

static void repair_superblock(char *image)
{
    unsigned char *bytes = (unsigned char *)image;
    uint32_t sum;

    /* V18 files have superblock 2 (or 3) with offsets of 8 bytes; nothing else is made here */
    NB_ASSERT((bytes[VERSION_AT] == 2 || bytes[VERSION_AT] == 3) && bytes[OFFSET_SIZE_AT] == 8);
    sum = hash_superblock(bytes);
    for (int i = 0; i < 4; i++) {
        bytes[SUPERBLOCK_BYTES + i] = (unsigned char)(sum >> 8 * i);
    }
}

int nb_h5_image(int64_t file, char **bytes, size_t *n)
{
    ssize_t size;

    *bytes = NULL;
    if (H5Fflush(file, H5F_SCOPE_LOCAL) < 0 || (size = H5Fget_file_image(file, NULL, 0)) <= 0) {
        return nb_h5_fail(NB_ERR_MEMORY, "finish", "a file in memory");
    }
    *n = (size_t)size + NB_SEAL_SIZE;
    NB_TRY(nb_alloc(bytes, *n, 1));
    if (H5Fget_file_image(file, *bytes, (size_t)size) != size) {
        nb_free(*bytes);
        *bytes = NULL;
        return nb_h5_fail(NB_ERR_MEMORY, "copy", "a file in memory");
    }
    repair_superblock(*bytes);
    nb_seal_make(*bytes, (size_t)size, *bytes + size);
    return NB_OK;
}
