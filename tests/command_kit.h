/*
 * Runs the built command as a user would and keeps what it printed.
 */
#ifndef NB_TESTS_COMMAND_KIT_H
#define NB_TESTS_COMMAND_KIT_H

/** A folder to work in, and the outcome of the latest command. */
typedef struct {
    char folder[256];
    int status;         /* of the exit, or 128 + the signal, as a shell says it */
    char output[65536]; /* of both streams */
} command_kit_t;

/** Set-up and tear-down of a test whose state is a kit. */
int command_kit_set_up(void **state);
int command_kit_tear_down(void **state);

/** Run a shell line in the folder; "nextbest" in it is the command that was built. The status. */
int command_kit_run(command_kit_t *self, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* the command exits with `status` and prints `words` */
#define assert_command(kit, expected, words, ...)                                                  \
    do {                                                                                           \
        command_kit_run((kit), __VA_ARGS__);                                                       \
        if ((kit)->status != (expected) || !strstr((kit)->output, (words))) {                      \
            fail_msg("%s: status %d, expected %d and \"%s\":\n%s", #__VA_ARGS__, (kit)->status,    \
                     (expected), (words), (kit)->output);                                          \
        }                                                                                          \
    } while (0)

#endif
