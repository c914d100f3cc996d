// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The socket in memory.
#include "fake_socket.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace quic::test {

namespace {

constexpr uint8_t kNewSessionTicket = 4;

Buffer SecretOf(const std::optional<quic_crypto_secret> &key) {
  if (!key)
    return {};
  return {std::begin(key->secret), std::end(key->secret)};
}

bool CanOpen(const Endpoint &endpoint, const Chunk &chunk) {
  return chunk.level == QUIC_CRYPTO_INITIAL || endpoint.receive_keys[chunk.level].has_value();
}

std::deque<Chunk>::iterator FirstReadable(Endpoint *endpoint) {
  return std::find_if(endpoint->inbox.begin(), endpoint->inbox.end(),
                      [&](const Chunk &chunk) { return CanOpen(*endpoint, chunk); });
}

// Readable once there is the key to open them with.
bool HasEarlyData(const Endpoint &endpoint) {
  return !endpoint.early_data.empty() && endpoint.receive_keys[QUIC_CRYPTO_EARLY].has_value();
}

bool IsReady(const Endpoint &endpoint, short events) {
  if ((events & POLLOUT) != 0 || endpoint.is_shut || endpoint.peer_close || endpoint.is_stale)
    return true;
  if ((events & POLLIN) != 0 && HasEarlyData(endpoint))
    return true;
  return std::any_of(endpoint.inbox.begin(), endpoint.inbox.end(),
                     [&](const Chunk &chunk) { return CanOpen(endpoint, chunk); });
}

int Copy(const void *from, size_t from_size, void *to, socklen_t *to_size) {
  if (*to_size < from_size)
    return -EINVAL;
  if (from_size != 0)
    memcpy(to, from, from_size);
  *to_size = static_cast<socklen_t>(from_size);
  return 0;
}

}  // namespace

World::World() {
  for (Endpoint *endpoint : {&client, &server})
    endpoint->world = this;
  client.peer = &server;
  server.peer = &client;
  server.is_server = true;
  client.parameters = {0x01, 0x02, 0x67, 0x10};
  server.parameters = {0x01, 0x02, 0x67, 0x20};
  server.ticket.assign(64, 0x5a);
}

std::unique_ptr<Socket> World::Client() {
  return std::make_unique<FakeSocket>(&client);
}
std::unique_ptr<Socket> World::Server() {
  return std::make_unique<FakeSocket>(&server);
}

void World::Leave() {
  const std::lock_guard<std::mutex> lock(mutex_);
  threads_--;
  AdvanceIfIdle();
}

// When all threads wait and none has anything to do, time goes on.
void World::AdvanceIfIdle() {
  if (waiters_.empty() || static_cast<int>(waiters_.size()) < threads_)
    return;
  if (std::any_of(waiters_.begin(), waiters_.end(), [&](const Waiter &waiter) {
        return IsReady(*waiter.endpoint, waiter.events) || waiter.until_ms <= now_ms;
      }))
    return;
  now_ms = std::min_element(waiters_.begin(), waiters_.end(), [](const Waiter &a, const Waiter &b) {
             return a.until_ms < b.until_ms;
           })->until_ms;
  changed_.notify_all();
}

int FakeSocket::Poll(short events, int timeout_ms) {
  std::unique_lock<std::mutex> lock(world_.mutex_);
  end_.polls++;
  const uint64_t until_ms = world_.now_ms + static_cast<uint64_t>(timeout_ms);
  world_.waiters_.push_back({&end_, events, until_ms});
  world_.AdvanceIfIdle();
  world_.changed_.wait(lock, [&] { return IsReady(end_, events) || world_.now_ms >= until_ms; });
  world_.waiters_.erase(std::find_if(world_.waiters_.begin(), world_.waiters_.end(),
                                     [&](const auto &w) { return w.endpoint == &end_; }));
  return IsReady(end_, events) ? 1 : 0;
}

uint64_t FakeSocket::NowMs() {
  const std::lock_guard<std::mutex> lock(world_.mutex_);
  return world_.now_ms;
}

void FakeSocket::Shutdown() {
  const std::lock_guard<std::mutex> lock(world_.mutex_);
  end_.is_shut = true;
  if (!end_.peer->peer_close)
    end_.peer->peer_close = end_.close.value_or(quic_connection_close{});
  world_.changed_.notify_all();
}

