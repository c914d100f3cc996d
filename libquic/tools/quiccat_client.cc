// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The client side of quiccat: one request after another, each on a stream.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
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
constexpr uint64_t kProgressIntervalNs = 200 * 1000 * 1000;

std::string LastComponent(const std::string &path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

// "OK <size>" gives size; anything else is the server's refusal.
uint64_t ParseReply(const std::string &line) {
  constexpr std::string_view kOk = "OK ";
  constexpr std::string_view kErr = "ERR ";
  if (line.compare(0, kErr.size(), kErr) == 0)
    throw Error("the server says: " + line.substr(kErr.size()));
  if (line.compare(0, kOk.size(), kOk) != 0)
    throw Error("the server's reply makes no sense");
  return tools::ParseNumber(std::string_view(line).substr(kOk.size()), 0, UINT64_MAX, "a size");
}

void WriteAll(int fd, std::string_view bytes, const std::string &file) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0)
      throw ErrnoError(file);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace

Progress::~Progress() {
  if (!is_on_)
    return;
  Print(tools::NowNs());
  fputc('\n', stderr);
}

void Progress::Add(size_t bytes) {
  done_ += bytes;
  if (!is_on_)
    return;
  const uint64_t now_ns = tools::NowNs();
  if (now_ns - printed_ns_ >= kProgressIntervalNs)
    Print(now_ns);
}

void Progress::Print(uint64_t now_ns) {
  printed_ns_ = now_ns;
  const uint64_t percent = total_ == 0 ? 100 : done_ * 100 / total_;
  fprintf(stderr, "\r%s  %3llu %%  %s of %s  %.1f Mbit/s  ", what_.c_str(),
          static_cast<unsigned long long>(percent), tools::BytesText(done_).c_str(),
          tools::BytesText(total_).c_str(), tools::MbitPerSecond(done_, now_ns - start_ns_));
}

bool StreamReader::Fill() {
  if (finished_)
    return false;
  if (begin_ == end_) {
    begin_ = 0;
    end_ = 0;
  }
  if (end_ == buffer_.size())
    throw Error("the peer's line is too long");
  int64_t sid = -1;
  uint32_t flags = 0;
  const ssize_t received =
      quic_recvmsg(fd_, buffer_.data() + end_, buffer_.size() - end_, &sid, &flags);
  if (received < 0)
    throw Error(std::string("receiving: ") + strerror(errno) + tools::CloseReason(fd_));
  if ((flags & static_cast<uint32_t>(MSG_QUIC_NOTIFICATION)) != 0)
    return true;
  const bool is_end = (flags & static_cast<uint32_t>(MSG_QUIC_STREAM_FIN)) != 0;
  if (received == 0 && !is_end)
    throw Error("the connection ended early" + tools::CloseReason(fd_));
  if (sid != sid_)
    return true;  // the rest of a reply nobody wants any more
  finished_ = is_end;
  end_ += static_cast<size_t>(received);
  return true;
}

std::string StreamReader::Line() {
  for (;;) {
    const auto *const data = buffer_.data();
    const auto *const newline = std::find(data + begin_, data + end_, '\n');
    if (newline != data + end_) {
      std::string line(data + begin_, newline);
      begin_ = static_cast<size_t>(newline - data) + 1;
      return line;
    }
    if (end_ - begin_ > kMaxLineBytes)
      throw Error("the peer's line is too long");
    if (!Fill())
      throw Error("the stream ended in the middle of a line");
  }
}

std::string_view StreamReader::Block(size_t most) {
  while (begin_ == end_) {
    if (!Fill())
      return {};
  }
  const std::string_view block(buffer_.data() + begin_, std::min(most, end_ - begin_));
  begin_ += block.size();
  return block;
}

bool Client::Run() {
  bool good = true;
  for (const Job &job : settings_.jobs) {
    try {
      if (job.is_put)
        Put(job);
      else
        Get(job);
    } catch (const Error &error) {
      fprintf(stderr, "quiccat: %s %s: %s\n", job.is_put ? "put" : "get", job.file.c_str(),
              error.what());
      good = false;
    }
  }
  return good;
}

