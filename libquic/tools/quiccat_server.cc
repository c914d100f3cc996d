// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The server side of quiccat: requests of one connection.
//
// Bytes of several streams may arrive mixed, so each stream has a Request that
// collects its line and then feeds its upload.  Bounds: the kernel's limit of
// open streams, one line and one file each.
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "quiccat.h"

namespace quiccat {

namespace {

using tools::ErrnoError;
using tools::Error;
using tools::Sha256;
using tools::UniqueFd;

constexpr size_t kSendBytes = 64 * 1024;

// One component, not hidden, nothing a terminal would act on.
bool IsGoodName(const std::string &name) {
  if (name.empty() || name.size() > 255 || name.front() == '.')
    return false;
  for (const char c : name) {
    if (c == '/' || c == ' ' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      return false;
  }
  return true;
}

}  // namespace

// A file on its way in; it gets its name when it is whole.
struct Server::Upload {
  Upload(std::string final_path, uint64_t bytes)
      : path(std::move(final_path)), temporary(path + ".XXXXXX"), size(bytes) {
    file = UniqueFd(mkostemp(temporary.data(), O_CLOEXEC));
    if (file.get() < 0)
      throw ErrnoError("cannot create the file");
  }
  Upload(const Upload &) = delete;
  Upload &operator=(const Upload &) = delete;
  ~Upload() {
    if (!temporary.empty())
      unlink(temporary.c_str());
  }
  void Write(std::string_view bytes) {
    if (bytes.size() > size - received)
      throw Error("more bytes than announced");
    received += bytes.size();
    hash.Update(bytes.data(), bytes.size());
    while (!bytes.empty()) {
      const ssize_t written = write(file.get(), bytes.data(), bytes.size());
      if (written < 0)
        throw ErrnoError("cannot write the file");
      bytes.remove_prefix(static_cast<size_t>(written));
    }
  }
  void Commit() {
    fchmod(file.get(), 0644);
    if (rename(temporary.c_str(), path.c_str()) < 0)
      throw ErrnoError("cannot name the file");
    temporary.clear();
  }