int FakeSocket::SetSecret(const void *value, socklen_t size) {
  quic_crypto_secret secret = {};
  memcpy(&secret, value, std::min<size_t>(size, sizeof(secret)));
  if (secret.level == QUIC_CRYPTO_INITIAL || secret.level >= QUIC_CRYPTO_MAX)
    return -EINVAL;
  if (secret.level == QUIC_CRYPTO_EARLY && end_.refuse_early_key)
    return -EINVAL;
  auto &slot = (secret.send != 0 ? end_.send_keys : end_.receive_keys)[secret.level];
  if (slot)
    return -EINVAL;
  slot = secret;
  end_.journal.push_back(std::string("key ") + (secret.send != 0 ? "tx " : "rx ") +
                         std::to_string(secret.level));
  return 0;
}

int FakeSocket::SetEarly(const void *value, socklen_t size) {
  quic_early early = {};
  memcpy(&early, value, std::min<size_t>(size, sizeof(early)));
  if (early.op == QUIC_EARLY_OP_REGISTER) {
    if (!end_.is_server || early.lifetime_ms == 0 || world_.seen == nullptr)
      return -EINVAL;
    return world_.seen->insert(Buffer(std::begin(early.id), std::end(early.id))).second ? 0
                                                                                        : -EEXIST;
  }
  if (end_.is_server || !end_.send_keys[QUIC_CRYPTO_EARLY] || end_.early_verdict)
    return -EINVAL;
  end_.early_verdict = early.op;
  end_.journal.emplace_back("early");
  return 0;
}

int FakeSocket::SetOption(int name, const void *value, socklen_t size) {
  const std::lock_guard<std::mutex> lock(world_.mutex_);
  if (const auto error = end_.set_errors.find(name); error != end_.set_errors.end())
    return error->second;
  const auto *bytes = static_cast<const uint8_t *>(value);
  switch (name) {
    case QUIC_SOCKOPT_CRYPTO_SECRET:
      return SetSecret(value, size);
    case QUIC_SOCKOPT_EARLY_DATA:
      return SetEarly(value, size);
    case QUIC_SOCKOPT_TRANSPORT_PARAM_EXT:
      end_.peer_parameters.assign(bytes, bytes + size);
      end_.version = end_.becomes != 0 ? end_.becomes : end_.version;
      end_.journal.emplace_back("parameters");
      return 0;
    case QUIC_SOCKOPT_ALPN:
      end_.alpn.assign(bytes, bytes + size);
      end_.journal.emplace_back("alpn");
      return 0;
    case QUIC_SOCKOPT_CONNECTION_CLOSE:
      end_.close.emplace();
      memcpy(&*end_.close, value, std::min<size_t>(size, sizeof(*end_.close)));
      return 0;
    default:
      return -ENOPROTOOPT;
  }
}

int FakeSocket::GetOption(int name, void *value, socklen_t *size) {
  const std::lock_guard<std::mutex> lock(world_.mutex_);
  if (const auto error = end_.get_errors.find(name); error != end_.get_errors.end())
    return error->second;
  switch (name) {
    case QUIC_SOCKOPT_TOKEN:
      return end_.is_server ? -EINVAL : Copy("", 0, value, size);
    case QUIC_SOCKOPT_CONFIG: {
      quic_config config = {};
      config.version = end_.version;
      return Copy(&config, sizeof(config), value, size);
    }
    case QUIC_SOCKOPT_TRANSPORT_PARAM:
      return Copy(&end_.own_limits, sizeof(end_.own_limits), value, size);
    case QUIC_SOCKOPT_TRANSPORT_PARAM_EXT:
      end_.is_stale = false;
      return Copy(end_.parameters.data(), end_.parameters.size(), value, size);
    case QUIC_SOCKOPT_SESSION_TICKET:
      return Copy(end_.ticket.data(), end_.ticket.size(), value, size);
    case QUIC_SOCKOPT_CONNECTION_CLOSE: {
      const quic_connection_close close =
          end_.peer_close ? *end_.peer_close : end_.close.value_or(quic_connection_close{});
      return Copy(&close, sizeof(close), value, size);
    }
    default:
      return -ENOPROTOOPT;
  }
}

