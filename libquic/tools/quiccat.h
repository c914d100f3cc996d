// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The two sides of quiccat's protocol, on a connection that is established.
#ifndef LIBQUIC_TOOLS_QUICCAT_H_
#define LIBQUIC_TOOLS_QUICCAT_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common.h"

namespace quiccat {

inline constexpr size_t kMaxLineBytes = 512;
inline constexpr size_t kBufferBytes = 256 * 1024;

struct Job {
  bool is_put = false;
  std::string file;    // to send, or name to fetch
  std::string output;  // where to, empty: the name
};

struct ClientSettings {
  std::vector<Job> jobs;
  bool progress = false;
};

struct ServerSettings {
  std::string directory;
  bool writable = false;
};

// A line on standard error that says how far a transfer is.
class Progress {
 public:
  Progress(bool is_on, std::string what, uint64_t total)
      : is_on_(is_on), what_(std::move(what)), total_(total), start_ns_(tools::NowNs()) {}
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;
  ~Progress();
  void Add(size_t bytes);
  [[nodiscard]] uint64_t ElapsedNs() const { return tools::NowNs() - start_ns_; }

 private:
  void Print(uint64_t now_ns);

  bool is_on_;
  std::string what_;
  uint64_t total_;
  uint64_t done_ = 0;
  uint64_t start_ns_;
  uint64_t printed_ns_ = 0;
};

// Bytes of one stream, read in lines and blocks.
class StreamReader {
 public:
  StreamReader(int fd, int64_t sid) : fd_(fd), sid_(sid), buffer_(kBufferBytes) {}
  // Up to and without the newline.
  std::string Line();
  // At least one byte, at most most; empty at the end of the stream.
  std::string_view Block(size_t most);

 private:
  bool Fill();

  int fd_;
  int64_t sid_;
  std::vector<char> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
  bool finished_ = false;
};

class Client {
 public:
  Client(int fd, const ClientSettings &settings) : fd_(fd), settings_(settings) {}
  // All jobs; false if any failed.  What fails is printed.
  bool Run();

 private:
  void Put(const Job &job);
  void Get(const Job &job);
  void Report(const Job &job, uint64_t bytes, uint64_t ns, const std::string &local,
              const std::string &remote);

  int fd_;
  const ClientSettings &settings_;
};

// Requests of one connection.
class Server {
 public:
  Server(int fd, const ServerSettings &settings, std::string peer);
  Server(const Server &) = delete;
  Server &operator=(const Server &) = delete;
  ~Server();
  // Until the client closes the connection.
  void Run();

 private:
  struct Upload;
  struct Request;

  void Receive(int64_t sid, std::string_view bytes, bool is_end);
  void Start(int64_t sid, Request *request);
  void SendFile(int64_t sid, const std::string &name);
  std::unique_ptr<Upload> CreateUpload(const std::string &name, uint64_t size);
  void Finish(int64_t sid, Upload *upload);

  int fd_;
  const ServerSettings &settings_;
  std::string peer_;
  std::map<int64_t, Request> requests_;
};

// What the kernel knows of the connection, as lines for people.
void PrintConnection(int fd);

}  // namespace quiccat

#endif  // LIBQUIC_TOOLS_QUICCAT_H_