  std::string path;
  std::string temporary;
  UniqueFd file;
  uint64_t size;
  uint64_t received = 0;
  Sha256 hash;
};

struct Server::Request {
  std::string line;
  bool has_line = false;
  bool is_answered = false;
  std::unique_ptr<Upload> upload;
};

Server::Server(int fd, const ServerSettings &settings, std::string peer)
    : fd_(fd), settings_(settings), peer_(std::move(peer)) {}
Server::~Server() = default;

void Server::Run() {
  std::vector<char> buffer(kBufferBytes);
  for (;;) {
    int64_t sid = -1;
    uint32_t flags = 0;
    const ssize_t received = quic_recvmsg(fd_, buffer.data(), buffer.size(), &sid, &flags);
    if (received < 0 && errno == EINTR)
      continue;
    if (received < 0 && errno != ENOTCONN)
      throw ErrnoError("receiving");
    const bool is_end = (flags & static_cast<uint32_t>(MSG_QUIC_STREAM_FIN)) != 0;
    if (received < 0 || (received == 0 && !is_end))
      break;
    constexpr auto kNoStream =
        static_cast<uint32_t>(MSG_QUIC_NOTIFICATION) | static_cast<uint32_t>(MSG_QUIC_DATAGRAM);
    if ((flags & kNoStream) == 0)
      Receive(sid, {buffer.data(), static_cast<size_t>(received)}, is_end);
  }
  if (!requests_.empty())
    throw Error("the connection ended in the middle of a request" + tools::CloseReason(fd_));
}

void Server::Receive(int64_t sid, std::string_view bytes, bool is_end) {
  if ((sid & QUIC_STREAM_TYPE_UNI_MASK) != 0)
    return;  // nobody could be answered
  Request &request = requests_[sid];
  try {
    if (!request.has_line && !request.is_answered) {
      const size_t newline = bytes.find('\n');
      request.line.append(bytes.substr(0, newline));
      if (request.line.size() > kMaxLineBytes)
        throw Error("the request is too long");
      if (newline != std::string_view::npos) {
        bytes.remove_prefix(newline + 1);
        request.has_line = true;
        Start(sid, &request);
      }
    }
    if (request.upload != nullptr && !request.is_answered) {
      request.upload->Write(bytes);
      if (is_end) {
        Finish(sid, request.upload.get());
        request.is_answered = true;
      }
    }
    if (is_end && !request.is_answered)
      throw Error("the request is incomplete");
  } catch (const Error &error) {
    fprintf(stderr, "%s: stream %lld: %s\n", peer_.c_str(), static_cast<long long>(sid),
            error.what());
    if (request.is_answered)
      throw;  // in the middle of an answer: only the end of the connection can tell
    const std::string reply = std::string("ERR ") + error.what() + "\n";
    request.is_answered = true;
    request.upload.reset();
    tools::SendAll(fd_, sid, reply.data(), reply.size(), MSG_QUIC_STREAM_FIN);
  }
  if (is_end)
    requests_.erase(sid);
}

void Server::Start(int64_t sid, Request *request) {
  const std::string &line = request->line;
  if (line.compare(0, 4, "GET ") == 0) {
    const std::string name = line.substr(4);
    if (!IsGoodName(name))
      throw Error("no such name");
    request->is_answered = true;
    SendFile(sid, name);
    return;
  }
  const size_t space = line.rfind(' ');
  if (line.compare(0, 4, "PUT ") != 0 || space < 4)
    throw Error("unknown request");
  const uint64_t size =
      tools::ParseNumber(std::string_view(line).substr(space + 1), 0, uint64_t{1} << 50, "a size");
  request->upload = CreateUpload(line.substr(4, space - 4), size);
}

void Server::SendFile(int64_t sid, const std::string &name) {
  const std::string path = settings_.directory + "/" + name;
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status = {};
  if (file.get() < 0 || fstat(file.get(), &status) < 0 || !S_ISREG(status.st_mode)) {
    const std::string reply = "ERR " + name + ": no such file\n";
    tools::SendAll(fd_, sid, reply.data(), reply.size(), MSG_QUIC_STREAM_FIN);
    return;
  }
  const auto size = static_cast<uint64_t>(status.st_size);
  const std::string reply = "OK " + std::to_string(size) + "\n";
  tools::SendAll(fd_, sid, reply.data(), reply.size(), MSG_MORE);

  Sha256 hash;
  std::vector<char> buffer(kSendBytes);
  for (uint64_t left = size; left > 0;) {
    const ssize_t got = read(file.get(), buffer.data(), std::min<uint64_t>(left, buffer.size()));
    if (got <= 0)  // the reply has begun: the client sees an early end
      throw Error(name + ": " + (got < 0 ? strerror(errno) : "the file became shorter"));
    left -= static_cast<uint64_t>(got);
    hash.Update(buffer.data(), static_cast<size_t>(got));
    tools::SendAll(fd_, sid, buffer.data(), static_cast<size_t>(got), 0);
  }
  const std::string sum = hash.Finish() + "\n";
  tools::SendAll(fd_, sid, sum.data(), sum.size(), MSG_QUIC_STREAM_FIN);
  printf("%s: sent %s, %llu bytes\n", peer_.c_str(), name.c_str(),
         static_cast<unsigned long long>(size));
}

std::unique_ptr<Server::Upload> Server::CreateUpload(const std::string &name, uint64_t size) {
  if (!settings_.writable)
    throw Error("files cannot be put here");
  if (!IsGoodName(name))
    throw Error("no good name for a file");
  return std::make_unique<Upload>(settings_.directory + "/" + name, size);
}

void Server::Finish(int64_t sid, Upload *upload) {
  if (upload->received != upload->size)
    throw Error("fewer bytes than announced");
  upload->Commit();
  const std::string reply =
      "OK " + std::to_string(upload->size) + "\n" + upload->hash.Finish() + "\n";
  tools::SendAll(fd_, sid, reply.data(), reply.size(), MSG_QUIC_STREAM_FIN);
  printf("%s: received %s, %llu bytes\n", peer_.c_str(), upload->path.c_str(),
         static_cast<unsigned long long>(upload->size));
}

}  // namespace quiccat
