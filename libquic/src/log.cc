// SPDX-License-Identifier: LGPL-2.1-or-later
//
// quic_set_log_func(), quic_set_log_level(), and what writes to them.
#include "log.h"

#include <netinet/quic.h>

#include <atomic>
#include <cstdarg>
#include <cstdio>

#include "export.h"

namespace {

constexpr int kSilent = -1;

std::atomic<int> log_level{kSilent};
std::atomic<quic_set_log_func_t> log_func{nullptr};

}  // namespace

namespace quic {

void Log(int level, const char *format, ...) {
  if (level > log_level.load(std::memory_order_relaxed))
    return;
  char line[512];
  va_list args;
  va_start(args, format);
  const int n = vsnprintf(line, sizeof(line), format, args);
  va_end(args);
  if (n < 0)
    return;
  if (quic_set_log_func_t func = log_func.load(std::memory_order_acquire))
    func(level, line);
  else
    fprintf(stderr, "libquic: %s\n", line);
}

}  // namespace quic

QUIC_EXPORT quic_set_log_func_t quic_set_log_func(quic_set_log_func_t func) {
  return log_func.exchange(func, std::memory_order_acq_rel);
}

QUIC_EXPORT int quic_set_log_level(int level) {
  return log_level.exchange(level, std::memory_order_relaxed);
}
