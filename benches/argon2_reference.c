/* The measure that our hashes are held against: libargon2 itself, the same cost, one lane.
 *
 *   argon2_reference COUNT MEMORY_KIB PASSES PASSWORD SALT
 *
 * Prints the nanoseconds that one of COUNT hashes took on average, and the hash, to be compared with ours.
 *
 * Like every caller of this library it has the memory of each hash allocated and freed anew. A program of its own,
 * since nothing of ours calls foreign code by hand (`unsafe_code = "forbid"`).
 */
#include <argon2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int main(int argc, char **argv) {
  if (argc != 6) return 2;
  long count = atol(argv[1]);
  unsigned memory_kib = (unsigned)atol(argv[2]), passes = (unsigned)atol(argv[3]);
  const char *password = argv[4], *salt = argv[5];
  unsigned char hash[32];
  struct timespec began, ended;
  if (count < 1) return 2;

  clock_gettime(CLOCK_MONOTONIC, &began);
  for (long done = 0; done < count; done++) {
    int failed = argon2id_hash_raw(passes, memory_kib, 1, password, strlen(password), salt, strlen(salt), hash,
                                   sizeof hash);
    if (failed) {
      fprintf(stderr, "%s\n", argon2_error_message(failed));
      return 1;
    }
  }
  clock_gettime(CLOCK_MONOTONIC, &ended);

  double nanos = (ended.tv_sec - began.tv_sec) * 1e9 + (ended.tv_nsec - began.tv_nsec);
  printf("%.0f ", nanos / count);
  for (size_t at = 0; at < sizeof hash; at++) printf("%02x", hash[at]);
  putchar('\n');
  return 0;
}