ssize_t FakeSocket::Send(const msghdr *msg, int flags) {
  const std::lock_guard<std::mutex> lock(world_.mutex_);
  if (end_.is_shut || end_.peer_close)
    return -EPIPE;
  if (end_.is_stale)
    return -EPROTONOSUPPORT;
  const cmsghdr *const cmsg = CMSG_FIRSTHDR(msg);
  if (cmsg == nullptr || cmsg->cmsg_level != SOL_QUIC || cmsg->cmsg_type != QUIC_HANDSHAKE_INFO ||
      (flags & MSG_NOSIGNAL) == 0)
    return -EINVAL;
  Chunk chunk;
  memcpy(&chunk.level, CMSG_DATA(cmsg), 1);
  if (chunk.level != QUIC_CRYPTO_INITIAL && !end_.send_keys[chunk.level])
    return -EINVAL;
  const auto *data = static_cast<const uint8_t *>(msg->msg_iov->iov_base);
  chunk.bytes.assign(data, data + msg->msg_iov->iov_len);
  if (chunk.level != QUIC_CRYPTO_INITIAL)
    chunk.secret = SecretOf(end_.send_keys[chunk.level]);
  end_.journal.push_back("send " + std::to_string(chunk.level));
  end_.corked.push_back(std::move(chunk));
  if ((flags & MSG_MORE) == 0)
    Flush();
  return static_cast<ssize_t>(msg->msg_iov->iov_len);
}

void FakeSocket::Flush() {
  if (end_.refused_hellos > 0) {
    end_.refused_hellos--;
    end_.is_stale = true;
    end_.corked.clear();
    return;
  }
  for (Chunk &chunk : end_.corked) {
    if (end_.is_mute)
      continue;
    // A client's kernel keeps tickets for itself.
    if (chunk.level == QUIC_CRYPTO_APP && chunk.bytes.front() == kNewSessionTicket)
      end_.peer->ticket = chunk.bytes;
    else
      end_.peer->inbox.push_back(std::move(chunk));
  }
  end_.corked.clear();
  world_.changed_.notify_all();
}

ssize_t FakeSocket::ReceiveEarlyData(msghdr *msg, int flags) {
  const quic_stream_info info = {};
  const size_t size = std::min(end_.early_data.size(), msg->msg_iov->iov_len);
  memcpy(msg->msg_iov->iov_base, end_.early_data.data(), size);
  cmsghdr *const cmsg = CMSG_FIRSTHDR(msg);
  cmsg->cmsg_level = SOL_QUIC;
  cmsg->cmsg_type = QUIC_STREAM_INFO;
  cmsg->cmsg_len = CMSG_LEN(sizeof(info));
  memcpy(CMSG_DATA(cmsg), &info, sizeof(info));
  msg->msg_controllen = CMSG_SPACE(sizeof(info));
  msg->msg_flags = 0;
  if ((flags & MSG_PEEK) == 0)
    end_.early_data.clear();
  return static_cast<ssize_t>(size);
}

ssize_t FakeSocket::Receive(msghdr *msg, int flags) {
  const std::lock_guard<std::mutex> lock(world_.mutex_);
  const auto chunk = FirstReadable(&end_);
  if (chunk == end_.inbox.end() && HasEarlyData(end_))
    return ReceiveEarlyData(msg, flags);
  if (chunk == end_.inbox.end() && end_.is_stale)
    return -EPROTONOSUPPORT;
  if (chunk == end_.inbox.end())
    return end_.is_shut || end_.peer_close ? -ENOTCONN : -EAGAIN;
  if ((flags & MSG_DONTWAIT) == 0)
    return -EINVAL;
  if (chunk->level != QUIC_CRYPTO_INITIAL && !chunk->secret.empty() &&
      chunk->secret != SecretOf(end_.receive_keys[chunk->level]))
    end_.saw_wrong_secret = true;
  const size_t size = std::min({chunk->bytes.size(), msg->msg_iov->iov_len, end_.deliver_bytes});
  memcpy(msg->msg_iov->iov_base, chunk->bytes.data(), size);
  cmsghdr *const cmsg = CMSG_FIRSTHDR(msg);
  cmsg->cmsg_level = SOL_QUIC;
  cmsg->cmsg_type = QUIC_HANDSHAKE_INFO;
  cmsg->cmsg_len = CMSG_LEN(1);
  memcpy(CMSG_DATA(cmsg), &chunk->level, 1);
  msg->msg_controllen = CMSG_SPACE(1);
  msg->msg_flags = size == chunk->bytes.size() ? MSG_EOR : 0;
  if ((flags & MSG_PEEK) != 0)
    return static_cast<ssize_t>(size);
  chunk->bytes.erase(chunk->bytes.begin(), chunk->bytes.begin() + static_cast<ptrdiff_t>(size));
  if (chunk->bytes.empty())
    end_.inbox.erase(chunk);
  return static_cast<ssize_t>(size);
}

void Inject(Endpoint *endpoint, uint8_t level, Buffer bytes) {
  endpoint->inbox.push_back({level, std::move(bytes), {}});
}

}  // namespace quic::test
