#define _POSIX_C_SOURCE 200809L
#include "core/store.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <unistd.h>

#include "core/store_file.h"

enum { DIGEST_BYTES = 32, BUFFER_BYTES = 1 << 16 };

static const char seal_word[] = "nextbest-sha256"; /* 15 letters + 64 digits + newline */

static void write_hex(const unsigned char *bytes, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * n] = '\0';
}

/* libcrypto refuses a plain SHA-256 only where it is broken or out of memory: nothing to recover */
static void hash_bytes(const void *bytes, size_t n, unsigned char digest[DIGEST_BYTES])
{
    NB_ASSERT(EVP_Digest(bytes, n, digest, NULL, EVP_sha256(), NULL) == 1);
}

void nb_key_hash(const char *text, size_t length, char out[NB_KEY_SIZE])
{
    unsigned char digest[DIGEST_BYTES];

    hash_bytes(text, length, digest);
    write_hex(digest, (NB_KEY_SIZE - 1) / 2, out);
}

void nb_seal_make(const void *bytes, size_t n, char out[NB_SEAL_SIZE])
{
    unsigned char digest[DIGEST_BYTES];
    char hex[2 * DIGEST_BYTES + 1];

    hash_bytes(bytes, n, digest);
    write_hex(digest, DIGEST_BYTES, hex);
    memcpy(out, seal_word, sizeof seal_word - 1);
    memcpy(out + sizeof seal_word - 1, hex, 2 * DIGEST_BYTES);
    out[NB_SEAL_SIZE - 1] = '\n';
}

int nb_seal_holds(const char *bytes, size_t n)
{
    char seal[NB_SEAL_SIZE];

    if (n < NB_SEAL_SIZE) {
        return 0;
    }
    nb_seal_make(bytes, n - NB_SEAL_SIZE, seal);
    return memcmp(seal, bytes + n - NB_SEAL_SIZE, NB_SEAL_SIZE) == 0;
}

int nb_digest_init(nb_digest_t *self)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    self->context = context;
    if (!context || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1) {
        NB_FAIL(NB_ERR_MEMORY, "out of memory: SHA-256 could not start");
    }
    return NB_OK;
}

int nb_digest_add(nb_digest_t *self, const void *bytes, size_t n)
{
    if (EVP_DigestUpdate(self->context, bytes, n) != 1) {
        NB_FAIL(NB_ERR_MEMORY, "out of memory: SHA-256 could not go on");
    }
    return NB_OK;
}

int nb_digest_hex(nb_digest_t *self, char out[65])
{
    unsigned char digest[DIGEST_BYTES];

    if (EVP_DigestFinal_ex(self->context, digest, NULL) != 1) {
        NB_FAIL(NB_ERR_MEMORY, "out of memory: SHA-256 could not end");
    }
    write_hex(digest, DIGEST_BYTES, out);
    return NB_OK;
}

void nb_digest_free(nb_digest_t *self)
{
    EVP_MD_CTX_free(self->context);
    self->context = NULL;
}

static int digest_stream(nb_digest_t *digest, int fd, const char *path)
{
    unsigned char buffer[BUFFER_BYTES];
    ssize_t n;

    while ((n = read(fd, buffer, sizeof buffer)) > 0) {
        NB_TRY(nb_digest_add(digest, buffer, (size_t)n));
    }
    return n < 0 ? nb_file_fail("read", path) : NB_OK;
}

int nb_file_sha256(const char *path, char out[65])
{
    nb_digest_t digest = {NULL};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int code;

    if (fd < 0) {
        if (access(path, F_OK) != 0) {
            NB_FAIL(NB_ERR_NOT_FOUND, "%s does not exist", path);
        }
        return nb_file_fail("read", path);
    }
    code = nb_digest_init(&digest);
    if (code == NB_OK) {
        code = digest_stream(&digest, fd, path);
    }
    if (code == NB_OK) {
        code = nb_digest_hex(&digest, out);
    }
    nb_digest_free(&digest);
    close(fd);
    return code;
}
