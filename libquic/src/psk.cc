// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Reading files of pre-shared keys.  The line buffer is wiped: it held keys.
#include "psk.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace quic {

namespace {

constexpr size_t kMaxLineBytes = 1024;

struct FileCloser {
  void operator()(FILE *file) const { fclose(file); }
};

int HexDigit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

struct WipedLine : std::array<char, kMaxLineBytes> {
  WipedLine() : std::array<char, kMaxLineBytes>() {}
  WipedLine(const WipedLine &) = delete;
  WipedLine &operator=(const WipedLine &) = delete;
  ~WipedLine() { explicit_bzero(data(), size()); }
};

}  // namespace

std::optional<PskEntry> ParsePskLine(std::string_view line) {
  const size_t colon = line.rfind(':');
  if (colon == std::string_view::npos || colon == 0)
    return std::nullopt;
  const std::string_view hex = line.substr(colon + 1);
  if (hex.empty() || hex.size() % 2 != 0)
    return std::nullopt;
  PskEntry entry = {std::string(line.substr(0, colon)), Secret(hex.size() / 2)};
  for (size_t i = 0; i < entry.key.size(); i++) {
    const int high = HexDigit(hex[2 * i]);
    const int low = HexDigit(hex[2 * i + 1]);
    if (high < 0 || low < 0)
      return std::nullopt;
    entry.key.data()[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return entry;
}

Failure LoadPskFile(const std::string &path, std::vector<PskEntry> *entries) {
  const std::unique_ptr<FILE, FileCloser> file(fopen(path.c_str(), "re"));
  if (file == nullptr)
    return LocalFailure(-errno, path + ": " + strerror(errno));
  std::array<char, kMaxLineBytes> io_buffer = {};  // so that stdio keeps no copy of the keys
  setvbuf(file.get(), io_buffer.data(), _IOFBF, io_buffer.size());

  Failure failure;
  WipedLine buffer;
  for (int number = 1; fgets(buffer.data(), buffer.size(), file.get()) != nullptr; number++) {
    const std::string_view line = Trim(buffer.data());
    if (line.empty() || line.front() == '#')
      continue;
    std::optional<PskEntry> entry = ParsePskLine(line);
    if (!entry) {
      failure = LocalFailure(-EINVAL, path + ":" + std::to_string(number) + ": not id:hexkey");
      break;
    }
    entries->push_back(std::move(*entry));
  }
  explicit_bzero(io_buffer.data(), io_buffer.size());
  if (!failure && ferror(file.get()) != 0)
    failure = LocalFailure(-EIO, path + ": cannot be read");
  if (!failure && entries->empty())
    failure = LocalFailure(-EINVAL, path + ": no keys in it");
  return failure;
}

}  // namespace quic
