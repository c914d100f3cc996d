// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Files of pre-shared keys: a line is "id:hexkey"; blank lines and those that
// start with # are skipped.
#ifndef LIBQUIC_SRC_PSK_H_
#define LIBQUIC_SRC_PSK_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "failure.h"
#include "secret.h"

namespace quic {

struct PskEntry {
  std::string identity;
  Secret key;
};

// One line; nothing if it has no identity or its key is not hexadecimal.
std::optional<PskEntry> ParsePskLine(std::string_view line);

// All entries of a file, at least one, or a failure that names the line.
Failure LoadPskFile(const std::string &path, std::vector<PskEntry> *entries);

}  // namespace quic

#endif  // LIBQUIC_SRC_PSK_H_
