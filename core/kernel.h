/*
 * NB_KERNEL marks a function that is compiled for several instruction sets, one of which is chosen
 * when the program starts. All give the same bits, since contraction is off and every lane does the
 * same operations in the same order. Plain where the compiler or a sanitizer cannot do it.
 */
#ifndef NB_CORE_KERNEL_H
#define NB_CORE_KERNEL_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&                             \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define NB_KERNEL __attribute__((target_clones("default", "avx2")))
#else
#define NB_KERNEL
#endif

#endif
