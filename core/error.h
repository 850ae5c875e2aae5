/*
 * Errors: one list of codes, a thread-local sentence of detail, and the macros that carry both
 * upward.
 *
 * Every function that can fail returns an int: NB_OK (0) or a negative NB_ERR_* code. The sentence
 * says where, which value, and what was expected; the library never prints it, the command line
 * does.
 */
#ifndef NB_CORE_ERROR_H
#define NB_CORE_ERROR_H

/* code, whether it is the user's input that was wrong (exit status 2 instead of 1), sentence */
#define NB_ERROR_LIST(X)                                                                           \
    X(NB_ERR_MEMORY, 0, "out of memory")                                                           \
    X(NB_ERR_USAGE, 1, "wrong use of the command line")                                            \
    X(NB_ERR_CONFIG, 1, "wrong setting or configuration")                                          \
    X(NB_ERR_RANGE, 1, "value out of range")                                                       \
    X(NB_ERR_DATA, 1, "wrong input data")                                                          \
    X(NB_ERR_FORMAT, 1, "file of another kind or damaged")                                         \
    X(NB_ERR_NOT_FOUND, 1, "not found")                                                            \
    X(NB_ERR_ABI, 1, "plug-in built for another interface version")                                \
    X(NB_ERR_EXISTS, 1, "another experiment lives here")                                           \
    X(NB_ERR_UNSUPPORTED, 1, "not possible in this combination")                                   \
    X(NB_ERR_IO, 0, "reading or writing failed")                                                   \
    X(NB_ERR_NUMERIC, 0, "numerical failure")                                                      \
    X(NB_ERR_DETERMINISM, 0, "the same unit gave different results")                               \
    X(NB_ERR_INTERRUPTED, 0, "interrupted")

enum {
    NB_OK = 0,
    nb_error_base_ = -1000, /* the codes below count up from here and stay negative */
#define NB_ERROR_ENUM(code, is_input, sentence) code,
    NB_ERROR_LIST(NB_ERROR_ENUM)
#undef NB_ERROR_ENUM
};

#define NB_MUST_CHECK __attribute__((warn_unused_result))
#define NB_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/** The general sentence of a code; never NULL. */
const char *nb_strerror(int code);

/** 1 where the code says that the user's input was wrong (exit status 2), else 0 (exit status 1).
 */
int nb_error_is_input(int code);

/** Store the detail of this thread's latest error and return `code`. Use NB_FAIL. */
int nb_error_set(int code, const char *format, ...) NB_PRINTF(2, 3);

/** Put `format` and ": " before the present detail, e.g. the file a parser was reading. Returns
 * `code`. */
int nb_error_prefix(int code, const char *format, ...) NB_PRINTF(2, 3);

/** Detail of this thread's latest error, "" where there is none. Valid until the thread's next
 * error. */
const char *nb_error_detail(void);

/** Forget this thread's detail. */
void nb_error_clear(void);

/** Print the failed condition and abort; used by NB_ASSERT. */
_Noreturn void nb_assert_failed(const char *condition, const char *file, int line);

/** Return with `code` and a sentence of detail. */
#define NB_FAIL(code, ...) return nb_error_set((code), __VA_ARGS__)

/** Call, and return the code at once where it is an error. */
#define NB_TRY(call)                                                                               \
    do {                                                                                           \
        int nb_try_code_ = (call);                                                                 \
        if (nb_try_code_ < 0) {                                                                    \
            return nb_try_code_;                                                                   \
        }                                                                                          \
    } while (0)

/** A programmer's mistake, never a user's: always on. */
#define NB_ASSERT(condition)                                                                       \
    ((condition) ? (void)0 : nb_assert_failed(#condition, __FILE__, __LINE__))

#endif