void Client::Put(const Job &job) {
  const UniqueFd file(open(job.file.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status = {};
  if (file.get() < 0 || fstat(file.get(), &status) < 0)
    throw ErrnoError(job.file);
  if (!S_ISREG(status.st_mode))
    throw Error("not a regular file");
  const auto size = static_cast<uint64_t>(status.st_size);

  const int64_t sid = tools::OpenStream(fd_, false);
  const std::string request = "PUT " + LastComponent(job.file) + " " + std::to_string(size) + "\n";
  const uint32_t fin = MSG_QUIC_STREAM_FIN;
  tools::SendAll(fd_, sid, request.data(), request.size(), size == 0 ? fin : 0);

  Sha256 hash;
  std::vector<char> buffer(kSendBytes);
  uint64_t ns = 0;
  std::string remote;
  {
    Progress progress(settings_.progress, "put " + LastComponent(job.file), size);
    for (uint64_t left = size; left > 0;) {
      const size_t want = std::min<uint64_t>(left, buffer.size());
      const ssize_t got = read(file.get(), buffer.data(), want);
      if (got <= 0)
        throw Error(got < 0 ? strerror(errno) : "the file became shorter");
      left -= static_cast<uint64_t>(got);
      hash.Update(buffer.data(), static_cast<size_t>(got));
      tools::SendAll(fd_, sid, buffer.data(), static_cast<size_t>(got), left == 0 ? fin : 0);
      progress.Add(static_cast<size_t>(got));
    }
    StreamReader reader(fd_, sid);
    if (ParseReply(reader.Line()) != size)
      throw Error("the server got another number of bytes");
    remote = reader.Line();
    ns = progress.ElapsedNs();
    while (!reader.Block(kMaxLineBytes).empty())
      continue;
  }
  Report(job, size, ns, hash.Finish(), remote);
}

void Client::Get(const Job &job) {
  const int64_t sid = tools::OpenStream(fd_, false);
  const std::string request = "GET " + job.file + "\n";
  const uint64_t start_ns = tools::NowNs();
  tools::SendAll(fd_, sid, request.data(), request.size(), MSG_QUIC_STREAM_FIN);

  StreamReader reader(fd_, sid);
  const uint64_t size = ParseReply(reader.Line());
  const std::string path = job.output.empty() ? LastComponent(job.file) : job.output;
  const UniqueFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (file.get() < 0)
    throw ErrnoError(path);
  Sha256 hash;
  {
    Progress progress(settings_.progress, "get " + job.file, size);
    for (uint64_t left = size; left > 0;) {
      const std::string_view block = reader.Block(std::min<uint64_t>(left, kBufferBytes));
      if (block.empty())
        throw Error("the stream ended early");
      left -= block.size();
      hash.Update(block.data(), block.size());
      WriteAll(file.get(), block, path);
      progress.Add(block.size());
    }
  }
  const uint64_t ns = tools::NowNs() - start_ns;
  const std::string remote = reader.Line();
  while (!reader.Block(kMaxLineBytes).empty())
    continue;
  Report(job, size, ns, hash.Finish(), remote);
}

void Client::Report(const Job &job, uint64_t bytes, uint64_t ns, const std::string &local,
                    const std::string &remote) {
  printf("%s %s: %llu bytes in %.3f s, %.1f Mbit/s\n", job.is_put ? "put" : "get", job.file.c_str(),
         static_cast<unsigned long long>(bytes), static_cast<double>(ns) / 1e9,
         tools::MbitPerSecond(bytes, ns));
  printf("  sha256 here   %s\n  sha256 there  %s  %s\n", local.c_str(), remote.c_str(),
         local == remote ? "equal" : "DIFFERENT");
  if (local != remote)
    throw Error("the sums differ");
}

void PrintConnection(int fd) {
  const std::optional<quic_info> info = tools::GetInfo(fd);
  if (!info) {
    printf("connection: the kernel gives no information (%s)\n", strerror(errno));
    return;
  }
  printf("connection: QUIC %s, TLS 1.3, %s, %.*s\n", tools::VersionName(info->version).c_str(),
         tools::CipherName(info->cipher_type).c_str(), static_cast<int>(sizeof(info->cong_name)),
         info->cong_name);
  printf("  rtt %.3f ms (least %.3f, variation %.3f), cwnd %llu bytes, packet size %u bytes\n",
         info->smoothed_rtt_us / 1e3, info->min_rtt_us / 1e3, info->rttvar_us / 1e3,
         static_cast<unsigned long long>(info->cwnd_bytes), info->pmtu_bytes);
  printf("  packets sent %llu, received %llu, lost %llu; bytes sent again %llu\n",
         static_cast<unsigned long long>(info->packets_sent),
         static_cast<unsigned long long>(info->packets_received),
         static_cast<unsigned long long>(info->packets_lost),
         static_cast<unsigned long long>(info->bytes_retrans));
}

}  // namespace quiccat
